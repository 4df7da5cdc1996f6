#include "meters/dlt645.hpp"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>

namespace meterrig::dlt645 {
namespace {

const Address meter = address_from_hex("558890213594");

Telegram only(const Frame& frame) {
  auto telegrams = telegrams_in(encode(frame));
  EXPECT_EQ(telegrams.size(), 1u);
  return telegrams.front();
}

std::string value_of(const Telegram& telegram, std::string_view name) {
  for (const TelegramItem& item : telegram.items)
    if (item.name == name) return item.value;
  return "no item " + std::string(name);
}

void expect_no_gaps(const Telegram& telegram) {
  for (std::size_t i = 1; i < telegram.bytes.size(); ++i)
    EXPECT_EQ(telegram.bytes[i].from, telegram.bytes[i - 1].to) << telegram.bytes[i].is;
}

TEST(Dlt645, GoldenBytes) {
  EXPECT_EQ(to_hex(encode(read_request(meter, 0x00010000))), "FEFEFEFE68943521908855681104333334330916");
  EXPECT_EQ(to_hex(encode(relay_request(meter, Relay::close, {2, 0, 0}, {21, 7, 7, 18, 40, 2}), 0)),
            "689435219088556"
            "81C1035333333333333334F333573"
            "4B3A3A542A16");
  EXPECT_EQ(to_hex(encode(read_address_request(), 0)), "68AAAAAAAAAAAA681300DF16");
  EXPECT_EQ(to_hex(encode(broadcast_time({26, 11, 21, 8, 5, 59}), 0)),
            "68999999999999680806"
            "8C383B54445964"
            "16");
  EXPECT_EQ(to_hex(encode({meter, 0x91, {0xFF, 0xCC}}, 0)),
            "68943521908855689102"
            "32FFEB16");
}

TEST(Dlt645, RefusesWhatNoFrameHolds) {
  EXPECT_THROW(encode({meter, 0x11, Bytes(256)}), std::length_error);
  EXPECT_NO_THROW(encode({meter, 0x11, Bytes(255)}));
  EXPECT_THROW(address_from_hex("5588902135"), std::invalid_argument);
  EXPECT_THROW(address_from_hex("55889021359x"), std::invalid_argument);
}

TEST(Dlt645, ScansAcrossChunksPreamblesAndNoise) {
  const Frame request = read_request(address_from_hex("000000000068"), 0x02010100);  // A0 is a start byte too
  Scanner scanner;
  Bytes stream{0x68, 0x68, 0x11, 0x16, 0xFE, 0xFE};
  for (int i = 0; i < 2; ++i) {
    const Bytes frame = encode(request);
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  int found = 0;
  for (const std::uint8_t byte : stream) {
    scanner.feed(std::span(&byte, 1));
    while (const auto got = scanner.next()) {
      EXPECT_EQ(*got, request);
      ++found;
    }
  }
  EXPECT_EQ(found, 2);
}

TEST(Dlt645, AStartInNoiseDoesNotHoldUpTheFrameBehindIt) {
  Bytes stream{0x68, 1, 2, 3, 4, 5, 6, 0x68, 0x91, 0xFF};  // 257 more bytes would have to come
  const Bytes frame = encode(read_request(meter, 0x02010100));
  stream.insert(stream.end(), frame.begin(), frame.end());
  Scanner scanner;
  scanner.feed(stream);
  EXPECT_EQ(scanner.next(), read_request(meter, 0x02010100));
}

TEST(Dlt645, CountsWhatItDrops) {
  Bytes bad_sum = encode(read_request(meter, 0x02010100), 0), bad_end = bad_sum;
  bad_sum[11] ^= 1;
  bad_end.back() = 0x17;
  Scanner scanner;
  scanner.feed(bad_sum);
  scanner.feed(bad_end);
  EXPECT_FALSE(scanner.next());
  EXPECT_EQ(scanner.bad_checksums(), 1u);
  EXPECT_EQ(scanner.bad_formats(), 1u);
  scanner.clear();
  EXPECT_EQ(scanner.bad_formats(), 0u);
}

TEST(Dlt645, AnySplitFindsTheSameFrames) {
  std::mt19937 random(645);
  for (int round = 0; round < 300; ++round) {
    std::vector<Frame> sent;
    Bytes stream;
    for (int i = 0; i < 3; ++i) {
      Frame frame{meter, static_cast<std::uint8_t>(random()), Bytes(random() % 60)};
      for (auto& byte : frame.data) byte = static_cast<std::uint8_t>(random() % 0x30);  // no start byte on the line
      const Bytes bytes = encode(frame, static_cast<int>(random() % 5));
      stream.insert(stream.end(), bytes.begin(), bytes.end());
      sent.push_back(std::move(frame));
    }
    std::vector<Frame> got;
    Scanner scanner;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t count = std::min<std::size_t>(1 + random() % 20, stream.size() - at);
      scanner.feed(std::span(stream).subspan(at, count));
      while (auto frame = scanner.next()) got.push_back(*frame);
      at += count;
    }
    EXPECT_EQ(got, sent);
    EXPECT_EQ(telegrams_in(stream).size(), sent.size());
  }
}

// Whatever the bytes, there is an answer, and what it says about them holds together.
TEST(Dlt645, GarbageIsAResult) {
  static constexpr std::uint8_t likely[]{0x68, 0x68, 0x68, 0xFE, 0x16, 0x00, 0x33, 0x91, 0x11, 0x04, 0x99, 0xFF};
  std::mt19937 random(7);
  Scanner scanner;
  for (int round = 0; round < 4000; ++round) {
    Bytes bytes(random() % 80);
    for (auto& byte : bytes)
      byte = random() % 2 ? likely[random() % std::size(likely)] : static_cast<std::uint8_t>(random());
    const auto telegrams = telegrams_in(bytes);
    ASSERT_FALSE(telegrams.empty());
    for (const Telegram& telegram : telegrams) {
      EXPECT_EQ(telegram.valid, telegram.error.empty());
      EXPECT_EQ(telegram.valid, telegram.explanation.empty());
      expect_no_gaps(telegram);
      EXPECT_LE(telegram.bytes.empty() ? 0 : telegram.bytes.back().to, bytes.size());
    }
    scanner.feed(bytes);
    while (scanner.next()) {
    }
  }
}

// Sound frames with any content: decoded without a fault, and every byte of them accounted for.
TEST(Dlt645, AnyDataFieldIsCoveredWithoutGaps) {
  static constexpr std::uint8_t codes[]{0x03, 0x08, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
                                        0x1A, 0x1B, 0x1C, 0x1D, 0x01, 0x02, 0x04, 0x0A, 0x0C, 0x0F, 0x10};
  static constexpr std::uint8_t flags[]{0x00, 0x80, 0xA0, 0xC0, 0x40};
  static constexpr std::uint8_t likely[]{0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x10, 0x30, 0xFF, 0xAA, 0xE0, 0x90, 0xB6};
  std::mt19937 random(2007);
  for (int round = 0; round < 20000; ++round) {
    Frame frame{meter, 0, Bytes(random() % (round % 10 == 0 ? 256 : 40))};
    frame.control = static_cast<std::uint8_t>(codes[random() % std::size(codes)] | flags[random() % std::size(flags)]);
    for (auto& byte : frame.data)
      byte = random() % 3 ? likely[random() % std::size(likely)] : static_cast<std::uint8_t>(random());
    const Bytes bytes = encode(frame, 2);
    const auto telegrams = telegrams_in(bytes);
    ASSERT_EQ(telegrams.size(), 1u) << to_hex(bytes);
    const Telegram& telegram = telegrams.front();
    EXPECT_EQ(telegram.bytes.front().from, 0u);
    EXPECT_EQ(telegram.bytes.back().to, bytes.size()) << to_hex(bytes);
    EXPECT_EQ(telegram.bytes.back().is, "end");
    expect_no_gaps(telegram);
    EXPECT_EQ(telegram.address, "558890213594");
  }
}

struct Range {
  std::uint32_t identifier;
  std::int64_t least, most;
  int decimals;
  std::string_view name, unit;
};

TEST(Dlt645, EncodedValuesComeBack) {
  static constexpr Range ranges[]{
      {0x00000000, -79999999, 79999999, 2, "combined_active_energy", "kW.h"},
      {0x00010000, 0, 99999999, 2, "forward_active_energy", "kW.h"},
      {0x00040C02, -79999999, 79999999, 2, "combined_reactive_2_energy_tariff_12_settlement_2", "kvar.h"},
      {0x02010100, 0, 9999, 1, "voltage_a", "V"},
      {0x02020300, -799999, 799999, 3, "current_c", "A"},
      {0x02030000, -799999, 799999, 4, "active_power", "kW"},
      {0x02060200, -7999, 7999, 3, "power_factor_b", ""},
      {0x02800002, 0, 9999, 2, "frequency", "Hz"},
      {0x02800007, -7999, 7999, 1, "temperature", "Cel"}};
  std::mt19937_64 random(3);
  for (const Range& range : ranges) {
    const auto width = static_cast<std::uint64_t>(range.most - range.least + 1);
    for (int round = 0; round < 400; ++round) {
      std::int64_t digits = range.least + static_cast<std::int64_t>(random() % width);
      if (round == 0) digits = range.least;
      if (round == 1) digits = range.most;
      const std::string value = decimal_text(digits, range.decimals);
      Frame reply = read_request(meter, range.identifier);
      reply.control = 0x91;
      const Bytes content = encode_value(range.identifier, value);
      reply.data.insert(reply.data.end(), content.begin(), content.end());
      const Telegram telegram = only(reply);
      ASSERT_TRUE(telegram.valid) << telegram.explanation;
      ASSERT_EQ(telegram.items.size(), 1u);
      EXPECT_EQ(telegram.items[0].name, range.name);
      EXPECT_EQ(telegram.items[0].value, value);
      EXPECT_EQ(telegram.items[0].unit, range.unit);
      EXPECT_TRUE(telegram.departures.empty());
    }
  }
}

TEST(Dlt645, RefusesValuesThatDontFit) {
  EXPECT_EQ(to_hex(encode_value(0x02010100, "224.8")), "4822");
  EXPECT_EQ(to_hex(encode_value(0x04000401, "042209026460")), "606402092204");
  for (const char* wrong : {"", "-1", "1000.0", "1.23", "1.x", "."})
    EXPECT_THROW(encode_value(0x02010100, wrong), std::invalid_argument) << wrong;
  EXPECT_THROW(encode_value(0x02020100, "800.000"), std::invalid_argument);
  EXPECT_THROW(encode_value(0x0201FF00, "1"), std::invalid_argument);
  EXPECT_THROW(encode_value(0x01010000, "1"), std::invalid_argument);
  EXPECT_THROW(encode_value(0x09999999, "1"), std::invalid_argument);
}

TEST(Dlt645, WritesCarryPasswordAndOperator) {
  const Bytes content = encode_value(0x04000103, "15");
  const Telegram telegram = only(write_request(meter, 0x04000103, {4, 123456, 0xA1B2C3D4}, content));
  ASSERT_TRUE(telegram.valid) << telegram.explanation;
  EXPECT_EQ(telegram.direction, "request");
  EXPECT_EQ(telegram.control, "14");
  EXPECT_EQ(telegram.data_identifier, "04000103");
  EXPECT_EQ(value_of(telegram, "password_level"), "04");
  EXPECT_EQ(value_of(telegram, "password"), "123456");
  EXPECT_EQ(value_of(telegram, "operator_code"), "A1B2C3D4");
  EXPECT_EQ(value_of(telegram, "demand_period"), "15");
}

TEST(Dlt645, RelayAndClockCommands) {
  const Telegram trip = only(relay_request(meter, Relay::trip, {2, 0, 7}, {26, 12, 31, 23, 59, 58}));
  EXPECT_EQ(value_of(trip, "relay_command"), "trip");
  EXPECT_EQ(value_of(trip, "deadline"), "2026-12-31T23:59:58");
  const Telegram clock = only(broadcast_time({26, 11, 21, 8, 5, 59}));
  EXPECT_EQ(clock.address, "999999999999");
  EXPECT_EQ(value_of(clock, "clock"), "2026-11-21T08:05:59");
  const Telegram next = only(read_next_request(meter, 0x03300001, 3));
  EXPECT_EQ(next.sequence, 3);
  EXPECT_EQ(next.data_identifier, "03300001");
}

}  // namespace
}  // namespace meterrig::dlt645
