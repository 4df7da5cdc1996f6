#include <gtest/gtest.h>

#include "meters/dlt645.hpp"

namespace meterrig::dlt645 {
namespace {

Telegram frame_with(std::uint8_t control, std::string_view data) {
  return telegrams_in(encode({address_from_hex("000000000001"), control, bytes_from_hex(data)}, 0)).at(0);
}

using Names = std::vector<std::string>;

// "name=value unit" of each item.
Names items_of(const Telegram& telegram) {
  Names items;
  for (const TelegramItem& item : telegram.items)
    items.push_back(item.name + "=" + item.value + (item.unit.empty() ? "" : " " + item.unit));
  return items;
}

struct Case {
  std::uint8_t control;
  std::string_view data;  // without 33H
  Names items;
  Names departures = {};
  Names status = {};
};

void expect_each(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    SCOPED_TRACE(each.data);
    const Telegram telegram = frame_with(each.control, each.data);
    EXPECT_TRUE(telegram.valid) << telegram.explanation;
    EXPECT_EQ(items_of(telegram), each.items);
    EXPECT_EQ(telegram.departures, each.departures);
    EXPECT_EQ(telegram.status, each.status);
  }
}

TEST(Dlt645Items, Quantities) {
  expect_each({
      {0x91, "00 00 00 00 00 01 00 80", {"combined_active_energy=-1.00 kW.h"}},
      {0x91, "0C 02 05 00 45 23 01 00", {"quadrant_1_reactive_energy_tariff_2_settlement_12=123.45 kvar.h"}},
      {0x91, "00 00 15 00 01 00 00 00", {"forward_active_energy_a=0.01 kW.h"}},
      {0x91, "00 00 46 00 01 00 00 00", {"reverse_apparent_energy_c=0.01 kV.A.h"}},
      {0x91,
       "00 01 01 01 56 34 12 59 08 21 11 26",
       {"forward_active_demand_tariff_1=12.3456 kW", "forward_active_demand_tariff_1_time=2026-11-21T08:59"}},
      {0x91, "00 01 02 02 80 10 80", {"current_a=-1.080 A"}},
      {0x91, "00 00 06 02 00 10", {"power_factor=1.000"}},
      {0x91, "00 01 07 02 00 12", {"phase_angle_a=120.0 deg"}},
      {0x91, "02 00 80 02 98 49", {"frequency=49.98 Hz"}},
      {0x91, "07 00 80 02 55 80", {"temperature=-5.5 Cel"}},
      {0x91, "00 02 90 00 50 12 00 00", {"remaining_amount=12.50 CNY"}},
  });
}

TEST(Dlt645Items, BlocksAreSeveralItems) {
  expect_each({
      {0x91,
       "00 FF 01 00 01 00 00 00 02 00 00 00 0A 00 00 00",
       {"forward_active_energy=0.01 kW.h", "forward_active_energy_tariff_1=0.02 kW.h",
        "forward_active_energy_tariff_2= kW.h"},
       {"invalid_bcd"}},
      {0x91,
       "FF 00 02 00 01 00 00 00 02 00 00 00",
       {"reverse_active_energy=0.01 kW.h", "reverse_active_energy_settlement_1=0.02 kW.h"}},
      {0x91,
       "00 FF 03 02 06 00 00 01 00 00 02 00 00 03 00 80",
       {"active_power=0.0006 kW", "active_power_a=0.0001 kW", "active_power_b=0.0002 kW", "active_power_c=-0.0003 kW"}},
      {0x91, "00 FF 01 02 00 22 FF FF FF FF", {"voltage_a=220.0 V", "voltage_b= V", "voltage_c= V"}, {"no_value"}},
      {0x91, "FF FF 01 00 01 00 00 00", {"data=01000000"}, {"ambiguous_block"}},
  });
}

TEST(Dlt645Items, ParametersAndClock) {
  expect_each({
      {0x91, "01 01 00 04 06 21 11 26", {"date=2026-11-21", "date_weekday=6"}},
      {0x91, "02 01 00 04 00 00 00", {"time=00:00:00"}},
      {0x91, "0C 01 00 04 59 30 08 06 21 11 26", {"clock=2026-11-21T08:30:59", "clock_weekday=6"}},
      {0x91, "02 01 00 04 00 60 00", {"time="}, {"invalid_time"}},
      {0x91, "02 01 00 04 0A 00 00", {"time="}, {"invalid_bcd"}},
      {0x91, "01 04 00 04 60 64 02 09 22 04", {"meter_address=042209026460"}},
      {0x91, "04 04 00 04 00 00 56 30 32 32", {"rated_voltage=220V"}},
      {0x91, "02 0B 00 04 00 15", {"settlement_day_2=15T00"}},
      {0x91, "03 07 00 04 08", {"baud_rate_3=2400"}},
      {0x91, "03 07 00 04 09", {"baud_rate_3="}, {"unknown_baud_rate"}},
      {0x91, "03 05 00 04 50 00", {"status_word_3=0050"}, {}, {"relay_open", "relay_commanded_open"}},
      {0x91, "05 05 00 04 81 01", {"status_word_5=0181"}, {}, {"voltage_loss_b", "phase_break_b", "current_break_b"}},
      {0x91,
       "FF 05 00 04 04 00 02 00",
       {"status_word_1=0004", "status_word_2=0002"},
       {},
       {"clock_battery_low", "active_power_reversed_b"}},
      {0x91, "99 99 99 07 12 34", {"data=1234"}, {"unknown_identifier"}},
  });
}

TEST(Dlt645Items, Events) {
  expect_each({
      {0x91, "00 00 11 03 03 00 00", {"power_down_count=3"}},
      {0x91,
       "01 00 11 03 01 02 03 04 05 26 06 07 08 04 05 26",
       {"power_down_start=2026-05-04T03:02:01", "power_down_end=2026-05-04T08:07:06"}},
      {0x91, "02 00 11 03 00 00 00 00 00 00 00 00 00 00 00 00", {"power_down_start=", "power_down_end="}, {"no_time"}},
      {0x91,
       "00 00 01 03 01 00 00 02 00 00 03 00 00 04 00 00 05 00 00 06 00 00",
       {"voltage_loss_count_a=1", "voltage_loss_duration_a=2 min", "voltage_loss_count_b=3",
        "voltage_loss_duration_b=4 min", "voltage_loss_count_c=5", "voltage_loss_duration_c=6 min"}},
      {0x91, "01 02 01 03 01 02 03 04 05 26 AB", {"voltage_loss_b_start=2026-05-04T03:02:01", "record_data=AB"}},
      {0x91,
       "01 03 30 03 01 02 03 04 05 26 44 33 22 11 FF FF FF FF",
       {"event_clear_time=2026-05-04T03:02:01", "operator_code=11223344", "cleared_identifier=FFFFFFFF"}},
      {0x91, "00 0D 30 03 12 00 00", {"meter_cover_open_count=12"}},
  });
  const Telegram cover = frame_with(0x91, "01 0D 30 03 01 02 03 04 05 26 06 07 08 04 05 26" + std::string(96, '0'));
  EXPECT_TRUE(cover.valid);
  EXPECT_EQ(cover.items.size(), 14u);
  EXPECT_EQ(cover.items[13].name, "quadrant_4_reactive_energy_after");
}

TEST(Dlt645Items, Freezes) {
  expect_each({
      {0x91, "01 00 06 05 00 00 21 11 26", {"daily_freeze_time=2026-11-21T00:00"}},
      {0x91,
       "01 01 06 05 01 00 00 00 02 00 00 00",
       {"daily_freeze_forward_active_energy=0.01 kW.h", "daily_freeze_forward_active_energy_tariff_1=0.02 kW.h"}},
      {0x91,
       "01 FF 06 05 00 00 21 11 26 AA 01 00 00 00 AA 02 00 00 00 AA",
       {"daily_freeze_time=2026-11-21T00:00", "daily_freeze_forward_active_energy=0.01 kW.h",
        "daily_freeze_reverse_active_energy=0.02 kW.h"}},
      {0x91,
       "01 10 00 05 01 00 00 02 00 00 03 00 00 04 00 00 05 00 00",
       {"timed_freeze_active_power=0.0001 kW", "timed_freeze_active_power_a=0.0002 kW",
        "timed_freeze_active_power_b=0.0003 kW", "timed_freeze_active_power_c=0.0004 kW",
        "timed_freeze_reactive_power=0.0005 kvar"}},
      {0x91, "01 77 00 05 01", {"data=01"}, {"unknown_identifier"}},
  });
}

TEST(Dlt645Items, Commands) {
  expect_each({
      {0x11, "00 00 00 06 02 30 08 21 11 26", {"block_count=2", "block_start=2026-11-21T08:30"}},
      {0xB1,
       "00 FF 01 00 01 00 00 00 02 00",
       {"forward_active_energy=0.01 kW.h", "fragment=0200"},
       {},
       {"more_follows"}},
      {0x92, "00 FF 01 00 00 00 01", {"fragment=0000"}},
      {0x16, "99 99 99 99", {"freeze_time=99-99T99:99", "freeze_kind=now"}},
      {0x16, "30 99 99 99", {"freeze_time=99-99T99:30", "freeze_kind=hourly"}},
      {0x16, "30 08 01 99", {"freeze_time=99-01T08:30", "freeze_kind=monthly"}},
      {0x17, "20", {"baud_rate=9600"}},
      {0x18,
       "01 0C 00 04 02 56 34 12 04 00 00 00",
       {"password_level=02", "password=123456", "new_password_level=04", "new_password=000000"}},
      {0x98, "04 00 00 00", {"new_password_level=04", "new_password=000000"}},
      {0x1A, "02 00 00 00 01 00 00 00", {"password_level=02", "password=000000", "operator_code=00000001"}},
      {0x1B,
       "02 00 00 00 01 00 00 00 FF 00 11 03",
       {"password_level=02", "password=000000", "operator_code=00000001", "cleared_identifier=031100FF"}},
      {0x1D, "01", {"output_signal=demand_period"}},
      {0x1D, "07", {"output_signal="}, {"unknown_output_signal"}},
      {0x94, "", {}},
      {0x94, "01", {"data=01"}, {"surplus_data"}},
      {0x13, "", {}},
      {0x03, "01 00 00 07 44 33 22 11 AB", {"operator_code=11223344", "security_data=AB"}},
  });
  EXPECT_EQ(frame_with(0x92, "00 FF 01 00 00 00 09").sequence, 9);
}

TEST(Dlt645Items, AbnormalReplies) {
  expect_each({
      {0xD1, "02", {}, {}, {"abnormal", "no_such_data"}},
      {0xD4, "05", {}, {}, {"abnormal", "other_error", "not_authorised"}},
      {0xDC, "00", {}, {}, {"abnormal"}},
      {0xC1, "01", {}, {"edition_1997"}, {"abnormal", "illegal_data"}},
      {0x51, "02", {}, {"abnormal_request"}, {"abnormal", "no_such_data"}},
  });
}

TEST(Dlt645Items, Edition1997) {
  expect_each({
      {0x81,
       "1F 90 01 00 00 00 02 00 00 00",
       {"forward_active_energy=0.01 kW.h", "forward_active_energy_tariff_1=0.02 kW.h"},
       {"edition_1997"}},
      {0x81, "11 94 01 00 00 00", {"forward_active_energy_tariff_1_month_1=0.01 kW.h"}, {"edition_1997"}},
      {0x81, "1F B6 20 02 21 02 19 02", {"voltage_a=220 V", "voltage_b=221 V", "voltage_c=219 V"}, {"edition_1997"}},
      {0x81, "22 B6 34 12", {"current_b=12.34 A"}, {"edition_1997"}},
      {0x81, "30 B6 01 00 00", {"active_power=0.0001 kW"}, {"edition_1997"}},
      {0x81, "10 C0 06 21 11 26", {"date=2026-11-21", "date_weekday=6"}, {"edition_1997"}},
      {0x01, "10 90", {}, {"edition_1997"}},
      {0x81, "10 9C 01", {"data=01"}, {"edition_1997", "unknown_identifier"}},
  });
}

TEST(Dlt645Items, FaultyDataIsABadRecord) {
  struct Bad {
    std::uint8_t control;
    std::string_view data, error, explanation;
  };
  static constexpr Bad cases[]{
      {0x91, "00 01 01 02 48", "bad_record", "byte 14: 1 data bytes are left, expected 2 for voltage_a"},
      {0x91, "00 01", "bad_record", "byte 10: 2 data bytes, expected 4 of the data identifier"},
      {0x91, "01 00 06 05", "bad_record", "byte 14: 0 data bytes are left, expected 5 for daily_freeze_time"},
      {0xD1, "", "bad_record", "byte 10: no data byte, expected the error word"},
      {0x12, "00 01 01 02", "bad_record", "byte 14: no data bytes are left, expected the frame number"},
      {0x1D, "", "bad_record", "byte 10: 0 data bytes are left, expected 1 for output_signal"},
      {0x1F, "01 02", "unknown_control", "byte 8: control code 1F is in neither edition"},
      {0x80, "01 02", "unknown_control", "byte 8: control code 80 is in neither edition"}};
  for (const Bad& each : cases) {
    const Telegram telegram = frame_with(each.control, each.data);
    EXPECT_FALSE(telegram.valid);
    EXPECT_EQ(telegram.error, each.error);
    EXPECT_EQ(telegram.explanation, each.explanation);
  }
}

TEST(Dlt645Items, AddressAndLengthOutsideTheStandard) {
  const Telegram odd = telegrams_in(encode({{0x0B, 0, 0, 0, 0, 0}, 0x94, {}})).at(0);
  EXPECT_TRUE(odd.valid);
  EXPECT_EQ(odd.departures, Names{"address_not_bcd"});
  EXPECT_TRUE(telegrams_in(encode(read_address_request())).at(0).departures.empty());
  EXPECT_EQ(telegrams_in(encode({{}, 0x83, Bytes(201, 7)})).at(0).departures, Names{"over_length"});
  EXPECT_TRUE(telegrams_in(encode({{}, 0x83, Bytes(200, 7)})).at(0).departures.empty());
}

// What came nearest to a frame, and which byte spoiled it.
TEST(Dlt645Diagnosis, NamesTheByte) {
  struct Spoilt {
    std::string_view hex, error, explanation;
  };
  static constexpr Spoilt cases[]{
      {"", "no_start", "no start byte 68 in 0 bytes"},
      {"FE FE 11", "no_start", "no start byte 68 in 3 bytes"},
      {"FE 68 94 35 21 90 88 55 69 11 04", "no_start", "byte 8: 69, expected the second start 68"},
      {"FE 68 94 35", "truncated", "byte 4: the input ends, expected the header up to byte 10"},
      {"68 94 35 21 90 88 55 68 11 04 33 33", "truncated",
       "byte 12: the input ends, expected 16 bytes from the start at byte 0"},
      {"68 94 35 21 90 88 55 68 11 04 33 33 34 33 08 16", "bad_checksum", "byte 14: checksum 08, expected 09"},
      {"68 94 35 21 90 88 55 68 11 04 33 33 34 33 09 15", "bad_end", "byte 15: end 15, expected 16"},
      {"68 94 35 21 90 88 55 68 11 05 33 33 34 33 0A 16", "bad_length",
       "byte 9: length 05, expected 04 by checksum and end"},
      {"68 94 35 21 90 88 55 68 11 03 33 33 34 33 08 16", "bad_length",
       "byte 9: length 03, expected 04 by checksum and end"}};
  for (const Spoilt& each : cases) {
    SCOPED_TRACE(each.hex);
    const auto telegrams = telegrams_in(bytes_from_hex(each.hex));
    ASSERT_EQ(telegrams.size(), 1u);
    EXPECT_FALSE(telegrams[0].valid);
    EXPECT_EQ(telegrams[0].error, each.error);
    EXPECT_EQ(telegrams[0].explanation, each.explanation);
    EXPECT_TRUE(telegrams[0].items.empty());
  }
}

TEST(Dlt645Diagnosis, AnyWrongBitIsNoticed) {
  const Bytes sound = encode({address_from_hex("558890213594"), 0x91, {0, 0, 1, 0, 0x26, 2, 0, 0}}, 0);
  for (std::size_t bit = 0; bit < sound.size() * 8; ++bit) {
    Bytes bytes = sound;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto telegrams = telegrams_in(bytes);
    ASSERT_EQ(telegrams.size(), 1u);
    EXPECT_FALSE(telegrams[0].valid) << bit;
  }
}

TEST(Dlt645Telegrams, EveryFrameInOrderWithNoiseBetween) {
  Bytes stream{0x00, 0x68, 0x16};
  const Bytes first = encode(read_address_request()), second = encode(broadcast_time({}), 1);
  stream.insert(stream.end(), first.begin(), first.end());
  stream.insert(stream.end(), {0xFF, 0x68});
  stream.insert(stream.end(), second.begin(), second.end());
  const auto telegrams = telegrams_in(stream);
  ASSERT_EQ(telegrams.size(), 2u);
  EXPECT_EQ(telegrams[0].control, "13");
  EXPECT_EQ(telegrams[0].bytes.front().from, 3u);
  EXPECT_EQ(telegrams[0].bytes.front().is, "preamble");
  EXPECT_EQ(telegrams[1].control, "08");
  EXPECT_EQ(telegrams[1].bytes.front().from, 3u + first.size() + 2);
  EXPECT_EQ(telegrams[1].bytes.back().to, stream.size());
}

TEST(Dlt645Telegrams, FunctionsHaveNames) {
  EXPECT_EQ(function_name(0x11), "read_data");
  EXPECT_EQ(function_name(0xD4), "write_data");
  EXPECT_EQ(function_name(0x9C), "relay");
  EXPECT_EQ(function_name(0x81), "read_data");
  EXPECT_EQ(function_name(0x1F), "");
}

}  // namespace
}  // namespace meterrig::dlt645
