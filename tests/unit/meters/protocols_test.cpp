#include "meters/protocols.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace meterrig {
namespace {

using nlohmann::json;

struct Published {
  std::string id, protocol, hex, verdict;
};

// All published frames of all protocols; modbus.json names the protocol of each.
std::vector<Published> published() {
  std::vector<Published> all;
  for (const char* name : {"cjt188", "dlt645", "mbus", "modbus"}) {
    std::ifstream file(std::string(METERRIG_SOURCE_DIR "/tests/data/telegrams/") + name + ".json");
    const json document = json::parse(file);
    for (const json& frame : document.is_array() ? document : document.at("frames")) {
      std::string protocol = name;
      if (protocol == "modbus") protocol = frame.at("protocol") == "Modbus-TCP" ? "modbus-tcp" : "modbus-rtu";
      all.push_back({frame.at("id"), protocol, frame.at("hex"), frame.at("verdict")});
    }
  }
  return all;
}

TEST(Protocols, AreToldApartByTheirBytes) {
  ASSERT_GE(published().size(), 80U);
  for (const Published& frame : published()) {
    if (frame.verdict != "accept") continue;
    const auto telegrams = telegrams_in(bytes_from_hex(frame.hex));
    ASSERT_FALSE(telegrams.empty()) << frame.id;
    EXPECT_EQ(telegrams.front().protocol, frame.protocol) << frame.id;
    EXPECT_TRUE(telegrams.front().valid) << frame.id << ": " << telegrams.front().explanation;
  }
}

TEST(Protocols, ABadFrameIsExplainedByTheProtocolWhoseMarksItHas) {
  auto bytes = bytes_from_hex("FEFEFEFE68AAAAAAAAAAAAAAAA0303810A004916");
  bytes[bytes.size() - 2] ^= 0x01;
  const auto telegrams = telegrams_in(bytes);
  ASSERT_EQ(telegrams.size(), 1U);
  EXPECT_EQ(telegrams[0].protocol, "cjt188");
  EXPECT_EQ(telegrams[0].error, "bad_checksum");
  EXPECT_NE(telegrams[0].explanation.find("49"), std::string::npos) << telegrams[0].explanation;
}

TEST(Protocols, AnyBytesGiveATelegramAndRangesInside) {
  std::uint32_t state = 12345;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> bytes(1 + state % 60);
    for (auto& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<std::uint8_t>(state >> 24);
      if (state % 5 == 0) byte = 0x68;
    }
    const auto telegrams = telegrams_in(bytes);
    ASSERT_FALSE(telegrams.empty());
    for (const Telegram& telegram : telegrams)
      for (const ByteRange& range : telegram.bytes) ASSERT_LE(range.to, bytes.size());
  }
}

Telegram dlt645_reply(const std::string& identifier) {
  Telegram telegram;
  telegram.protocol = "dlt645";
  telegram.address = "000000000001";
  telegram.control = "91";
  telegram.data_identifier = identifier;
  return telegram;
}

// The bytes that the ranges of a telegram cover.
std::vector<std::uint8_t> covered(const Telegram& telegram, const std::vector<std::uint8_t>& input) {
  return {input.begin() + static_cast<std::ptrdiff_t>(telegram.bytes.front().from),
          input.begin() + static_cast<std::ptrdiff_t>(telegram.bytes.back().to)};
}

std::string text_of(const Telegram& telegram) {
  std::string text = telegram.address + " " + telegram.control;
  for (const TelegramItem& item : telegram.items) text += "; " + item.name + " " + item.value + " " + item.unit;
  return text;
}

// Frames without departures come back byte by byte. Items of M-Bus don't say how their meter coded its numbers: there
// the frame that is made says the same.
TEST(Protocols, PublishedFramesAreEncodedAgain) {
  unsigned same = 0, said = 0;
  for (const Published& frame : published()) {
    const auto bytes = bytes_from_hex(frame.hex);
    for (const Telegram& telegram : telegrams_in(bytes, frame.protocol)) {
      if (!telegram.valid || !telegram.departures.empty()) continue;
      SCOPED_TRACE(frame.id);
      try {
        const auto again = bytes_of(telegram);
        if (again == covered(telegram, bytes)) {
          ++same;
          continue;
        }
        EXPECT_EQ(frame.protocol, "mbus") << to_hex(again);
        EXPECT_EQ(text_of(telegrams_in(again).front()), text_of(telegram));
        ++said;
      } catch (const EncodeError& refused) {
        ADD_FAILURE() << refused.what();
      }
    }
  }
  EXPECT_GE(same, 37U);
  EXPECT_GE(said, 2U);
}

TEST(Protocols, WhatCanNotBeEncodedIsNamed) {
  const auto fault = [](Telegram telegram) -> std::string {
    try {
      bytes_of(telegram);
      return "";
    } catch (const EncodeError& refused) {
      return fmt::format("{}: {}", name_of(refused.fault()), refused.what());
    }
  };
  Telegram clock;
  clock.protocol = "cjt188";
  clock.meter_type = "10";
  clock.address = "00000012345678";
  clock.control = "04";
  clock.data_identifier = "A015";
  clock.sequence = 7;
  clock.items = {{"clock", "2026-11-21T08:00:00", ""}};
  EXPECT_EQ(to_hex(bytes_of(clock)), "681078563412000000040AA0150700000821112620D616");
  Telegram other = clock;
  other.items[0].name = "clok";
  EXPECT_EQ(fault(other), "unknown_item: item \"clok\" is not known here; did you mean \"clock\"?");
  other.items.clear();
  EXPECT_EQ(fault(other), "missing_item: item \"clock\" is missing");
  other = clock;
  other.items[0].value = "2026-11-21T24:00:00";
  EXPECT_EQ(fault(other), "out_of_range: \"clock\" \"2026-11-21T24:00:00\" is no time that a clock shows");
  other = clock;
  other.status = {"battery_low"};
  EXPECT_EQ(fault(other), "unknown_item: status \"battery_low\" has no place in this frame");
  other = clock;
  other.protocol = "cjt18";
  EXPECT_EQ(fault(other), "not_encodable: protocol \"cjt18\" is not known; did you mean \"cjt188\"?");
  other = clock;
  other.control = "4";
  EXPECT_EQ(fault(other), "bad_value: \"control\" \"4\" is not in pairs of hexadecimal digits");
  other = clock;
  other.address.clear();
  EXPECT_EQ(fault(other), "missing_item: \"address\" has no value");
}

// What a protocol's own encoder refuses without naming an item.
TEST(Protocols, FramesThatCanNotBeAreNotEncodable) {
  const auto fault = [](const Telegram& telegram) -> std::string {
    try {
      bytes_of(telegram);
      return "";
    } catch (const EncodeError& refused) {
      return std::string(name_of(refused.fault()));
    }
  };
  Telegram mbus;
  mbus.protocol = "mbus";
  mbus.address = "05";
  mbus.control = "08";
  mbus.data_identifier = "78";
  mbus.items = {{"cumulative_volume_storage_2199023255551", "1", "m3"}};
  EXPECT_EQ(fault(mbus), "");
  mbus.items = {{"cumulative_volume_storage_2199023255552", "1", "m3"}};
  EXPECT_EQ(fault(mbus), "not_encodable");
  mbus.items.assign(50, {"cumulative_volume", "1", "m3"});
  EXPECT_EQ(fault(mbus), "not_encodable");
  mbus.items.clear();
  mbus.data_identifier = "52";
  mbus.address = "123456780000000x";
  EXPECT_EQ(fault(mbus), "not_encodable");
  Telegram unknown = dlt645_reply("00010000");
  unknown.control = "9F";
  EXPECT_EQ(fault(unknown), "not_encodable");
}

// Half of a freeze record's powers would be read as the other half.
TEST(Protocols, ItemsThatWouldNotComeBackAreRefused) {
  Telegram frozen = dlt645_reply("05001001");
  for (const char* phase : {"", "_a", "_b", "_c"})
    frozen.items.push_back({std::string("timed_freeze_reactive_power") + phase, "1", "kvar"});
  EXPECT_THROW(bytes_of(frozen), EncodeError);
}

}  // namespace
}  // namespace meterrig
