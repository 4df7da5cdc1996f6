#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <regex>

#include "bench/instruments/ppk2.hpp"
#include "instruments/ppk2.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig {
namespace {

using bench::Ppk2Device;
using bench::ScriptedPath;

Profile ppk2_profile(bool spike_filter = false) {
  std::ifstream file(METERRIG_SOURCE_DIR "/config/instruments/nordic_ppk2.json");
  nlohmann::json document = nlohmann::json::parse(file);
  document["spike_filter"] = spike_filter;
  return Profile(std::move(document));
}

// In the form that a PPK2 gives them, as IRNAS' ppk2-api-python reads it.
const std::string captured =
    "Calibrated: 0\nR0: 1031.64\nR1: 101.65\nR2: 10.15\nR3: 0.94\nR4: 0.043\nGS0: 0.00\nGS1: 112.76\nGS2: 7.65\n"
    "GS3: 0.03\nGS4: 0.00\nGI0: 1.00\nGI1: 0.99\nGI2: 0.97\nGI3: 0.96\nGI4: 0.99\nO0: 110.77\nO1: 82.50\nO2: 88.27\n"
    "O3: 123.57\nO4: 1106.67\nVDD: 3000\nHW: 9173\nmode: 2\nS0: 0.000000048\nS1: 0.000000596\nS2: 0.000005281\n"
    "S3: 0.000062577\nS4: 0.002940743\nI0: -0.000000104\nI1: -0.000001443\nI2: -nan\nI3: -0.000152243\n"
    "I4: -0.005367300\nUG0: 1.00\nUG1: 1.00\nUG2: 1.00\nUG3: 1.00\nUG4: 1.00\nIA: 56\nEND\n";

TEST(Ppk2Metadata, AreReadInTheFormThatTheDeviceGives) {
  const Ppk2Calibration found = parse_ppk2_metadata(captured, "ppk");
  EXPECT_EQ(found.r[4], 0.043);
  EXPECT_EQ(found.gs[1], 112.76);
  EXPECT_EQ(found.o[4], 1106.67);
  EXPECT_EQ(found.s[0], 0.000000048);
  EXPECT_EQ(found.i[1], -0.000001443);
  EXPECT_EQ(found.i[2], 0) << "-nan keeps the default";
  EXPECT_EQ(found.vdd_mv, 3000);
  EXPECT_EQ(found.hardware, 9173);
  EXPECT_EQ(found.mode, 2);
  EXPECT_FALSE(found.calibrated);
  // The client's formula by hand: r = (4*500 - 82.5)*(1.8/163840)/101.65, r*(112.76 r + 0.99) + 0.000000596*3.3 -
  // 0.000001443.
  const double r = (2000 - 82.5) * (1.8 / 163840) / 101.65;
  EXPECT_NEAR(found.amperes(1, 2000, 3.3), r * (112.76 * r + 0.99) + 0.000000596 * 3.3 - 0.000001443, 1e-15);
}

TEST(Ppk2Metadata, AShuntOfZeroAndAForeignAnswerAreRefused) {
  EXPECT_EQ(parse_ppk2_metadata("R0: 0\nR1: 99.5\nEND\n", "ppk").r[0], 1031.64);
  EXPECT_EQ(parse_ppk2_metadata("R0: 0\r\nR1: 99.5\r\nEND\r\n", "ppk").r[1], 99.5);
  EXPECT_THROW(parse_ppk2_metadata("R0: 1000\nR1: 99.5\n", "ppk"), ProtocolError) << "no END";
  EXPECT_THROW(parse_ppk2_metadata("END\n", "ppk"), ProtocolError);
  EXPECT_THROW(parse_ppk2_metadata("", "ppk"), ProtocolError);
}

std::uint32_t word(std::uint32_t code, std::uint32_t range, std::uint32_t counter) {
  return code | range << 14 | (counter & 63u) << 18 | 0xA5000000u;
}

Bytes bytes_of(const std::vector<std::uint32_t>& words) {
  Bytes bytes;
  for (const std::uint32_t w : words)
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(w >> shift));
  return bytes;
}

using Decoded = std::vector<std::optional<double>>;

Decoded decoded(const Bytes& bytes, const std::vector<std::size_t>& cuts, bool filter = true) {
  Decoded all;
  Ppk2Decoder decoder(parse_ppk2_metadata(captured, "ppk"), 3.3, filter);
  std::size_t from = 0;
  for (std::size_t cut : cuts) {
    decoder.feed(std::span(bytes).subspan(from, cut - from), [&](auto value) { all.push_back(value); });
    from = cut;
  }
  decoder.feed(std::span(bytes).subspan(from), [&](auto value) { all.push_back(value); });
  return all;
}

TEST(Ppk2Decoder, TheCapturedCodeIsTenMicroamperes) {
  // Fed code 235 in range 0 with default calibration, ppk2-api-python read 10.0105 uA.
  Ppk2Decoder decoder({}, 3.3, false);
  double amperes = 0;
  decoder.feed(bytes_of({word(235, 0, 0)}), [&](auto value) { amperes = *value; });
  EXPECT_NEAR(amperes, 10.0105e-6, 1e-10);
}

TEST(Ppk2Decoder, AnyChunkingGivesTheSame) {
  std::mt19937 twister(7);
  const auto random = [&] { return static_cast<std::uint32_t>(twister()); };
  std::vector<std::uint32_t> words;
  std::uint32_t counter = 0;
  for (int i = 0; i < 3000; ++i) {
    if (random() % 97 == 0) counter += random() % 40;
    words.push_back(word(random() & 0x3fffu,
                         random() % 50 == 0 ? random() % 8 : (words.empty() ? 0 : words.back() >> 14 & 7u), counter++));
  }
  const Bytes bytes = bytes_of(words);
  const Decoded whole = decoded(bytes, {});
  EXPECT_GT(whole.size(), words.size()) << "the gaps are in it";
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < bytes.size(); at += random() % (trial < 5 ? 3 : 700)) cuts.push_back(at);
    ASSERT_EQ(decoded(bytes, cuts), whole);
  }
}

TEST(Ppk2Decoder, AGapIsAGap) {
  const Bytes bytes = bytes_of({word(100, 0, 62), word(100, 0, 63), word(100, 0, 0), word(100, 0, 4), word(100, 0, 5)});
  const Decoded all = decoded(bytes, {}, false);
  ASSERT_EQ(all.size(), 8u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].has_value(), i < 3 || i > 5) << i;
}

TEST(Ppk2Decoder, ASpikeAfterARangeChangeIsFiltered) {
  Ppk2Decoder raw({}, 3.3, false), filtered({}, 3.3, true);
  std::vector<std::uint32_t> words;
  for (std::uint32_t i = 0; i < 20; ++i)
    words.push_back(word(i < 10 ? 1000 : i == 10 ? 16000 : 500, i < 10 ? 0 : 1, i));
  std::vector<double> with, without;
  raw.feed(bytes_of(words), [&](auto value) { without.push_back(*value); });
  filtered.feed(bytes_of(words), [&](auto value) { with.push_back(*value); });
  EXPECT_EQ(with[9], without[9]);
  EXPECT_NEAR(with[10], 0.18 * without[10] + 0.82 * without[9], 1e-12);
  EXPECT_LT(with[10], 0.25 * without[10]);
  EXPECT_EQ(with[13], without[13]) << "three samples, no more";
  EXPECT_NE(with[12], without[12]);
}

// The driver on a virtual device in the microammeter path.
struct Profiler : testing::Test {
  VirtualClock clock;
  ScriptedPath path;
  Ppk2Device device{clock, path, bench::Path::k1_microammeter, "PPK-0001", 5};
  Profile profile = ppk2_profile();
  std::shared_ptr<Ppk2> ppk = std::make_shared<Ppk2>(
      clock, std::make_unique<MemoryLink>(clock, "link", device, LineTiming::lan()), profile, "ppk1");
  std::unique_ptr<CurrentMeter> meter = make_ppk2_meter(ppk, "microammeter");

  template <typename T>
  T now(Task<T> task) {
    return run(clock, std::move(task));
  }
};

TEST_F(Profiler, SaysWhoItIs) {
  EXPECT_EQ(now(ppk->identify()), "Nordic Semiconductor,PPK2,,HW 9173");
  EXPECT_EQ(ppk->calibration().gs[0], 0) << "not the default: read from the device";
}

TEST_F(Profiler, ReadsTheTrueCurrentInEveryRange) {
  // Tolerance: a tenth of a code of the range, after the mean over thousands of them.
  for (const auto& [amperes, code_a] :
       {std::pair{18e-6, 43e-9}, {200e-6, 0.43e-6}, {2e-3, 4.3e-6}, {12e-3, 47e-6}, {0.35, 1.02e-3}}) {
    path.k1.set(clock.now(), std::llround(amperes * 1e9));
    EXPECT_NEAR(now(meter->current()).value, amperes, 0.1 * code_a) << amperes;
  }
}

TEST_F(Profiler, ReadsNothingWhileItIsSwitchedOff) {
  path.k1.set(clock.now(), 18'000);
  now(meter->current());
  now(ppk->power(false));
  EXPECT_NEAR(now(ppk->mean(10ms)), 0, 1e-7);
  EXPECT_FALSE(device.device_on());
}

TEST_F(Profiler, KeepsWakeUpsInAWaveform) {
  for (int i = 0; i < 4; ++i) {
    path.k1.set(Instant{} + i * Duration{100ms} + 20ms, 12'000'000);
    path.k1.set(Instant{} + i * Duration{100ms} + 26ms, 18'000);
  }
  now(meter->start(1ms, 200));
  // What comes meanwhile is not lost.
  now(sleep_for(150ms));
  const Waveform waveform = now(meter->fetch(true));
  ASSERT_EQ(waveform.size(), 200u);
  EXPECT_EQ(bursts(waveform, 1e-3, 2ms).size(), 2u);
  EXPECT_NEAR(waveform.mean(), 18e-6 + 0.06 * (12e-3 - 18e-6), 2e-6);
}

TEST_F(Profiler, LostSamplesMakeNoMean) {
  path.k1.set(clock.now(), 18'000);
  now(meter->start(1ms, 100));
  now(sleep_for(15ms));
  device.lose(5);
  std::string said;
  try {
    now(meter->fetch(true));
  } catch (const NoReading& error) {
    said = error.what();
  }
  EXPECT_NE(said.find("lost 5 samples in 1 of 100 points"), std::string::npos) << said;
  now(meter->start(1ms, 100));
  EXPECT_EQ(now(meter->fetch(true)).size(), 100u) << "the next series is whole";
}

TEST_F(Profiler, RefusesWhatItCannotDo) {
  EXPECT_THROW(meter->expect_series(15us, 10), UserError);
  EXPECT_THROW(meter->expect_series(1ms, 7'000'000), UserError);
  EXPECT_THROW(now(ppk->use(Ppk2::Mode::source_meter, 6000)), UserError);
}

// Hears bytes; gives metadata in the captured form.
struct ScriptedPpk2 final : LinkPeer {
  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    for (const std::uint8_t byte : bytes) heard.push_back(byte);
    if (bytes.back() != 0x19) return;
    const std::string text = std::regex_replace(captured, std::regex("VDD: 3000"), "VDD: 3300");
    for (std::size_t i = 0; i < text.size(); i += 7)
      port.send({reinterpret_cast<const std::uint8_t*>(text.data()) + i, std::min<std::size_t>(7, text.size() - i)},
                {});
  }
  std::vector<int> heard;
};

// The bytes that ppk2-api-python sends for the same: 3.3 V as 0d 0c e4, source mode 11 02, power 0c 01.
TEST(Ppk2Conversation, IsThatOfTheKnownClient) {
  VirtualClock clock;
  ScriptedPpk2 peer;
  const Profile profile = ppk2_profile();
  Ppk2 ppk(clock, std::make_unique<MemoryLink>(clock, "link", peer, LineTiming::lan()), profile, "ppk1");
  run(clock, ppk.use(Ppk2::Mode::source_meter, 3300));
  run(clock, ppk.power(true));
  run(clock, sleep_for(1ms));
  const std::vector<int> said{0x11, 0x02, 0x0d, 0x0c, 0xe4, 0x07, 0x19, 0x0c, 0x01};
  EXPECT_EQ(peer.heard, said);
  EXPECT_THROW(run(clock, ppk.use(Ppk2::Mode::source_meter, 3000)), ReadBackError) << "it still says 3300";
}

}  // namespace
}  // namespace meterrig
