#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "meters/mbus.hpp"
#include "tests/unit/bench/cjt_support.hpp"
#include "tests/unit/bench/dlt_support.hpp"

// Sound frames with nonsense in them: no meter of the desk may stumble over one.
namespace meterrig::bench {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Nonsense {
 public:
  std::uint8_t byte() { return static_cast<std::uint8_t>(engine_()); }
  template <class Words>
  auto one_of(const Words& words) {
    return words[engine_() % std::size(words)];
  }
  // Often digits, so that more than the first check is reached.
  Bytes bytes(std::size_t most) {
    Bytes out(engine_() % (most + 1));
    const bool digits = engine_() % 2 == 0;
    for (std::uint8_t& one : out) one = digits ? static_cast<std::uint8_t>(engine_() % 0x0A) : byte();
    return out;
  }

 private:
  std::mt19937 engine_{20261121};
};

constexpr int frames = 20'000;

// Without the time that a line takes.
struct Port final : LinkPeer::Port {
  std::size_t answers = 0;
  void send(std::span<const std::uint8_t>, Instant) override { ++answers; }
  void hang_up() override {}
};

TEST(NonsenseToTheDesk, CjtMeters) {
  for (const std::string kind : {"water", "heat"}) {
    CjtLine meter(R"({"name": "m", "address": "00110020260001", "security": "offered", "kind": ")" + kind + "\"}");
    meter.type = kind == "water" ? 0x10 : 0x20;
    constexpr std::array identifiers{0x901F, 0xD120, 0xD12C, 0x8102, 0x8105, 0x907F, 0xD400, 0xD40C, 0xA010, 0xA011,
                                     0xA013, 0xA014, 0xA015, 0xA016, 0xA017, 0xA101, 0xA107, 0x8106, 0x810A};
    constexpr std::array<std::uint8_t, 6> controls{0x01, 0x03, 0x04, 0x09, 0x16, 0x21};
    Nonsense nonsense;
    Port port;
    for (int i = 0; i < frames; ++i) {
      cjt188::Frame frame =
          meter.request(nonsense.one_of(controls), static_cast<unsigned>(nonsense.one_of(identifiers)));
      const Bytes content = nonsense.bytes(40);
      frame.data.insert(frame.data.end(), content.begin(), content.end());
      if (i % 7 == 0) frame.data = content;
      meter.meter.link->receive(port, cjt188::encode(frame));
    }
    EXPECT_GT(port.answers, frames / 2U);
    EXPECT_FALSE(meter.read(0x901F).empty());
  }
}

TEST(NonsenseToTheDesk, DltMeter) {
  DltLine meter(loaded_meter + "}");
  Nonsense nonsense;
  Port port;
  for (int i = 0; i < frames; ++i) {
    Bytes data = nonsense.bytes(30);
    // Identifiers that it has, and the password.
    constexpr std::array<std::uint8_t, 6> groups{0x00, 0x01, 0x02, 0x03, 0x04, 0x05};
    if (data.size() > 11 && i % 2 == 0) data[3] = nonsense.one_of(groups);
    if (data.size() > 11 && i % 3 == 0) std::fill_n(data.begin() + (i % 2 == 0 ? 4 : 0), 4, std::uint8_t{0});
    if (data.size() > 11 && i % 3 == 0) data[i % 2 == 0 ? 4 : 0] = 2;
    const auto control = static_cast<std::uint8_t>(nonsense.byte() & 0x1F);
    if (control == dlt645::control::write_address) continue;
    meter.meter.link->receive(port, dlt645::encode({meter.address, control, data}));
  }
  EXPECT_GT(port.answers, frames / 2U);
  EXPECT_FALSE(meter.read(0x00010000).empty());
}

TEST(NonsenseToTheDesk, MbusMeter) {
  DeskLine meter(R"({"name": "m", "kind": "heat-mbus", "address": "1234567856360104"})");
  Nonsense nonsense;
  Port port;
  for (int i = 0; i < frames; ++i) {
    constexpr std::array<std::uint8_t, 4> information{0x50, 0x51, 0x52, 0x72};
    constexpr std::array<std::uint8_t, 6> controls{0x40, 0x53, 0x73, 0x5A, 0x5B, 0x7B};
    mbus::Frame frame{nonsense.one_of(controls), std::uint8_t{0xFE}, nonsense.one_of(information), nonsense.bytes(20)};
    if (frame.data.size() > 2 && i % 2 == 0) {
      frame.data[0] = 0x04;
      frame.data[1] = 0x6D;
      frame.data.resize(6);
    }
    if (i % 5 == 0) frame = {frame.control, 0xFD, std::nullopt, {}};
    meter.meter.link->receive(port, mbus::encode(frame));
  }
  EXPECT_GT(port.answers, frames / 4U);
  EXPECT_FALSE(meter.ask(mbus::encode({0x40, 0xFE, {}, {}})).empty());
}

TEST(MastersOfTheDesk, DoNotGarbleEachOther) {
  DltLine meter(loaded_meter + "}");
  const Bytes request = dlt645::encode(dlt645::read_request(meter.address, 0x00010000));
  const auto halves = std::span(request);
  Port one, other;
  LinkPeer& peer = *meter.meter.link;
  peer.receive(one, halves.first(9));
  peer.receive(other, halves.first(14));
  peer.receive(one, halves.subspan(9));
  EXPECT_EQ(one.answers, 1U);
  EXPECT_EQ(other.answers, 0U);
  peer.receive(other, halves.subspan(14));
  EXPECT_EQ(other.answers, 1U);
}

}  // namespace
}  // namespace meterrig::bench
