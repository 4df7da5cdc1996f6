#include <bit>
#include <cmath>
#include <limits>

#include "instruments/sample_block.hpp"
#include "instruments/waveform.hpp"
#include "tests/unit/instruments/scpi_support.hpp"

namespace meterrig {
namespace {

std::string bytes(std::size_t count) {
  std::string text(count, '\0');
  for (std::size_t i = 0; i < count; ++i) text[i] = static_cast<char>(i * 7 + i / 256);  // line ends among them
  return text;
}
std::string definite(const std::string& payload) {
  const std::string length = std::to_string(payload.size());
  return "#" + std::to_string(length.size()) + length + payload;
}
std::string text_of(const Bytes& payload) { return {payload.begin(), payload.end()}; }

// Lengths about the chunks in which a session reads, and whole pieces of the sender.
TEST_F(Scpi, BlocksOfEveryLength) {
  for (const std::size_t length : {0, 1, 10, 4089, 4090, 4091, 4096, 8192, 16384, 65536, 100'000}) {
    for (const std::size_t piece : {0, 1024, 4096}) {
      peer.piece = piece;
      peer.answers["WAV?"] = {definite(bytes(length)) + (piece == 1024 ? "\r\n" : "\n")};
      EXPECT_EQ(text_of(run(clock, open().block("WAV?", 5s))), bytes(length)) << length << " in pieces of " << piece;
    }
  }
}

TEST_F(Scpi, AnIndefiniteBlockEndsWithItsMessage) {
  for (const std::size_t length : {0, 1, 2, 10, 4094, 4096, 16384, 100'000}) {
    for (const std::size_t piece : {0, 11, 4096}) {
      peer.piece = piece;
      peer.answers["READ?"] = {"#0" + bytes(length) + "\n"};
      EXPECT_EQ(text_of(run(clock, open().block("READ?", 60s))), bytes(length)) << length << " in pieces of " << piece;
    }
  }
  EXPECT_EQ(peer.connections, 8 * 3);
}

TEST_F(Scpi, AfterABlockComesTheNextAnswer) {
  peer.answers = {{"WAV?", {definite("ab\ncd") + "\n"}}, {"READ?", {"7\n", "#0ab\ncd\n", "8\n"}}};
  ScpiSession& dmm = open();
  EXPECT_EQ(text_of(run(clock, dmm.block("WAV?", 5s))), "ab\ncd");
  EXPECT_EQ(run(clock, dmm.number("READ?")), 7);
  EXPECT_EQ(text_of(run(clock, dmm.block("READ?", 5s))), "ab\ncd");
  EXPECT_EQ(run(clock, dmm.number("READ?")), 8);
  EXPECT_EQ(peer.connections, 1);
}

TEST_F(Scpi, APartialBlockSaysHowMuchCame) {
  peer.answers["WAV?"] = {definite(bytes(8000)).substr(0, 5006)};
  const auto partial = failure<TimeoutError>(open().block("WAV?", 3s));
  EXPECT_EQ(partial.exchange().got, "5000 of 8000 bytes");
  EXPECT_EQ(partial.exchange().after, Duration{3s});
}

TEST_F(Scpi, WhatIsNoBlock) {
  ScpiSession& dmm = open();
  for (const char* wrong : {"+1.5E+00\n", "#x12\n", "#2ab\n", "#9999999999\n", "#15helloworld\n"}) {
    peer.answers = {{"WAV?", {wrong}}, {"*IDN?", {"a,b,c,d\n"}}};
    failure<ProtocolError>(dmm.block("WAV?", 3s));
  }
}

TEST_F(Scpi, FloatsInTheOrderOfTheProfile) {
  const std::vector<float> sent{1.25e-5f, -3.0f, 0.0f, 9.9e37f, 1e-10f};
  for (const std::endian order : {std::endian::big, std::endian::little}) {
    std::string payload;
    for (const float value : sent) {
      const auto word = std::bit_cast<std::uint32_t>(value);
      for (int i = 0; i < 4; ++i)
        payload += static_cast<char>(word >> (order == std::endian::big ? 24 - 8 * i : 8 * i));
    }
    for (const std::string& block : {definite(payload), "#0" + payload}) {
      peer.piece = 3;
      peer.answers["WAV?"] = {block + "\n"};
      std::vector<float> values(99, 1.0f);
      run(clock, open().floats("WAV?", 5s, order, values));
      EXPECT_EQ(values, sent);
    }
  }
  peer.answers["WAV?"] = {"#17abcdefg\n"};
  std::vector<float> values;
  failure<ProtocolError>(open().floats("WAV?", 5s, std::endian::big, values));
}

TEST(Samples, AreRoundedToTheNearestCount) {
  std::vector<float> amperes{0.0f, 5e-5f, -5e-5f, 3.0f, -3.0f, 1.5e-10f, 2.5e-10f, -1.5e-10f, 4.9e-11f, 1e-30f, 1e5f};
  for (int i = 0; i < 2000; ++i) amperes.push_back(std::ldexp(1.0f + static_cast<float>(i) / 1999.0f, i % 50 - 40));
  std::vector<std::int64_t> counts(amperes.size());
  ASSERT_TRUE(counts_of(amperes, counts, Waveform::overload));
  for (std::size_t i = 0; i < amperes.size(); ++i)
    EXPECT_EQ(counts[i], std::llrint(static_cast<double>(amperes[i]) * 1e10)) << amperes[i];
}

TEST(Samples, OverloadsAreMarkedAndNonsenseIsTold) {
  const std::vector<float> over{
      9.9e37f, -9.9e37f, 9.91e37f, std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
      1e-3f};
  std::vector<std::int64_t> counts(over.size());
  ASSERT_TRUE(counts_of(over, counts, Waveform::overload));
  EXPECT_EQ(counts, (std::vector<std::int64_t>{Waveform::overload, Waveform::overload, Waveform::overload,
                                               Waveform::overload, Waveform::overload, 10'000'000}));
  const std::vector<float> nonsense{1e-3f, 3e5f};
  EXPECT_FALSE(counts_of(nonsense, std::span(counts).first(2), Waveform::overload));
}

TEST(Samples, SwappingTurnsEachByte) {
  for (std::size_t n = 0; n < 11; ++n) {
    std::vector<float> values(n);
    for (std::size_t i = 0; i < n; ++i)
      values[i] = std::bit_cast<float>(0x01020304u + 0x10101010u * static_cast<std::uint32_t>(i % 8));
    swap_bytes(values);
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_EQ(std::bit_cast<std::uint32_t>(values[i]), 0x04030201u + 0x10101010u * static_cast<std::uint32_t>(i % 8));
  }
}

}  // namespace
}  // namespace meterrig
