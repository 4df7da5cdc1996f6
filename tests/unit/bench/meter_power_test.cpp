#include <gtest/gtest.h>

#include "meter_support.hpp"

namespace meterrig::bench {
namespace {

// Mean current over whole wake-up periods, in picoamperes, exact.
std::int64_t mean_picoamperes(LoneStation& station, Duration window = 60s) {
  const auto [charge, time] = station->charge(window);
  EXPECT_TRUE(charge * 1000 % time == 0);
  return static_cast<std::int64_t>(charge * 1000 / time);
}

struct MeanCurrent {
  const char* defect;
  std::int64_t nanoamperes;
};

class QuiescentCurrent : public testing::TestWithParam<MeanCurrent> {};

TEST_P(QuiescentCurrent, IsExactForEverySeed) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    LoneStation station(GetParam().defect, seed);
    station->power();
    elapse(station.clock, 200s + seed * 777ms);
    EXPECT_EQ(mean_picoamperes(station), GetParam().nanoamperes * 1000) << GetParam().defect << " seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Meters, QuiescentCurrent,
                         testing::Values(MeanCurrent{"", 32'400}, MeanCurrent{"cjt503-5.3.8-g2", 50'000},
                                         MeanCurrent{"cjt503-5.3.8-g1", 49'200}, MeanCurrent{"cjt503-5.3.8-g4", 12'000},
                                         MeanCurrent{"cjt503-5.3.8-d3", 56'000}, MeanCurrent{"cjt503-5.3.8-d5", 57'000},
                                         MeanCurrent{"cjt503-5.3.8-x1", 62'400},
                                         MeanCurrent{"cjt503-5.3.8-x2", 914'400}));

TEST(MeterPower, UartFeedsTheMeterOfMutantD5) {
  LoneStation station("cjt503-5.3.8-d5");
  station->power_and_settle();
  station->supply->set_contact(Contact::uart, true);
  EXPECT_EQ(mean_picoamperes(station), 48'000'000);
  station->supply->set_contact(Contact::uart, false);
  EXPECT_EQ(mean_picoamperes(station), 57'000'000);
}

TEST(MeterPower, LateFloorIsQuietForTwoMinutes) {
  LoneStation station("cjt503-5.3.8-x1");
  station->power_and_settle();
  EXPECT_EQ(mean_picoamperes(station, 30s), 32'400'000);
}

TEST(MeterPower, StartsWithInrushAndBoot) {
  LoneStation station;
  const Instant from = station.clock.now();
  station->power();
  elapse(station.clock, 2s);
  EXPECT_TRUE(station->meter.running());
  const CurrentSignal& current = station->supply->current(Path::k2_ammeter);
  EXPECT_EQ(current.at(from + 500ms), 5 * milliampere);
  EXPECT_GE(current.maximum(from, from + 10ms), 300 * milliampere);
  EXPECT_LE(current.maximum(from + 20ms, from + 900ms), 5 * milliampere);
}

TEST(MeterPower, StartsUnderALowCurrentLimit) {
  LoneStation station;
  station->supply->set_supply(6, 0.1, true);
  station->supply->set_contact(Contact::k2, true);
  elapse(station.clock, 3s);
  EXPECT_TRUE(station->meter.running());
  EXPECT_EQ(station->meter.starts(), 1);
}

TEST(MeterPower, GapOfFiveMillisecondsDoesNotResetIt) {
  LoneStation station;
  station->power_and_settle();
  station->cut();
  elapse(station.clock, 5ms);
  station->power();
  elapse(station.clock, 2s);
  EXPECT_EQ(station->meter.starts(), 1);
  station->cut();
  elapse(station.clock, 1s);
  EXPECT_FALSE(station->meter.running());
  EXPECT_EQ(station->meter.shown_valve_state(), ShownValve::blank);
  station->power();
  elapse(station.clock, 2s);
  EXPECT_EQ(station->meter.starts(), 2);
}

TEST(MeterUndervoltage, WarnsAndClosesWithinTheDeclaredLatency) {
  LoneStation station;
  station->power_and_settle();
  station->open_valve();
  station->power(4.81);
  elapse(station.clock, 60s);
  EXPECT_EQ(station->status() & 4U, 0u);
  station->power(4.8);
  elapse(station.clock, 10s);
  EXPECT_EQ(station->status() & 7U, 4u);
  EXPECT_TRUE(station->meter.shown_battery_low());
  station->power(4.51);
  elapse(station.clock, 60s);
  EXPECT_EQ(station->status() & 3U, 0u);
  station->power(4.5);
  elapse(station.clock, 10s);
  EXPECT_EQ(station->status() & 7U, 5u);
  // It opens for nobody at this voltage.
  station->open_valve();
  EXPECT_EQ(station->meter.valve_opening(), 0);
  station->power(6);
  elapse(station.clock, 10s);
  EXPECT_EQ(station->status() & 7U, 1u);
}

TEST(MeterUndervoltage, MutantsAreEarlyLateOrSilent) {
  const auto closed_after = [](const char* defect, double volts, Duration dwell) {
    LoneStation station(defect);
    station->power_and_settle();
    station->open_valve();
    station->power(volts);
    elapse(station.clock, dwell);
    return std::pair(station->meter.valve_opening() == 0, station->meter.shown_battery_low());
  };
  EXPECT_EQ(closed_after("cjt503-5.3.13-d2", 4.5, 60s), std::pair(false, true));
  EXPECT_EQ(closed_after("cjt503-5.3.13-d2", 4.25, 60s), std::pair(true, true));
  EXPECT_EQ(closed_after("cjt503-5.3.13-g1", 4.53, 10s), std::pair(true, true));
  EXPECT_EQ(closed_after("cjt503-5.3.13-g1", 4.82, 10s), std::pair(false, true));
  EXPECT_EQ(closed_after("cjt503-5.3.13-x1", 4.5, 20s), std::pair(false, true));
  EXPECT_EQ(closed_after("cjt503-5.3.13-x1", 4.5, 50s), std::pair(true, true));
  EXPECT_EQ(closed_after("cjt503-5.3.13-x2", 4.5, 20s), std::pair(true, false));
}

// 6.15 to the end: down to 0 V in ten seconds and back.
std::pair<std::uint64_t, std::uint64_t> register_through_brown_out(const char* defect) {
  LoneStation station(defect);
  station->power_and_settle();
  station->open_valve();
  station->flow_pulses(7);
  elapse(station.clock, 5s);
  const auto before = station->volume_hundredths();
  for (int centivolts = 600; centivolts >= 0; centivolts -= 5) {
    station->power(centivolts / 100.0);
    elapse(station.clock, centivolts > 400 ? 5s : 125ms);
  }
  elapse(station.clock, 10s);
  station->power(6);
  elapse(station.clock, 5s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
  return {before, station->volume_hundredths()};
}

TEST(MeterUndervoltage, RegisterSurvivesABrownOut) {
  const auto healthy = register_through_brown_out("");
  EXPECT_EQ(healthy.first, healthy.second);
  const auto every_ten = register_through_brown_out("cjt503-5.3.11-d1");
  EXPECT_EQ(every_ten.first, every_ten.second);
  const auto spoilt = register_through_brown_out("cjt503-5.3.13-d3");
  EXPECT_NE(spoilt.first, spoilt.second);
}

}  // namespace
}  // namespace meterrig::bench
