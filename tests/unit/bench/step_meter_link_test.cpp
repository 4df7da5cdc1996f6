#include <gtest/gtest.h>

#include <algorithm>

#include <fmt/format.h>

#include "step_meter_support.hpp"

// Clock, parameters, supply, display and security of the step-tariff water meter.
namespace meterrig::bench {
namespace {

TEST(StepClock, KeepsTheCalendar) {
  StepStation station;
  const auto after = [&](const std::string& time) {
    station.run_across(time);
    return station.read("clock").substr(0, 16);
  };
  EXPECT_EQ(after("2023-02-28T23:59:50"), "2023-03-01T00:00");
  EXPECT_EQ(after("2024-02-28T23:59:50"), "2024-02-29T00:00");
  EXPECT_EQ(after("2028-02-28T23:59:50"), "2028-02-29T00:00");
  EXPECT_EQ(after("2025-12-31T23:59:50"), "2026-01-01T00:00");
  EXPECT_EQ(after("2099-12-30T23:59:50"), "2099-12-31T00:00");
  EXPECT_EQ(after("2026-04-12T01:59:50"), "2026-04-12T02:00") << "no daylight saving";
  StepStation wrong("cjt484-5.4.2a-d1");
  wrong.run_across("2028-02-28T23:59:50");
  EXPECT_EQ(wrong.read("clock").substr(0, 16), "2028-03-01T00:00");
}

// How far the clock goes wrong in a day, in milliseconds.
std::int64_t drift(const std::string& defect, double celsius, int hours = 24) {
  StepStation station(defect);
  station.meter.set_ambient(celsius);
  const Duration before = station.meter.time() - station.clock.utc();
  elapse(station.clock, hours * 1h);
  const Duration after = station.meter.time() - station.clock.utc();
  return (after - before + 500us) / 1ms;
}

TEST(StepClock, DriftsWithTheTemperature) {
  EXPECT_NEAR(static_cast<double>(drift("", 23)), 1'200, 1);
  EXPECT_NEAR(static_cast<double>(drift("", 25)), 1'212, 1);
  EXPECT_NEAR(static_cast<double>(drift("", -25)), -6'132, 2);
  EXPECT_NEAR(static_cast<double>(drift("", 55)), -1'432, 2);
  EXPECT_NEAR(static_cast<double>(drift("cjt484-5.4.2b-g2", 23)), 10'000, 1);
  EXPECT_LE(drift("cjt484-5.4.2b-g2", 21), 10'000);
  EXPECT_NEAR(static_cast<double>(drift("cjt484-5.4.2b-d2", 23)), -72'000, 1);
  EXPECT_NEAR(static_cast<double>(drift("cjt484-5.4.2c-d1", -25)), -120'000, 5);
  EXPECT_NEAR(static_cast<double>(drift("cjt484-5.4.2c-d1", 23)), 1'200, 1);
  EXPECT_NEAR(static_cast<double>(drift("cjt484-5.4.2c-g1", -25)), -96'000, 5);
  EXPECT_NEAR(static_cast<double>(drift("cjt484-5.4.2b-d3", 23, 5)), 4'164, 1);
  EXPECT_LT(std::abs(drift("cjt484-5.4.2b-d3", 23, 25)), 1'000) << "set right every six hours";
}

TEST(StepClock, IsReadWithinASecondOverTheLine) {
  StepStation station;
  station.write("clock", "2026-12-01T12:00:00");
  elapse(station.clock, 24h);
  const std::string read = station.read("clock");
  EXPECT_TRUE(read == "2026-12-02T12:00:01" || read == "2026-12-02T12:00:02") << read;
  EXPECT_EQ(station.shown("clock").substr(0, 5), "12000");
}

std::string day_after_gap(const std::string& defect, bool backup) {
  Sample sample = water_sample();
  sample.clock_backup = backup;
  StepStation station(defect, sample);
  station.write("clock", "2026-12-01T12:00:00");
  station.power_cycle();
  return station.read("clock").substr(0, 13);
}

TEST(StepClock, OutlivesAGapWhereItsBackupIsDeclared) {
  EXPECT_EQ(day_after_gap("", true), "2026-12-01T12");
  EXPECT_EQ(day_after_gap("", false), "2000-01-01T00");
  EXPECT_EQ(day_after_gap("cjt484-5.4.2a-d4", true), "2000-01-01T00");
}

TEST(StepClock, ReadsOneSecondBehindInTheBorderlineMeter) {
  StepStation station("cjt484-5.4.2a-g1");
  station.write("clock", "2026-12-01T12:00:00");
  EXPECT_EQ(station.read("clock"), "2026-12-01T11:59:59");
}

// What the item reads after the write.
std::string after_write(StepStation& station, const std::string& item, const std::string& value) {
  const std::string reply = station.write(item, value);
  return reply + " " + station.read(item);
}

TEST(StepParameters, SettlementTime) {
  StepStation station;
  for (const char* legal : {"010100", "122823", "022800", "060112"})
    EXPECT_EQ(after_write(station, "settlement_time", legal), std::string("ok ") + legal);
  for (const char* illegal : {"000100", "130100", "010000", "012900", "023100", "010124", "0101FF", "1A0100", "01011A"})
    EXPECT_EQ(after_write(station, "settlement_time", illegal), "refused 060112") << illegal;
  StepStation hour_24("cjt484-5.4.4-d2");
  EXPECT_EQ(after_write(hour_24, "settlement_time", "010124"), "ok 010124");
  EXPECT_EQ(after_write(hour_24, "settlement_time", "010125"), "refused 010124");
  StepStation binary("cjt484-5.4.4-d3");
  EXPECT_EQ(after_write(binary, "settlement_time", "122823"), "ok 0C1C17");
  StepStation unused("cjt484-5.4.4-g3");
  EXPECT_EQ(after_write(unused, "settlement_time", "122823"), "ok 012823");
}

TEST(StepParameters, CycleAndDays) {
  StepStation station;
  for (const char* legal : {"01", "02", "03", "04", "05"})
    EXPECT_EQ(after_write(station, "settlement_cycle", legal), std::string("ok ") + legal);
  for (const char* illegal : {"00", "06", "FF", "0A"})
    EXPECT_EQ(after_write(station, "settlement_cycle", illegal), "refused 05") << illegal;
  EXPECT_EQ(after_write(station, "custom_cycle_days", "366"), "ok 366");
  EXPECT_EQ(after_write(station, "custom_cycle_days", "367"), "refused 366");
  EXPECT_EQ(after_write(station, "custom_cycle_days", "0"), "refused 366");
}

TEST(StepParameters, Clock) {
  StepStation station;
  EXPECT_EQ(station.write("clock_digits", "20280229123456"), "ok");
  EXPECT_EQ(station.read("clock").substr(0, 18), "2028-02-29T12:34:5");
  for (const char* illegal : {"20270229123456", "20271301123456", "20270100123456", "20270101240000", "20270101126000",
                              "20270101123460", "2027010112345A", "2027013A123456"}) {
    EXPECT_EQ(station.write("clock_digits", illegal), "refused") << illegal;
    EXPECT_EQ(station.read("clock").substr(0, 10), "2028-02-29");
  }
  StepStation refuses("cjt484-5.4.7-d4");
  EXPECT_EQ(refuses.write("clock", "2028-02-29T12:34:56"), "refused");
  EXPECT_EQ(refuses.write("clock", "2028-03-01T12:34:56"), "ok");
}

TEST(StepParameters, LengthsAndUnknownItems) {
  StepStation station;
  const auto control_of = [&](unsigned identifier, const cjt188::Bytes& content) {
    const auto reply = station.ask(station.write_frame(identifier, 9, content));
    return reply ? int{reply->control} : 0;
  };
  EXPECT_EQ(control_of(0xB002, {}), 0xC4);
  EXPECT_EQ(control_of(0xB002, {0x01, 0x01}), 0xC4);
  EXPECT_EQ(control_of(0xB003, {0x00, 0x01}), 0xC4);
  EXPECT_EQ(control_of(0xB012, {0x01}), 0xC4) << "read only";
  EXPECT_EQ(control_of(0xB0FF, {}), 0xC4);
  EXPECT_EQ(control_of(0xB002, {0x01}), 0x84);
  StepStation silent("cjt484-5.4.7-g1");
  EXPECT_EQ(silent.write("settlement_time", "010124"), "silent");
  EXPECT_EQ(silent.read("settlement_time"), "010100");
}

TEST(StepPower, DrawsAndStarts) {
  StepStation station;
  const auto amount = [&](Duration window) {
    const Instant from = station.clock.now();
    const auto held = station.supply->retain_from(from);
    elapse(station.clock, window);
    return static_cast<std::int64_t>(station.supply->current(Path::k2_ammeter).charge(from, from + window) /
                                     window.count());
  };
  EXPECT_EQ(amount(10s), 20 * microampere);
  station.cut();
  elapse(station.clock, 10s);
  EXPECT_FALSE(station.meter.running());
  EXPECT_EQ(station.shown("balance"), "blank");
  EXPECT_THROW(station.read("clock"), TimeoutError);
  station.power();
  elapse(station.clock, 1s);
  EXPECT_EQ(station.supply->current(Path::k2_ammeter).at(station.clock.now() - 1ms), 5 * milliampere);
  EXPECT_FALSE(station.meter.running());
  elapse(station.clock, 2s);
  EXPECT_TRUE(station.meter.running());
  StepStation slow("cjt484-5.4.6a-g1");
  slow.cut();
  elapse(slow.clock, 10s);
  slow.power();
  elapse(slow.clock, 14s);
  EXPECT_FALSE(slow.meter.running());
  elapse(slow.clock, 2s);
  EXPECT_TRUE(slow.meter.running());
}

TEST(StepPower, EverythingOutlivesAGap) {
  StepStation station;
  station.write("price_table", table_a);
  station.write("standby_price_table", table_b + "00290228");
  station.write("settlement_time", "030405");
  station.write("settlement_cycle", "04");
  station.write("purchase", "0000123402");
  station.litres(1'234);
  const auto all = [&] {
    std::string text;
    for (const char* item : {"price_table", "standby_price_table", "settlement_time", "settlement_cycle", "balance",
                             "purchase_sequence", "period_volume", "cumulative_volume_fine"})
      text += station.read(item) + " ";
    return text;
  };
  const std::string before = all();
  station.power_cycle();
  EXPECT_EQ(all(), before);
  station.meter.sensor_pulse();
  station.cut();
  EXPECT_FALSE((elapse(station.clock, 1s), station.meter.running()));
  station.meter.sensor_pulse();  // nobody counts it
  station.power();
  elapse(station.clock, 3s);
  EXPECT_EQ(station.read("period_volume"), "1.235 m3");
}

TEST(StepDisplay, Pages) {
  StepStation station;
  station.write("base_value", "1.00");
  station.litres(560);
  EXPECT_EQ(station.shown("cumulative"), "1.5");
  EXPECT_EQ(station.shown("period"), "0.5");
  EXPECT_EQ(station.shown("balance"), "498.85");
  EXPECT_EQ(station.shown("step_and_price"), "0 2.07");
  EXPECT_EQ(station.shown("step"), "1");
  EXPECT_EQ(station.shown("weather"), "(none)");
  station.write("clock", "2026-12-01T12:34:56");
  EXPECT_EQ(station.shown("clock"), "123456");
  EXPECT_EQ(station.meter.observe("confirm"), "yes");
  const std::string wheels = station.meter.observe("read_counter").value();
  station.meter.volume_passed(0.0125);
  const std::string turned = station.meter.observe("read_counter").value();
  EXPECT_EQ(std::stoi(turned.substr(turned.find('.') + 1)) - std::stoi(wheels.substr(wheels.find('.') + 1)), 125)
      << "tenths of a litre";
  EXPECT_EQ(station.read("period_volume"), "0.572 m3");
}

// What people see of it, and what comes back from other equipment; without supply at the station.
TEST(StepPeople, LookAtItAndTakeItAway) {
  StepStation good;
  EXPECT_EQ(good.meter.observe("inspect:5.2.8"), "yes");
  EXPECT_EQ(good.meter.observe("inspect:5.4.9.2a"), "n.a.");
  EXPECT_EQ(good.meter.observe("weigh:5.2.8"), std::nullopt);
  good.litres(5);
  const int before = std::stoi(good.read("period_volume").substr(2));
  EXPECT_EQ(good.meter.observe("treat:5.2.10"), "done");
  EXPECT_EQ(std::stoi(good.read("period_volume").substr(2)), before);
  EXPECT_EQ(good.meter.observe("pass_water:5.2.9"), "0.250");
  EXPECT_EQ(std::stoi(good.read("period_volume").substr(2)), before + 250);
  StepStation worn("cjt484-5.2.9-d1");
  EXPECT_EQ(worn.meter.observe("pass_water:5.2.9"), "0.250");
  EXPECT_EQ(worn.read("period_volume"), "0.230 m3");
  StepStation forgets("cjt484-5.2.10-d1");
  forgets.litres(5);
  EXPECT_EQ(forgets.meter.observe("treat:5.2.11"), "done");
  EXPECT_EQ(forgets.read("period_volume"), "0.005 m3");
  EXPECT_EQ(forgets.meter.observe("treat:5.2.10"), "done");
  EXPECT_EQ(forgets.read("period_volume"), "0.000 m3");
  EXPECT_EQ(StepStation("cjt484-5.2.8-d1").meter.observe("inspect:5.2.8"), "no");
}

struct StepSecurity : testing::Test {
  explicit StepSecurity(const std::string& defect = "") : station(defect, with_key()) {
    security.key = key();
    security.vector = cjt188::Vector::in_front;
    security.check = cjt188::Check::mac4;
  }
  static Sample with_key() {
    Sample sample = water_sample();
    sample.key = step_key;
    return sample;
  }
  static cjt188::Block key() {
    cjt188::Block block{};
    const cjt188::Bytes bytes = bytes_from_hex(step_key);
    std::copy(bytes.begin(), bytes.end(), block.begin());
    return block;
  }
  cjt188::Frame sealed(std::uint8_t sequence, const cjt188::Bytes& time) {
    return cjt188::seal(station.write_frame(0xB003, sequence, time), security);
  }
  // How many of the frame's data bytes may be changed by a bit without the meter's notice.
  int accepted_changes() {
    int accepted = 0;
    const cjt188::Frame good = sealed(10, {0x05, 0x06, 0x07});
    for (std::size_t i = 0; i < good.data.size(); ++i) {
      cjt188::Frame bad = good;
      bad.data[i] ^= 1;
      const auto reply = station.ask(bad);
      accepted += reply && (reply->control & 0x40) == 0;
    }
    return accepted;
  }
  StepStation station;
  cjt188::Security security;
};

TEST_F(StepSecurity, WritesTravelEncipheredAndReadsInPlain) {
  EXPECT_EQ(after_write(station, "settlement_time", "122823"), "ok 122823");
  EXPECT_EQ(
      after_write(station, "price_table", table_hex({1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})),
      "ok " + table_hex({1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(after_write(station, "settlement_time", "010124"), "refused 122823");
  EXPECT_EQ(station.write("factory_enable", ""), "ok");
  station.connect("");
  EXPECT_EQ(after_write(station, "settlement_time", "010100"), "refused 122823") << "in plain";
  EXPECT_EQ(station.write("clock", "2027-01-01T00:00:00"), "refused");
  station.connect("F123456789ABCDEFFEDCBA9876543210");
  EXPECT_EQ(after_write(station, "settlement_time", "010100"), "silent 122823") << "another key";
}

// Reads in plain count serial numbers, too: a day of them does not make the next write look like a replay.
TEST_F(StepSecurity, AWriteIsTakenAfterAnyNumberOfReads) {
  for (int reads = 1; reads < 300; reads += 37) {
    EXPECT_EQ(station.write("settlement_time", "122823"), "ok");
    for (int i = 0; i < reads; ++i) station.read("clock");
    EXPECT_EQ(station.write("settlement_time", "010100"), "ok") << "after " << reads;
  }
}

TEST_F(StepSecurity, NoChangedBitIsTaken) {
  EXPECT_EQ(accepted_changes(), 0);
  EXPECT_EQ(station.read("settlement_time"), "010100");
  ASSERT_TRUE(station.ask(sealed(10, {0x05, 0x06, 0x07})));
  EXPECT_EQ(station.read("settlement_time"), "070605");
}

TEST_F(StepSecurity, NoReplayIsTakenAlsoAfterAGap) {
  const cjt188::Frame first = sealed(10, {0x05, 0x06, 0x07});
  ASSERT_TRUE(station.ask(first));
  ASSERT_TRUE(station.ask(sealed(11, {0x01, 0x01, 0x01})));
  EXPECT_FALSE(station.ask(first));
  station.power_cycle();
  EXPECT_FALSE(station.ask(first));
  EXPECT_EQ(station.read("settlement_time"), "010101");
}

struct StepSecurityUnchecked : StepSecurity {
  StepSecurityUnchecked() : StepSecurity("cjt484-5.4.9.1-d2") {}
};
TEST_F(StepSecurityUnchecked, TakesChangedBits) {
  EXPECT_GT(accepted_changes(), 0);
  EXPECT_NE(station.read("settlement_time"), "010100");
}

struct StepSecurityForgetful : StepSecurity {
  StepSecurityForgetful() : StepSecurity("cjt484-5.4.9.1-d4") {}
};
TEST_F(StepSecurityForgetful, TakesAReplayAfterAGap) {
  const cjt188::Frame first = sealed(10, {0x05, 0x06, 0x07});
  ASSERT_TRUE(station.ask(first));
  ASSERT_TRUE(station.ask(sealed(11, {0x01, 0x01, 0x01})));
  EXPECT_FALSE(station.ask(first));
  station.power_cycle();
  EXPECT_TRUE(station.ask(first));
  EXPECT_EQ(station.read("settlement_time"), "070605");
}

struct StepSecurityXor : StepSecurity {
  StepSecurityXor() : StepSecurity("cjt484-5.4.9.2b-d1") {}
};
TEST_F(StepSecurityXor, KnowsNoSm4) {
  EXPECT_FALSE(station.ask(sealed(10, {0x05, 0x06, 0x07})));
  cjt188::Frame obscured = station.write_frame(0xB003, 10, {0x05, 0x06, 0x07, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  for (std::size_t i = 0; i < obscured.data.size(); ++i) obscured.data[i] ^= security.key[i];
  EXPECT_TRUE(station.ask(obscured));
  EXPECT_EQ(station.read("settlement_time"), "070605");
}

struct StepSecurityPlain : StepSecurity {
  StepSecurityPlain() : StepSecurity("cjt484-5.4.9.2b-d2") {}
};
TEST_F(StepSecurityPlain, TakesWritesFromAnybody) {
  station.connect("");
  EXPECT_EQ(after_write(station, "settlement_time", "070605"), "ok 070605");
}

TEST(StepDefects, AreOfTheWaterMeter) {
  int water = 0;
  for (const DefectRow& row : meter_defect_rows()) {
    if (row.meter != "water") continue;
    ++water;
    EXPECT_TRUE(row.name.starts_with("cjt484-")) << row.name;
    EXPECT_EQ(row.standards, std::vector<std::string>{"cjt484"});
    for (const auto& [clause, verdict] : row.expected) EXPECT_TRUE(clause.starts_with("CJT484-")) << clause;
    StepStation station(row.name);
    EXPECT_TRUE(station.meter.running()) << row.name;
    EXPECT_NE(station.read("cumulative_volume"), "") << row.name;
  }
  EXPECT_EQ(water, 75);
  EXPECT_EQ(conditions_json(find_meter_defect("cjt484-5.4.1-g1")->conditions),
            "{\"dut\": {\"period_resolution_m3\": 0.1}}");
}

}  // namespace
}  // namespace meterrig::bench
