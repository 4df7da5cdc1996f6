#include "meters/cjt188_telegram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "meters/cjt188.hpp"
#include "meters/cjt188_items.hpp"

namespace meterrig::cjt188 {
namespace {

using Names = std::vector<std::string>;

constexpr Address address{0x24, 0x71, 0x07, 0x08, 0x00, 0x00, 0x00};

Bytes frame_of(std::uint8_t type, std::uint8_t control, const Bytes& data) {
  return encode({type, address, control, data}, 2);
}

Telegram only(std::span<const std::uint8_t> bytes) {
  auto telegrams = telegrams_in(bytes);
  EXPECT_EQ(telegrams.size(), 1u);
  return telegrams.front();
}

std::map<std::string, std::string> values(const Telegram& telegram) {
  std::map<std::string, std::string> found;
  for (const TelegramItem& item : telegram.items)
    found[item.name] = item.unit.empty() ? item.value : item.value + " " + item.unit;
  return found;
}

using Values = std::map<std::string, std::string>;

// From the first to the last byte of the frame, each byte in one range.
void expect_no_gaps(const Telegram& telegram) {
  ASSERT_FALSE(telegram.bytes.empty());
  for (std::size_t i = 1; i < telegram.bytes.size(); ++i) {
    EXPECT_EQ(telegram.bytes[i].from, telegram.bytes[i - 1].to) << telegram.bytes[i].is;
    EXPECT_LT(telegram.bytes[i].from, telegram.bytes[i].to) << telegram.bytes[i].is;
  }
}

const Bytes water_content{0x90, 0x1F, 0x07, 0x45, 0x23, 0x01, 0x00, 0x2C, 0x00, 0x23, 0x01,
                          0x00, 0x29, 0x05, 0x04, 0x03, 0x21, 0x11, 0x26, 0x20, 0x05, 0x80};

TEST(Cjt188Telegram, SaysWhatEachByteIs) {
  Bytes input{0xFF, 0x68};
  const Bytes frame = frame_of(0x10, 0x81, water_content);
  input.insert(input.end(), frame.begin(), frame.end());
  input.push_back(0x00);
  const Telegram telegram = only(input);
  EXPECT_TRUE(telegram.valid);
  EXPECT_EQ(telegram.protocol, "cjt188");
  EXPECT_EQ(telegram.direction, "response");
  EXPECT_EQ(telegram.address, "00000008077124");
  EXPECT_EQ(telegram.meter_type, "10");
  EXPECT_EQ(telegram.control, "81");
  EXPECT_EQ(telegram.data_identifier, "901F");
  EXPECT_EQ(telegram.sequence, 7);
  EXPECT_EQ(telegram.departures, Names{});
  EXPECT_EQ(telegram.status, (Names{"valve_closed", "battery_low", "vendor_status_15"}));
  EXPECT_EQ(values(telegram), (Values{{"cumulative_volume", "123.45 m3"},
                                      {"settlement_day_volume", "123.00 L"},
                                      {"clock", "2026-11-21T03:04:05"}}));
  std::string ranges;
  for (const ByteRange& range : telegram.bytes) ranges += range.is + " " + std::to_string(range.from) + ", ";
  EXPECT_EQ(ranges,
            "preamble 2, start 4, meter_type 5, address 6, control 13, length 14, data_identifier 15, sequence 17, "
            "cumulative_volume 18, unit 22, settlement_day_volume 23, unit 27, clock 28, status 35, checksum 37, "
            "end 38, ");
  EXPECT_EQ(telegram.bytes.back().to, 39u);
  expect_no_gaps(telegram);
}

TEST(Cjt188Telegram, TakesFramesOneAfterTheOther) {
  Bytes input = encode({0x20, wildcard_address, 0x01, {0x90, 0x1F, 0x01}}, 0);
  const Bytes reply = encode({0x25, address, 0xC1, {0x02, 0x04, 0x00}}, 0);
  input.insert(input.end(), reply.begin(), reply.end());
  const auto telegrams = telegrams_in(input);
  ASSERT_EQ(telegrams.size(), 2u);
  EXPECT_EQ(telegrams[0].departures, Names{});
  EXPECT_EQ(telegrams[0].address, "AAAAAAAAAAAAAA");
  EXPECT_EQ(telegrams[1].departures, (Names{"meter_type_changed", "sequence_not_echoed"}));
  EXPECT_EQ(telegrams[1].sequence, 2);
  EXPECT_EQ(telegrams[1].data_identifier, "");
  EXPECT_EQ(telegrams[1].status, (Names{"valve_open", "battery_low"}));
  expect_no_gaps(telegrams[1]);
}

TEST(Cjt188Telegram, AnotherMetersReplyIsNotHeldAgainstTheRequest) {
  Bytes input = encode({0x20, {0x01}, 0x01, {0x90, 0x1F, 0x01}}, 0);
  const Bytes reply = frame_of(0x25, 0xC1, {0x02, 0x04, 0x00});
  input.insert(input.end(), reply.begin(), reply.end());
  EXPECT_EQ(telegrams_in(input).at(1).departures, Names{});
}

TEST(Cjt188Telegram, NamesDepartures) {
  struct Case {
    Frame frame;
    int preamble;
    Names departures;
  };
  const Address half_wild{0xAA, 0xAA, 0xAA, 0xAA, 0x00, 0x11, 0x11}, odd{0x01, 0x00, 0x00, 0x00, 0xF1, 0xFF, 0xFF};
  const Case cases[] = {
      {{0x10, address, 0x01, {0x1F, 0x90, 0x01}}, 2, {"identifier_low_byte_first"}},
      {{0x10, address, 0x04, {0x17, 0xA0, 0x01, 0x55}}, 2, {"identifier_low_byte_first"}},
      {{0x10, address, 0x01, {0xD1, 0x20, 0x01}}, 2, {}},
      {{0x10, address, 0x01, {0x2B, 0xD1, 0x01}}, 2, {"identifier_low_byte_first"}},
      {{0x10, address, 0x01, {0x90, 0x1F, 0x01}}, 1, {"preamble_length"}},
      {{0x10, address, 0x01, {0x90, 0x1F, 0x01}}, 4, {}},
      {{0x10, address, 0x01, {0x90, 0x1F, 0x01}}, 300, {"preamble_length"}},
      {{0xAA, address, 0x01, {0x90, 0x1F, 0x01}}, 2, {"wildcard_meter_type"}},
      {{0x50, address, 0x01, {0x90, 0x1F, 0x01}}, 2, {"unknown_meter_type"}},
      {{0x10, half_wild, 0x01, {0x90, 0x1F, 0x01}}, 2, {"partial_wildcard_address"}},
      {{0x10, wildcard_address, 0x83, {0x81, 0x0A, 0x01}}, 2, {"wildcard_address_in_reply"}},
      {{0x10, odd, 0x01, {0x90, 0x1F, 0x01}}, 2, {"address_not_bcd"}},
      {{0x10, address, 0x1A, {0x9A, 0x4F, 0x01}}, 2, {"unknown_control", "unknown_identifier"}},
      {{0x10, address, 0x41, {0x90, 0x1F, 0x01}}, 2, {"unknown_control"}},
      {{0x50, address, 0x81, {0x90, 0x1F, 0x01, 0x55}}, 2, {"unknown_meter_type"}},
      {{0x10, address, 0x39, {0x90, 0x1F, 0x01}}, 2, {"vendor_control"}},
      {{0x10, address, 0x04, {0x90, 0x1F, 0x01}}, 2, {"control_of_other_identifier"}},
      {{0x10, address, 0x01, {}}, 2, {"no_data_identifier"}},
      {{0x10, address, 0x01, Bytes(0x65, 0x99)}, 2, {"over_length", "unknown_identifier"}},
      {{0x10, address, 0x04, Bytes(0x33, 0x99)}, 2, {"over_length", "unknown_identifier"}},
      {{0x10, address, 0x04, {0xA0, 0x17, 0x01, 0x56}}, 2, {"unknown_valve_command"}},
  };
  for (const Case& one : cases) {
    const Bytes bytes = encode(one.frame, one.preamble);
    SCOPED_TRACE(to_hex(bytes));
    const Telegram telegram = only(bytes);
    EXPECT_TRUE(telegram.valid) << telegram.explanation;
    EXPECT_EQ(telegram.departures, one.departures);
    expect_no_gaps(telegram);
  }
}

TEST(Cjt188Telegram, ExplainsWhatItRefuses) {
  const Bytes request = encode({0x10, address, 0x01, {0x90, 0x1F, 0x00}}, 0);  // checksum at 14, end at 15
  struct Case {
    std::string_view error, explanation;
    Bytes bytes;
  };
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    Bytes changed = request;
    changed.at(at) = byte;
    return changed;
  };
  Bytes too_long = with(10, 0x05);
  too_long[14] = static_cast<std::uint8_t>(too_long[14] + 2);
  Bytes one_short = with(10, 0x02);
  one_short[14] = static_cast<std::uint8_t>(one_short[14] - 1);
  one_short.push_back(0xFC);
  const Bytes cut(request.begin(), request.begin() + 12), header(request.begin(), request.begin() + 5);
  const Case cases[] = {
      {"bad_checksum", "byte 14: checksum 00, expected CF", with(14, 0x00)},
      {"bad_end", "byte 15: 17, expected the end byte 16", with(15, 0x17)},
      {"no_start", "byte 0: 69, expected the start byte 68", with(0, 0x69)},
      {"no_start", "byte 0: the bytes end, expected the start byte 68", {}},
      {"no_start", "byte 2: the bytes end, expected the start byte 68", {0xFE, 0xFE}},
      {"truncated", "byte 12: the bytes end after 12 of a frame, expected 16 by its length 03", cut},
      {"truncated", "byte 5: the bytes end after 5 of a header, expected 11", header},
      {"bad_length", "byte 10: length 05, expected 03, which checksum and end byte fit", too_long},
      {"bad_length", "byte 10: length 02, expected 03, which checksum and end byte fit", one_short},
      {"bad_length", "byte 10: length 97, expected at most 64; the bytes end 148 short of it", with(10, 0x97)},
      {"bad_length", "byte 12: 2 data bytes, expected at least 3", frame_of(0x10, 0x01, {0x90, 0x1F})},
      {"bad_length", "byte 12: an abnormal reply of 5 data bytes, expected 3",
       frame_of(0x10, 0xC1, {0x90, 0x1F, 0x00, 0x00, 0x00})},
      {"bad_record", "byte 16: 901F is followed by 1 bytes of content, expected 19",
       frame_of(0x10, 0x81, {0x90, 0x1F, 0x00, 0x55})},
      {"bad_record", "byte 16: A015 is followed by 1 bytes of content, expected 0",
       frame_of(0x10, 0x84, {0xA0, 0x15, 0x00, 0x55})},
      {"bad_record", "byte 16: 901F is followed by 1 bytes of content, expected 0",
       frame_of(0x10, 0x01, {0x90, 0x1F, 0x00, 0x55})},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.explanation);
    const Telegram telegram = only(one.bytes);
    EXPECT_FALSE(telegram.valid);
    EXPECT_EQ(telegram.error, one.error);
    EXPECT_EQ(telegram.explanation, one.explanation);
    if (!telegram.bytes.empty()) expect_no_gaps(telegram);
  }
}

TEST(Cjt188Telegram, AStartByteInNoiseDoesNotTakeTheBlame) {
  Bytes input{0x68, 0x00};
  Bytes bad = frame_of(0x10, 0x01, {0x90, 0x1F, 0x00});
  bad[bad.size() - 2] ^= 0xFF;
  input.insert(input.end(), bad.begin(), bad.end());
  const Telegram telegram = only(input);
  EXPECT_EQ(telegram.error, "bad_checksum");
  EXPECT_EQ(telegram.address, "00000008077124");
}

TEST(Cjt188Telegram, NoValueComesOutOfABadChecksum) {
  Bytes bytes = frame_of(0x10, 0x81, water_content);
  bytes[bytes.size() - 2] ^= 1;
  EXPECT_TRUE(only(bytes).items.empty());
}

// Whatever comes: no crash, ranges inside the input, and a frame in the middle is found.
TEST(Cjt188Telegram, NoBytesHurtIt) {
  std::mt19937 random(188);
  const Bytes frame = frame_of(0x10, 0x81, water_content);
  for (int round = 0; round < 4000; ++round) {
    Bytes bytes(random() % 90);
    for (auto& byte : bytes) byte = random() % 6 == 0 ? 0x68 : static_cast<std::uint8_t>(random());
    for (const Telegram& telegram : telegrams_in(bytes)) {
      EXPECT_NE(telegram.valid, !telegram.error.empty());
      for (const ByteRange& range : telegram.bytes) EXPECT_LE(range.to, bytes.size());
    }
    bytes.insert(bytes.end(), frame.begin(), frame.end());
    const Telegram last = telegrams_in(bytes).back();
    EXPECT_EQ(last.valid, true);
    EXPECT_EQ(last.address, "00000008077124");
  }
}

// Every cut and every single wrong byte of a frame: never the values of the frame as if nothing had happened.
TEST(Cjt188Telegram, EveryCutAndEveryWrongByteIsSeen) {
  const Bytes frame = encode({0x10, address, 0x81, water_content}, 0);
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const Telegram telegram = only(std::span(frame).first(size));
    EXPECT_FALSE(telegram.valid) << size;
    for (const ByteRange& range : telegram.bytes) EXPECT_LT(range.from, range.to) << size;
  }
  for (std::size_t at = 0; at < frame.size(); ++at) {
    for (unsigned flip = 1; flip < 256; ++flip) {
      Bytes wrong = frame;
      wrong[at] ^= static_cast<std::uint8_t>(flip);
      const Telegram telegram = only(wrong);
      EXPECT_FALSE(telegram.valid) << at << " " << flip;
      EXPECT_FALSE(telegram.explanation.empty()) << at;
    }
  }
}

}  // namespace
}  // namespace meterrig::cjt188
