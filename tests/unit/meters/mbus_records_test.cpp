#include "meters/mbus_records.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "core/exact_decimal.hpp"

namespace meterrig::mbus {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Strings = std::vector<std::string>;

Bytes little_endian(std::uint64_t value, std::size_t size) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
  return bytes;
}

struct Read {
  std::string hex, item, departures;
};

std::string said(const std::vector<TelegramItem>& items) {
  std::string text;
  for (const TelegramItem& item : items)
    text += (text.empty() ? "" : "; ") + item.name + "=" + item.value + (item.unit.empty() ? "" : " " + item.unit);
  return text;
}
std::string joined(const Strings& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

void expect(std::span<const Read> table) {
  for (const Read& row : table) {
    SCOPED_TRACE(row.hex);
    const Records records = records_in(bytes_from_hex(row.hex), 0);
    EXPECT_EQ(said(records.items), row.item);
    EXPECT_EQ(joined(records.departures), row.departures);
    EXPECT_EQ(records.error.empty(), row.departures.find("bad_record") == std::string::npos);
  }
}

TEST(MbusRecords, NumbersOfEveryCoding) {
  expect(std::vector<Read>{
      {"01 13 FF", "cumulative_volume=-0.001 m3", ""},
      {"02 13 00 80", "cumulative_volume=-32.768 m3", ""},
      {"03 13 FF FF 7F", "cumulative_volume=8388.607 m3", ""},
      {"04 13 1F 00 00 00", "cumulative_volume=0.031 m3", ""},
      {"06 13 FF FF FF FF FF FF", "cumulative_volume=-0.001 m3", ""},
      {"07 17 FF FF FF FF FF FF FF 7F", "cumulative_volume=92233720368547758070 m3", ""},
      {"07 10 00 00 00 00 00 00 00 80", "cumulative_volume=-9223372036854.775808 m3", ""},
      {"05 13 00 00 80 3F", "cumulative_volume=0.001 m3", ""},
      {"05 5B 33 33 66 43", "supply_temperature=230.2 Cel", ""},
      {"05 2F 00 00 00 3F", "power=5 kW", ""},
      {"05 2E 66 66 E6 BF", "power=-1.8 kW", ""},
      {"05 13 00 00 C0 7F", "cumulative_volume=", "not_a_number"},
      {"09 13 99", "cumulative_volume=0.099 m3", ""},
      {"0A 5A 14 01", "supply_temperature=11.4 Cel", ""},
      {"0B 3B 13 01 F0", "flow=-0.113 m3/h", ""},
      {"0C 78 85 51 15 11", "fabrication_number=11155185", ""},
      {"0E 06 56 34 12 90 78 56", "cumulative_energy=567890123456 kW.h", ""},
      {"0C 05 36 70 00 C0", "cumulative_energy=", "not_bcd"},
      {"0B 3A DD BD EB", "flow=", "error_value"},
      {"04 78 FF FF FF FF", "fabrication_number=4294967295", ""},
      {"00 13", "cumulative_volume=", ""},
      {"08 13", "cumulative_volume=", ""},
  });
}

TEST(MbusRecords, VariableLengths) {
  expect(std::vector<Read>{
      {"0D 78 03 43 42 41", "fabrication_number=ABC", ""},
      {"0D 78 02 FC 41", "fabrication_number=A\xC3\xBC", ""},
      {"0D 13 C2 34 12", "cumulative_volume=1.234 m3", ""},
      {"0D 13 D2 34 12", "cumulative_volume=-1.234 m3", ""},
      {"0D 78 E2 34 12", "fabrication_number=1234", ""},
      {"0D 78 C0", "fabrication_number=", ""},
      {"0D 78 CA 00", "fabrication_number=", "bad_record"},
      {"0D 78 F5", "fabrication_number=", "bad_record"},
      {"0D 78 04 00", "fabrication_number=", "bad_record"},
  });
}

TEST(MbusRecords, Dates) {
  expect(std::vector<Read>{
      {"02 6C 5F 1C", "date=2010-12-31", ""},
      {"02 6C FF FF", "date=", "invalid_date"},
      {"02 6C 5D 12", "date=", "invalid_date"},  // 29 February 2010
      {"02 6C 1D B2", "date=1988-02-29", ""},
      {"01 6C 01", "date=", "invalid_date"},
      {"04 6D 1A 0E CD 13", "clock=2014-03-13T14:26:00", ""},
      {"04 6D 1A 4E CD 13", "clock=2114-03-13T14:26:00", ""},
      {"04 6D 9A 0E CD 13", "clock=", "invalid_clock"},
      {"04 6D 3C 0E CD 13", "clock=", "invalid_clock"},
      {"06 6D 2D 1A 0E CD 13 00", "clock=2014-03-13T14:26:45", ""},
      {"03 6D 2D 1A 0E", "clock=14:26:45", ""},
      {"03 6D 2D 1A 18", "clock=", "invalid_clock"},
  });
}

TEST(MbusRecords, ValueInformation) {
  expect(std::vector<Read>{
      {"01 08 05", "cumulative_energy=0.000005 MJ", ""},
      {"01 24 05", "working_time=5 s", ""},
      {"01 27 05", "working_time=5 d", ""},
      {"01 FB 01 05", "cumulative_energy=5 MW.h", ""},
      {"01 FB 11 05", "cumulative_volume=5000 m3", ""},
      {"01 FD 48 05", "voltage=0.5 V", ""},
      {"01 FD 59 05", "current=0.005 A", ""},
      {"01 6F 05", "vif_6F=5", "unknown_vif"},
      {"01 FD 7F 05", "vif_FD7F=5", "unknown_vif"},
      {"01 7C 02 62 61 05", "ab=5", ""},
      {"01 7C 00 05", "plain_text=5", ""},
      {"01 93 3C 05", "cumulative_volume_reverse=0.005 m3", ""},
      {"01 93 7D 05", "cumulative_volume=5 m3", ""},
      {"01 93 70 05", "cumulative_volume=0.000000005 m3", ""},
      {"01 93 23 05", "cumulative_volume=0.005 m3/d", ""},
      {"01 93 15 05", "cumulative_volume=", "record_error_15"},
      {"01 93 39 05", "cumulative_volume_vife_39=0.005 m3", "unknown_vife"},
      {"01 FF 08 05", "manufacturer_specific_08=5", ""},
      {"81 10 13 05", "cumulative_volume_tariff_1=0.005 m3", ""},
      {"A1 40 13 05", "cumulative_volume_minimum_subunit_1=0.005 m3", ""},
      {"C1 01 13 05", "cumulative_volume_storage_3=0.005 m3", ""},
      {"2F 7F 01 13 05 2F", "cumulative_volume=0.005 m3", ""},
      {"0F 01 02", "manufacturer_data=0102", ""},
  });
  EXPECT_TRUE(records_in(bytes_from_hex("1F"), 0).more_follow);
  EXPECT_FALSE(records_in(bytes_from_hex("0F"), 0).more_follow);
}

TEST(MbusRecords, AnUnreadableRecordKeepsThoseBefore) {
  const std::string good = "cumulative_volume=0.005 m3; ";
  const std::string before = "01 13 05 ";
  expect(std::vector<Read>{
      {before + "3F 00", good + "bad_record=", "bad_record"},
      {before + "04", good + "bad_record=", "bad_record"},
      {before + "84", good + "bad_record=", "bad_record"},
      {before + "04 93", good + "cumulative_volume=", "bad_record"},
      {before + "04 13 00 00", good + "cumulative_volume=", "bad_record"},
      {before + "04 7C 05 41", good + "bad_record=", "bad_record"},
      {"81 80 80 80 80 80 80 80 80 80 00 13 05", "cumulative_volume=0.005 m3", ""},
      {"81 80 80 80 80 80 80 80 80 80 80 00 13 05 01 13 06", "cumulative_volume=; cumulative_volume=0.006 m3",
       "bad_record"},
      {"01 93 F6 F6 F6 F6 F6 F6 F6 F6 F6 76 05", "cumulative_volume=0.005 m3", ""},
      {"01 93 F6 F6 F6 F6 F6 F6 F6 F6 F6 F6 76 05", "cumulative_volume=", "bad_record"},
  });
  const Records cut = records_in(bytes_from_hex("01 13 05 04 13 00 00"), 100);
  EXPECT_EQ(cut.explanation, "byte 103: record of 4 bytes of data, 2 are left");
}

TEST(MbusRecords, WhatIsEncodedIsRead) {
  std::mt19937_64 random(3);
  constexpr std::array<std::pair<Coding, std::size_t>, 5> codings{
      {{Coding::int8, 1}, {Coding::int16, 2}, {Coding::int24, 3}, {Coding::int32, 4}, {Coding::int48, 6}}};
  for (int round = 0; round < 5000; ++round) {
    const auto [coding, size] = codings[random() % codings.size()];
    const std::int64_t range = std::int64_t{1} << (8 * size - 1);
    const std::int64_t value = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * range)) - range;
    const auto vif = static_cast<std::uint8_t>(0x10 + random() % 7);
    const RecordHead head{coding,
                          Function::maximum,
                          1 + random() % (1u << 30),
                          1 + static_cast<std::uint32_t>(random() % 64),
                          1 + static_cast<std::uint32_t>(random() % 64),
                          {vif}};
    const Bytes bytes = encode_record(head, little_endian(static_cast<std::uint64_t>(value), size));
    const Records records = records_in(bytes, 0);
    ASSERT_EQ(records.items.size(), 1u);
    EXPECT_EQ(records.error, "");
    EXPECT_EQ(records.items[0].value, decimal_text(value, 0x16 - vif));
    EXPECT_EQ(records.items[0].name, "cumulative_volume_maximum_tariff_" + std::to_string(head.tariff) + "_subunit_" +
                                         std::to_string(head.subunit) + "_storage_" + std::to_string(head.storage));
  }
  EXPECT_THROW(encode_record({Coding::int8, {}, std::uint64_t{1} << 41, 0, 0, {0x13}}, Bytes{1}),
               std::invalid_argument);
  EXPECT_THROW(encode_record({Coding::int8, {}, 0, 0, 1u << 10, {0x13}}, Bytes{1}), std::invalid_argument);
}

TEST(ExactDecimal, FloatsReadBackAsThemselves) {
  std::mt19937 random(754);
  for (int round = 0; round < 20000; ++round) {
    const auto bits = static_cast<std::uint32_t>(random());
    const auto text = float32_text(bits);
    const bool finite = (bits >> 23 & 0xFF) != 0xFF;
    ASSERT_EQ(text.has_value(), finite);
    if (!finite) continue;
    EXPECT_EQ(text->find('e'), std::string::npos);
    EXPECT_EQ(std::stod(*text) == 0.0 ? 0.0f : static_cast<float>(std::stod(*text)), std::bit_cast<float>(bits))
        << *text;
  }
  EXPECT_EQ(float32_text(0x43663333), "230.2");
  EXPECT_EQ(float32_text(0x80000000), "0");
  EXPECT_EQ(float32_text(0x3F800000, 3), "1000");
  EXPECT_EQ(float32_text(0x00000001), "0." + std::string(44, '0') + "1");
}

TEST(ExactDecimal, ScalingMovesThePoint) {
  EXPECT_EQ(scaled_text("-1234", -2), "-12.34");
  EXPECT_EQ(scaled_text("5", -3), "0.005");
  EXPECT_EQ(scaled_text("-5", 2), "-500");
  EXPECT_EQ(scaled_text("-0", -1), "0.0");
  EXPECT_EQ(scaled_text("0", 3), "0");
}

}  // namespace
}  // namespace meterrig::mbus
