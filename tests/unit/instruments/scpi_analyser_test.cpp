#include <fstream>

#include "instruments/scpi_drivers.hpp"
#include "tests/unit/instruments/scpi_support.hpp"

namespace meterrig {
namespace {

// A current analyser that answers what its driver asks; the waveform is what the test says.
struct Analyser : Scpi {
  Analyser() {
    std::ifstream file(METERRIG_SOURCE_DIR "/config/instruments/keysight_n6705c.json");
    profile.emplace(nlohmann::json::parse(file, nullptr, true, true));
    auto link = std::make_unique<MemoryLink>(clock, "virtual:analyser1", peer, LineTiming{});
    auto shared = std::make_shared<ScpiSession>(clock, std::move(link), scpi_options("analyser1", *profile));
    driver = make_scpi_analyser(shared, *profile, 1, "microammeter");
  }
  struct Device final : Listed {
    using Listed::Listed;
    void answer(Port& port, const std::string& line) override {
      if (line.ends_with("SYST:ERR?")) return send(port, no_errors);
      if (line.starts_with("SENS:SWE:TINT?")) return send(port, "+1.00000000E-03\n");
      Listed::answer(port, line);
    }
  };
  Task<Waveform> acquire() {
    co_await driver->start(1ms, 4);
    co_return co_await driver->fetch(false);
  }
  Device peer{clock};
  std::optional<Profile> profile;
  std::unique_ptr<CurrentMeter> driver;
};

const std::string fetch = "FETC:ARR:CURR? (@1)";
// 10 uA, -10 uA, 9.9E37 and 50 uA, big-endian.
const std::string samples("\x37\x27\xC5\xAC\xB7\x27\xC5\xAC\x7E\x94\xF5\x6A\x38\x51\xB7\x17", 16);

TEST_F(Analyser, ABlockBecomesWholeCounts) {
  peer.answers[fetch] = {"#216" + samples + "\n"};
  const Waveform waveform = run(clock, acquire());
  EXPECT_EQ(waveform.interval, Duration{1ms});
  EXPECT_EQ(waveform.counts, (std::vector<std::int64_t>{100'000, -100'000, Waveform::overload, 500'000}));
}

TEST_F(Analyser, APartialBlockIsATimeOutThatSaysHowFarItCame) {
  peer.answers[fetch] = {("#216" + samples).substr(0, 11), "#216" + samples + "\n"};
  peer.answers["*IDN?"] = {"Keysight Technologies,N6705C,MY1,E.02\n"};
  const auto partial = failure<TimeoutError>(acquire());
  EXPECT_EQ(partial.exchange().asked, fetch);
  EXPECT_EQ(partial.exchange().of, "analyser1");
  EXPECT_EQ(partial.exchange().got, "7 of 16 bytes");
  EXPECT_EQ(run(clock, acquire()).counts.back(), 500'000);
  EXPECT_EQ(peer.connections, 2);
}

TEST_F(Analyser, ABlockOfAnotherLengthIsNoWaveform) {
  for (const std::string& wrong : {"#212" + samples.substr(0, 12), "#215" + samples.substr(0, 15)}) {
    peer.answers[fetch] = {wrong + "\n"};
    peer.answers["*IDN?"] = {"Keysight Technologies,N6705C,MY1,E.02\n"};
    failure<ProtocolError>(acquire());
  }
}

TEST_F(Analyser, TheWrongByteOrderIsNoticed) {
  std::string swapped = samples;
  for (std::size_t i = 0; i < 16; i += 4) std::reverse(swapped.begin() + i, swapped.begin() + i + 4);
  peer.answers[fetch] = {"#216" + swapped + "\n"};
  const auto nonsense = failure<ProtocolError>(acquire());
  EXPECT_NE(std::string(nonsense.what()).find("byte order"), std::string::npos);
}

}  // namespace
}  // namespace meterrig
