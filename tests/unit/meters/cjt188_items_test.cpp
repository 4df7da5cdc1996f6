#include "meters/cjt188_items.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "meters/cjt188.hpp"
#include "meters/cjt188_telegram.hpp"

namespace meterrig::cjt188 {
namespace {

using Names = std::vector<std::string>;
using Values = std::map<std::string, std::string>;

Telegram read(std::uint8_t type, std::uint8_t control, Bytes data, const Bytes& content) {
  data.insert(data.end(), content.begin(), content.end());
  auto telegrams = telegrams_in(encode({type, {0x01}, control, data}));
  EXPECT_EQ(telegrams.size(), 1u);
  EXPECT_EQ(telegrams.front().error, "") << telegrams.front().explanation;
  return telegrams.front();
}

Values values(const Telegram& telegram) {
  Values found;
  for (const TelegramItem& item : telegram.items)
    found[item.name] = item.unit.empty() ? item.value : item.value + " " + item.unit;
  return found;
}

struct Case {
  std::uint8_t type, control;
  Bytes identifier;  // and SER
  std::string content;
  Values values;
  Names status, departures;
};

void expect(const Case& one) {
  SCOPED_TRACE(to_hex(one.identifier) + " " + one.content);
  const Telegram telegram = read(one.type, one.control, one.identifier, bytes_from_hex(one.content));
  EXPECT_TRUE(telegram.valid);
  EXPECT_EQ(values(telegram), one.values);
  EXPECT_EQ(telegram.status, one.status);
  EXPECT_EQ(telegram.departures, one.departures);
}

const std::string heat =
    "5604000005 2301000005 3412000017 7856341235 890700002C 502600 602601 373401 37472108061020 0000";
const Values heat_rest{{"power", "12.34 kW"},
                       {"flow", "1234.5678 m3/h"},
                       {"cumulative_volume", "7.89 m3"},
                       {"supply_temperature", "26.50 Cel"},
                       {"return_temperature", "126.60 Cel"},
                       {"working_time", "13437 h"},
                       {"clock", "2010-06-08T21:47:37"}};

TEST(Cjt188Items, CurrentDataByMeterType) {
  Values hot = heat_rest, cold = heat_rest;
  hot["settlement_day_heat"] = cold["settlement_day_cold"] = "4.56 kW.h";
  hot["cumulative_heat"] = cold["cumulative_cold"] = "1.23 kW.h";
  const std::string water = "452301002C 000000002C 05040321112620 0200";
  const Values volumes{
      {"cumulative_volume", "123.45 m3"}, {"settlement_day_volume", "0.00 m3"}, {"clock", "2026-11-21T03:04:05"}};
  expect({0x20, 0x81, {0x90, 0x1F, 0x01}, heat, hot, {"valve_open"}, {}});
  expect({0x25, 0x81, {0x90, 0x1F, 0x01}, heat, hot, {"valve_open"}, {}});
  expect({0x21, 0x81, {0x90, 0x1F, 0x01}, heat, cold, {"valve_open"}, {}});
  expect({0x10, 0x81, {0x90, 0x1F, 0x01}, water, volumes, {"valve_reserved"}, {}});
  expect({0x30, 0x81, {0x90, 0x1F, 0x01}, water, volumes, {"valve_reserved"}, {}});
  expect(
      {0x40,
       0x81,
       {0x90, 0x1F, 0x01},
       "4523010005 0000000005 05040321112620 0300",
       {{"cumulative_value", "123.45 kW.h"}, {"settlement_day_value", "0.00 kW.h"}, {"clock", "2026-11-21T03:04:05"}},
       {"valve_faulty"},
       {}});
}

TEST(Cjt188Items, EarlierValuesAndReadings) {
  const std::uint8_t r = 0x81;
  expect({0x10, r, {0xD1, 0x2B, 1}, "990000002C", {{"settlement_day_volume", "0.99 m3"}}, {}, {}});
  expect({0x20, r, {0xD1, 0x20, 1}, "9900000011", {{"settlement_day_heat", "0.99 GJ"}}, {}, {}});
  expect({0x21, r, {0xD1, 0x20, 1}, "9900000011", {{"settlement_day_cold", "0.99 GJ"}}, {}, {}});
  expect({0x10,
          r,
          {0x81, 0x02, 1},
          "500100 200000 751200 400000 000100",
          {{"price_1", "1.50"},
           {"step_volume_1", "20"},
           {"price_2", "12.75"},
           {"step_volume_2", "40"},
           {"price_3", "1.00"}},
          {},
          {}});
}

TEST(Cjt188Items, PurchasesDaysKeysAndAddresses) {
  expect({0x10, 0x81, {0x81, 0x03, 1}, "28", {{"settlement_day", "28"}}, {}, {}});
  expect({0x10, 0x81, {0x81, 0x04, 1}, "05", {{"reading_day", "5"}}, {}, {}});
  expect({0x10,
          0x81,
          {0x81, 0x05, 1},
          "07 00500000 00123400 99990100 0000",
          {{"purchase_sequence", "7"},
           {"purchased_money", "50.00"},
           {"total_purchased_money", "3412.00"},
           {"remaining_money", "199.99"}},
          {"valve_open"},
          {}});
  expect({0x10, 0x89, {0x81, 0x06, 1}, "03", {{"key_version", "3"}}, {}, {}});
  expect({0x10, 0x03, {0x81, 0x0A, 1}, "", {}, {}, {}});
  expect({0x10, 0x83, {0x81, 0x0A, 1}, "", {{"meter_address", "00000000000001"}}, {}, {}});
}

TEST(Cjt188Items, WritesAndTheirReplies) {
  expect({0x10,
          0x04,
          {0xA0, 0x10, 1},
          "500100 200000 751200 400000 000100 15",
          {{"price_1", "1.50"},
           {"step_volume_1", "20"},
           {"price_2", "12.75"},
           {"step_volume_2", "40"},
           {"price_3", "1.00"},
           {"price_start_day", "15"}},
          {},
          {}});
  expect({0x10, 0x84, {0xA0, 0x10, 1}, "0400", {}, {"valve_open", "battery_low"}, {}});
  expect({0x10, 0x04, {0xA0, 0x11, 1}, "15", {{"settlement_day", "15"}}, {}, {}});
  expect({0x10, 0x84, {0xA0, 0x11, 1}, "", {}, {}, {}});
  expect({0x10, 0x04, {0xA0, 0x12, 1}, "16", {{"reading_day", "16"}}, {}, {}});
  const Values bought{{"purchase_sequence", "2"}, {"purchased_money", "100.00"}};
  expect({0x10, 0x04, {0xA0, 0x13, 1}, "02 00000100", bought, {}, {}});
  expect({0x10, 0x84, {0xA0, 0x13, 1}, "02 00000100", bought, {}, {}});
  expect({0x10,
          0x04,
          {0xA0, 0x14, 1},
          "02 8888888888888888",
          {{"key_version", "2"}, {"key", "8888888888888888"}},
          {},
          {}});
  expect({0x10, 0x84, {0xA0, 0x14, 1}, "02", {{"key_version", "2"}}, {}, {}});
  expect({0x10, 0x04, {0xA0, 0x15, 1}, "59582328022420", {{"clock", "2024-02-28T23:58:59"}}, {}, {}});
  expect({0x10, 0x04, {0xA0, 0x17, 1}, "55", {{"valve_command", "valve_open"}}, {}, {}});
  expect({0x10, 0x04, {0xA0, 0x17, 1}, "99", {{"valve_command", "valve_close"}}, {}, {}});
  expect({0x10, 0x84, {0xA0, 0x17, 1}, "0100", {}, {"valve_closed"}, {}});
  expect({0x10, 0x15, {0xA0, 0x18, 1}, "05000000000010", {{"new_address", "10000000000005"}}, {}, {}});
  expect({0x10, 0x95, {0xA0, 0x18, 1}, "", {}, {}, {}});
  expect({0x10, 0x04, {0xA0, 0x19, 1}, "", {}, {}, {}});
  expect({0x10, 0x16, {0xA0, 0x16, 1}, "100000002C", {{"base_value", "0.10 m3"}}, {}, {}});
  expect({0x10, 0x96, {0xA0, 0x16, 1}, "0000", {}, {"valve_open"}, {}});
}

TEST(Cjt188Items, Edition2018) {
  expect({0x20, 0x81, {0x90, 0x3F, 1}, "1234000017", {{"power", "34.12 kW"}}, {}, {}});
  expect({0x20, 0x81, {0x90, 0x4F, 1}, "123400", {{"return_temperature", "34.12 Cel"}}, {}, {}});
  expect({0x20, 0x81, {0x90, 0x5F, 1}, "123400", {{"supply_temperature", "34.12 Cel"}}, {}, {}});
  expect({0x20, 0x81, {0x90, 0x6F, 1}, "123400", {{"working_time", "3412 h"}}, {}, {}});
  expect({0x20, 0x81, {0x90, 0x7F, 1}, "05040321112620", {{"clock", "2026-11-21T03:04:05"}}, {}, {}});
  expect({0x20,
          0x81,
          {0xD2, 0x07, 1},
          "0100000005 0200000005 030000002C",
          {{"settlement_day_heat", "0.01 kW.h"},
           {"settlement_day_cold", "0.02 kW.h"},
           {"settlement_day_volume", "0.03 m3"}},
          {},
          {}});
  expect({0x10,
          0x81,
          {0xD3, 0x07, 1},
          "05040321112620 010000002C 0200000035 502600 123456",
          {{"clock", "2026-11-21T03:04:05"},
           {"cumulative_volume", "0.01 m3"},
           {"flow", "0.0002 m3/h"},
           {"temperature", "26.50 Cel"},
           {"pressure_bytes", "123456"}},
          {},
          {}});
  expect({0x20, 0x81, {0x91, 0x1F, 1}, "0102", {{"content", "0102"}}, {}, {}});
  expect({0x20, 0x04, {0xA1, 0x01, 1}, "", {}, {}, {}});
  expect({0x20, 0x04, {0xA1, 0x03, 1}, "0102", {{"content", "0102"}}, {}, {}});
}

TEST(Cjt188Items, FieldsThatAreNoNumber) {
  const auto one = [](const std::string& amount, const std::string& value, const Names& departures) {
    expect({0x10, 0x81, {0xD1, 0x20, 1}, amount, {{"settlement_day_volume", value}}, {}, departures});
  };
  one("FFFFFFFF2C", " m3", {"no_value"});
  one("0A0000002C", " m3", {"invalid_bcd"});
  one("0100000000", "0.01", {"unknown_unit"});
  one("0100000005", "0.01 kW.h", {"unit_of_other_quantity"});
  const auto clock = [](const std::string& bytes, const std::string& value, const Names& departures) {
    expect({0x10, 0x04, {0xA0, 0x15, 1}, bytes, {{"clock", value}}, {}, departures});
  };
  clock("00000000000000", "", {"no_time"});
  clock("FFFFFFFFFFFFFF", "", {"no_value"});
  clock("0504032111262A", "", {"invalid_bcd"});
  clock("20110718112720", "2027-11-18T07:11:20", {});
  clock("20999999999999", "", {"invalid_time"});
  clock("60040321112620", "", {"invalid_time"});
  clock("05600321112620", "", {"invalid_time"});
  clock("05042421112620", "", {"invalid_time"});
  clock("05040332112620", "", {"invalid_time"});
  clock("05040321132620", "", {"invalid_time"});
  clock("05040321112600", "0026-11-21T03:04:05", {"century_missing"});
}

TEST(Cjt188Items, HighByteFirstShowsInTheClock) {
  expect({0x10,
          0x81,
          {0x90, 0x1F, 1},
          "000123452C 000000002C 20261121030405 0000",
          {{"cumulative_volume", "123.45 m3"}, {"settlement_day_volume", "0.00 m3"}, {"clock", "2026-11-21T03:04:05"}},
          {"valve_open"},
          {"high_byte_first"}});
}

TEST(Cjt188Items, UnitsInFrontOfTheirValues) {
  expect({0x10,
          0x81,
          {0x90, 0x1F, 1},
          "2C45230100 2900010000 05040321112620 0000",
          {{"cumulative_volume", "123.45 m3"}, {"settlement_day_volume", "1.00 L"}, {"clock", "2026-11-21T03:04:05"}},
          {"valve_open"},
          {"unit_before_value"}});
}

TEST(Cjt188Items, UnitTable) {
  std::set<std::uint8_t> codes;
  std::string table;
  for (const UnitCode& unit : unit_codes()) {
    EXPECT_TRUE(codes.insert(unit.code).second);
    table += fmt::format("{:02X} {}{}, ", unit.code, unit.unit, unit.tens ? " x100" : "");
  }
  EXPECT_EQ(table,
            "01 J, 02 W.h, 05 kW.h, 08 MW.h, 0A MW.h x100, 0B kJ, 0E MJ, 11 GJ, 13 GJ x100, 14 W, 17 kW, 1A MW, 29 L, "
            "2C m3, 32 L/h, 35 m3/h, ");
  EXPECT_EQ(find_unit(0x2D), nullptr);
  expect({0x20, 0x81, {0xD1, 0x20, 1}, "563412000A", {{"settlement_day_heat", "123456 MW.h"}}, {}, {}});
}

TEST(Cjt188Items, StatusBits) {
  EXPECT_EQ(status_names(0x00, 0x00), (Names{"valve_open"}));
  EXPECT_EQ(status_names(0xFF, 0x00), (Names{"valve_faulty", "battery_low", "reserved_status_3", "reserved_status_4",
                                             "vendor_status_5", "vendor_status_6", "vendor_status_7"}));
  EXPECT_EQ(status_names(0x01, 0x81), (Names{"valve_closed", "vendor_status_8", "vendor_status_15"}));
}

TEST(Cjt188Items, IdentifiersHaveAnEdition) {
  EXPECT_EQ(find_identifier(0x901F)->edition, 2004);
  EXPECT_EQ(find_identifier(0x810A)->function, control::read_address);
  EXPECT_EQ(find_identifier(0xD3AB)->edition, 2018);
  EXPECT_EQ(find_identifier(0x1F90), nullptr);
}

// What is encoded comes out again, to the last digit.
TEST(Cjt188Items, EncodedValuesComeBack) {
  std::mt19937 random(2018);
  for (int round = 0; round < 5000; ++round) {
    const std::uint64_t volume = round < 10 ? static_cast<std::uint64_t>(round) : random() % 100'000'000;
    const std::uint64_t flow = random() % 100'000'000, temperature = random() % 1'000'000;
    Bytes data{0xD3, 0x01, 0x00, 0x05, 0x04, 0x03, 0x21, 0x11, 0x26, 0x20};
    const auto append = [&](std::uint64_t value, std::size_t size) {
      const Bytes bcd = to_bcd(value, size);
      data.insert(data.end(), bcd.begin(), bcd.end());
    };
    append(volume, 4);
    data.push_back(0x2C);
    append(flow, 4);
    data.push_back(0x35);
    append(temperature, 3);
    append(0, 3);
    const Values found = values(read(0x10, 0x81, data, {}));
    EXPECT_EQ(found.at("cumulative_volume"), fmt::format("{}.{:02} m3", volume / 100, volume % 100));
    EXPECT_EQ(found.at("flow"), fmt::format("{}.{:04} m3/h", flow / 10000, flow % 10000));
    EXPECT_EQ(found.at("temperature"), fmt::format("{}.{:02} Cel", temperature / 100, temperature % 100));
  }
}

// Every identifier, every length, any content: a result, never a crash, and each byte has its range.
TEST(Cjt188Items, AnyContentIsAResult) {
  std::mt19937 random(7);
  constexpr std::array<std::uint8_t, 3> types{0x10, 0x20, 0x40};
  for (unsigned identifier = 0; identifier < 0x10000; ++identifier) {
    Bytes data{static_cast<std::uint8_t>(identifier >> 8), static_cast<std::uint8_t>(identifier), 0};
    data.resize(3 + random() % 60);
    for (std::size_t i = 3; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(random());
    const std::uint8_t control = random() % 2 ? 0x01 : 0x81;
    const Bytes frame = encode({types[random() % types.size()], {}, control, data}, 0);
    const Telegram telegram = telegrams_in(frame).front();
    ASSERT_EQ(telegram.bytes.front().from, 0u);
    ASSERT_EQ(telegram.bytes.back().to, frame.size());
    for (std::size_t i = 1; i < telegram.bytes.size(); ++i)
      ASSERT_EQ(telegram.bytes[i].from, telegram.bytes[i - 1].to) << to_hex(frame);
  }
}

}  // namespace
}  // namespace meterrig::cjt188
