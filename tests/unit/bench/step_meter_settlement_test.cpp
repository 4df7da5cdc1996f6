#include <gtest/gtest.h>

#include <fmt/format.h>

#include "step_meter_support.hpp"

// Usage, settlement cycles and settled records of the step-tariff water meter.
namespace meterrig::bench {
namespace {

std::int64_t litres_in(std::string text) {
  std::erase(text, '.');
  return std::atoll(text.c_str());
}
std::int64_t cumulative(StepStation& station) { return litres_in(station.read("cumulative_volume_fine")); }
std::int64_t period(StepStation& station) { return litres_in(station.read("period_volume")); }
std::int64_t settled(StepStation& station, int n = 1) {
  return litres_in(station.read(fmt::format("settled_volume_{}", n)));
}
std::string mark(StepStation& station, int n = 1) { return station.read(fmt::format("settled_time_{}", n)); }

TEST(StepUsage, CountsBoth) {
  StepStation station;
  const std::int64_t before = cumulative(station);
  station.litres(1'500);
  EXPECT_EQ(cumulative(station) - before, 1'500);
  EXPECT_EQ(period(station), 1'500);
  EXPECT_EQ(station.read("cumulative_volume"),
            fmt::format("{}.{:02} m3", (before + 1500) / 1000, (before + 1500) % 1000 / 10));
}

TEST(StepUsage, TheRegisterRollsOverAndThePeriodDoesNot) {
  StepStation station;
  EXPECT_EQ(station.write("base_value", "99999.50"), "ok");
  station.litres(1'000);
  EXPECT_EQ(cumulative(station), 500);
  EXPECT_EQ(period(station), 1'000);
  EXPECT_EQ(station.shown("cumulative"), "0.5");
  EXPECT_EQ(station.write("base_value", "100000.00"), "refused");
  EXPECT_EQ(station.write("factory_enable", ""), "ok");
  EXPECT_EQ(station.write("base_value", "5.00"), "refused");
  EXPECT_EQ(station.write("factory_enable", ""), "refused") << "one time only";
}

TEST(StepUsage, Defects) {
  StepStation whole("cjt484-5.4.1-d1");
  whole.litres(1'500);
  EXPECT_EQ(period(whole), 1'000);
  StepStation tenth("cjt484-5.4.1-g1");
  tenth.litres(1'560);
  EXPECT_EQ(period(tenth), 1'500);
  StepStation asleep("cjt484-5.4.1-d3");
  const std::int64_t before = cumulative(asleep);
  asleep.litres(100);
  asleep.shown("period");
  asleep.litres(20);
  elapse(asleep.clock, 30s);
  asleep.litres(100);
  EXPECT_EQ(period(asleep), 20);
  EXPECT_EQ(cumulative(asleep) - before, 220);
}

struct CycleCase {
  const char* cycle;
  const char* settlement_time;  // MMDDhh
  const char* before;           // 10 s ahead of a settlement
  const char* mark;
  const char* other;  // 10 s ahead of a boundary that is none
};

class StepCycle : public testing::TestWithParam<CycleCase> {};

TEST_P(StepCycle, SettlesWhenTheClockRunsAcross) {
  const CycleCase& c = GetParam();
  StepStation station;
  EXPECT_EQ(station.write("settlement_time", c.settlement_time), "ok");
  EXPECT_EQ(station.write("settlement_cycle", c.cycle), "ok");
  EXPECT_EQ(station.read("settlement_cycle"), c.cycle);
  station.litres(311);
  const std::int64_t at_settlement = cumulative(station);
  station.run_across(c.before);
  EXPECT_EQ(mark(station), c.mark);
  EXPECT_EQ(settled(station), at_settlement);
  EXPECT_EQ(period(station), 0);
  station.litres(45);
  EXPECT_EQ(period(station), 45);
  EXPECT_EQ(settled(station), at_settlement);
  station.run_across(c.other);
  EXPECT_EQ(mark(station), c.mark) << "no settlement after " << c.other;
  EXPECT_EQ(period(station), 45);
}

INSTANTIATE_TEST_SUITE_P(
    Cycles, StepCycle,
    testing::Values(CycleCase{"01", "010100", "2026-12-04T23:59:50", "2026-12-05T00", "2026-12-06T22:59:50"},
                    CycleCase{"01", "010107", "2026-12-05T06:59:50", "2026-12-05T07", "2026-12-05T23:59:50"},
                    CycleCase{"02", "010100", "2026-12-31T23:59:50", "2027-01-01T00", "2027-01-01T23:59:50"},
                    CycleCase{"02", "062823", "2027-02-28T22:59:50", "2027-02-28T23", "2027-02-28T23:59:50"},
                    CycleCase{"03", "010100", "2026-12-31T23:59:50", "2027-01-01T00", "2027-01-31T23:59:50"},
                    CycleCase{"03", "020506", "2027-11-05T05:59:50", "2027-11-05T06", "2027-10-05T05:59:50"},
                    CycleCase{"03", "120100", "2027-02-28T23:59:50", "2027-03-01T00", "2027-03-31T23:59:50"},
                    CycleCase{"04", "070100", "2027-06-30T23:59:50", "2027-07-01T00", "2027-12-31T23:59:50"},
                    CycleCase{"04", "022800", "2028-02-27T23:59:50", "2028-02-28T00", "2028-02-28T23:59:50"},
                    CycleCase{"05", "010108", "2026-12-21T07:59:50", "2026-12-21T08", "2026-12-22T07:59:50"}));

TEST(StepSettlement, QuartersCountFromTheirMonth) {
  StepStation station;
  station.write("settlement_time", "020100");
  station.write("settlement_cycle", "03");
  std::string months;
  std::string last = mark(station);
  for (const char* eve : {"2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31",
                          "2027-06-30", "2027-07-31", "2027-08-31", "2027-09-30", "2027-10-31", "2027-11-30"}) {
    station.run_across(std::string(eve) + "T23:59:50");
    const std::string now = mark(station);
    if (now != last) months += now.substr(5, 2) + " ";
    last = now;
  }
  EXPECT_EQ(months, "02 05 08 11 ");
  StepStation wrong("cjt484-5.4.3-d5");
  wrong.write("settlement_cycle", "03");
  wrong.run_across("2027-01-31T23:59:50");
  EXPECT_EQ(mark(wrong), "2027-02-01T00");
}

TEST(StepSettlement, ACustomCycleCountsItsDays) {
  StepStation station;
  EXPECT_EQ(station.write("custom_cycle_days", "10"), "ok");
  station.write("settlement_cycle", "05");  // on 21 November
  elapse(station.clock, 31 * 24h);
  EXPECT_EQ(mark(station, 1), "2026-12-21T00");
  EXPECT_EQ(mark(station, 2), "2026-12-11T00");
  EXPECT_EQ(mark(station, 3), "2026-12-01T00");
  EXPECT_EQ(mark(station, 4), "");
}

TEST(StepSettlement, ALitreBeforeItAndOneAfterIt) {
  const auto records = [](const std::string& defect) {
    StepStation station(defect);
    station.write("settlement_cycle", "01");
    const std::int64_t before = cumulative(station);
    station.write("clock", "2026-12-04T23:59:50");
    const Utc settlement = std::chrono::sys_days{std::chrono::year{2026} / 12 / 5};
    elapse(station.clock, settlement - 5s - station.meter.time());
    station.meter.sensor_pulse();
    elapse(station.clock, settlement + 2s - station.meter.time());
    station.meter.sensor_pulse();
    elapse(station.clock, 5s);
    const bool none = mark(station).empty();
    return fmt::format("{} {}", none ? -1 : settled(station) - before, period(station));
  };
  EXPECT_EQ(records(""), "1 1");
  EXPECT_EQ(records("cjt484-5.4.3-g1"), "1 1");
  EXPECT_EQ(records("cjt484-5.4.5-d4"), "0 2");
  EXPECT_EQ(records("cjt484-5.4.3-d4"), "-1 2");
}

TEST(StepSettlement, TheInstantItselfIsOfTheNewPeriod) {
  StepStation station;
  station.write("settlement_cycle", "01");
  const std::int64_t before = cumulative(station);
  station.write("clock", "2026-12-04T23:59:50");
  const Utc settlement = std::chrono::sys_days{std::chrono::year{2026} / 12 / 5};
  elapse(station.clock, settlement - 1ms - station.meter.time());
  while (station.meter.time() < settlement - 1ns)
    elapse(station.clock, std::max<Duration>(1ns, (settlement - station.meter.time()) / 2));
  station.meter.sensor_pulse();
  while (station.meter.time() < settlement) elapse(station.clock, 1ns);
  EXPECT_EQ(station.meter.time(), settlement);
  station.meter.sensor_pulse();
  EXPECT_EQ(settled(station) - before, 1);
  EXPECT_EQ(period(station), 1);
}

TEST(StepSettlement, LateFreezesAndFrozenPeriods) {
  StepStation slow("cjt484-5.4.3-g1");
  slow.litres(100);
  slow.write("settlement_cycle", "01");
  slow.write("clock", "2026-12-04T23:59:58");
  elapse(slow.clock, 4s);
  EXPECT_EQ(mark(slow), "") << "not before 6 s";
  elapse(slow.clock, 5s);
  EXPECT_EQ(mark(slow), "2026-12-05T00");
  StepStation period_frozen("cjt484-5.4.5-d3");
  period_frozen.litres(100);
  period_frozen.settle_daily();
  EXPECT_EQ(settled(period_frozen), 100);
  StepStation remainder("cjt484-5.4.5-g2");
  remainder.litres(107);
  EXPECT_EQ(period(remainder), 100);
  remainder.settle_daily();
  EXPECT_EQ(period(remainder), 0);
  remainder.litres(3);
  EXPECT_EQ(period(remainder), 10);
  StepStation early("cjt484-5.4.5-d4");
  early.write("settlement_cycle", "01");
  early.write("clock", "2026-12-04T23:58:50");
  elapse(early.clock, 15s);
  EXPECT_EQ(mark(early), "2026-12-05T00");
}

TEST(StepSettlement, SettingTheClockSettlesNothingAndClearsNothing) {
  StepStation station;
  station.litres(20);
  station.settle_daily();
  station.litres(30);
  station.write("clock", "2027-03-01T12:00:00");
  EXPECT_EQ(mark(station), "2026-12-25T00");
  EXPECT_EQ(period(station), 30);
  station.write("clock", "2026-12-01T12:00:00");
  EXPECT_EQ(mark(station), "2026-12-25T00");
  EXPECT_EQ(period(station), 30);
  station.run_across("2026-12-04T23:59:50");
  EXPECT_EQ(mark(station), "2026-12-05T00");
  EXPECT_EQ(mark(station, 2), "2026-12-25T00");
}

// Without anybody asking, and looked at every hour: a look takes no time.
TEST(StepSettlement, AYearOfDaysIsTheSameAskedOrNot) {
  const auto year = [](bool asked) {
    StepStation station;
    station.write("settlement_cycle", "01");
    for (int hour = 0; hour < 365 * 24; ++hour) {
      if (hour % 5 == 0) station.meter.sensor_pulse();
      elapse(station.clock, 1h);
      if (asked) station.shown("period");
    }
    std::string all = fmt::format("{} {}\n", period(station), station.balance());
    for (int n = 1; n <= 24; ++n)
      all += mark(station, n) + " " + station.read(fmt::format("settled_volume_{}", n)) + "\n";
    return all;
  };
  const std::string unasked = year(false);
  EXPECT_NE(unasked.find("\n2027-11-21T00"), std::string::npos) << unasked;
  EXPECT_NE(unasked.find("\n2027-10-29T00"), std::string::npos) << unasked;
  EXPECT_EQ(year(true), unasked);
}

TEST(StepSettlement, ThirteenDaysLeaveTwelveRecordsInOrderAlsoThroughAGap) {
  Sample sample = water_sample();
  sample.settlement_records = 12;
  StepStation station("", sample);
  station.write("settlement_cycle", "01");
  std::vector<std::string> expected;
  for (int i = 1; i <= 13; ++i) {
    station.litres(10 * i);
    const std::string volume = station.read("cumulative_volume_fine");
    station.run_across(fmt::format("2026-12-{:02}T23:59:50", i));
    expected.insert(expected.begin(), fmt::format("2026-12-{:02}T00 ", i + 1) + volume);
  }
  const auto twelve = [&] {
    std::vector<std::string> found;
    for (int n = 1; n <= 12; ++n)
      found.push_back(mark(station, n) + " " + station.read(fmt::format("settled_volume_{}", n)));
    return found;
  };
  expected.pop_back();
  EXPECT_EQ(twelve(), expected);
  station.power_cycle();
  EXPECT_EQ(twelve(), expected);
  EXPECT_THROW(mark(station, 13), MeterRefused);
  EXPECT_EQ(station.read("settlement_day_volume"),
            fmt::format("{}", expected[0].substr(14, expected[0].size() - 18) + " m3"));
}

TEST(StepSettlement, WhatAGapHeldUpIsMadeUpForAtTheStart) {
  StepStation station;
  station.write("settlement_cycle", "01");
  station.litres(5);
  station.cut();
  elapse(station.clock, 72h);
  station.power();
  elapse(station.clock, 3s);
  EXPECT_EQ(mark(station, 1), "2026-11-24T00");
  EXPECT_EQ(mark(station, 3), "2026-11-22T00");
  EXPECT_EQ(settled(station, 1), settled(station, 3));
  EXPECT_EQ(period(station), 0);
}

TEST(StepSettlement, DefectsOfTheRecords) {
  StepStation reading("cjt484-5.4.6b-d3");
  reading.settle_daily();
  elapse(reading.clock, 5h);
  EXPECT_EQ(mark(reading), "2026-12-25T05");
  StepStation ram("cjt484-5.4.6b-d4");
  ram.settle_daily();
  EXPECT_EQ(mark(ram), "2026-12-25T00");
  ram.power_cycle();
  EXPECT_EQ(mark(ram), "");
}

TEST(StepStorage, ThePeriodOutlivesAGap) {
  const auto after_gap = [](const std::string& defect) {
    StepStation station(defect);
    station.litres(100);
    elapse(station.clock, 2h);
    station.litres(11);
    station.power_cycle();
    return period(station);
  };
  EXPECT_EQ(after_gap(""), 111);
  EXPECT_EQ(after_gap("cjt484-5.4.6a-d1"), 0);
  EXPECT_EQ(after_gap("cjt484-5.4.6a-d2"), 100);
  EXPECT_EQ(after_gap("cjt484-5.4.6a-g1"), 111);
}

}  // namespace
}  // namespace meterrig::bench
