#include <gtest/gtest.h>

#include "meter_support.hpp"

namespace meterrig::bench {
namespace {

void open_at_two_kpa(LoneStation& station) {
  station->power_and_settle();
  station->open_valve();
  station->air->set_inlet_valve(true);
  station->air->set_source(2, true, 5);
  elapse(station.clock, 10s);
}

TEST(MeterValve, AuthorisationWaitsForTheKey) {
  LoneStation station;
  station->power_and_settle();
  const auto reply = station->valve(0x55);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->control, 0x84);
  EXPECT_EQ(reply->data, (std::vector<std::uint8_t>{0xA0, 0x17, 8, 0x01, 0x01}));
  elapse(station.clock, 60s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
  EXPECT_TRUE(station->meter.shown_waiting_for_key());
  station->press_key();
  elapse(station.clock, 5s);
  EXPECT_EQ(station->meter.valve_opening(), 1);
  EXPECT_EQ(station->meter.shown_valve_state(), ShownValve::open);
  EXPECT_EQ(station->status(), 0u);
  EXPECT_EQ(station->valve(0x99)->control, 0x84);
  elapse(station.clock, 5s);
  EXPECT_EQ(station->status(), 1u);
  station->press_key();
  elapse(station.clock, 10s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
}

TEST(MeterValve, AuthorisationEndsAfterTenMinutesOrAClose) {
  LoneStation station;
  station->power_and_settle();
  station->valve(0x55);
  elapse(station.clock, 11min);
  station->press_key();
  elapse(station.clock, 5s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
  station->valve(0x55);
  station->valve(0x99);
  station->press_key();
  elapse(station.clock, 5s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
}

TEST(MeterValve, MotorCurrentRunsThenStalls) {
  LoneStation station;
  station->power_and_settle();
  station->open_valve();
  const Instant from = station.clock.now();
  const auto held = station->supply->retain_from(from);
  station->valve(0x99);
  elapse(station.clock, 5s);
  const CurrentSignal& current = station->supply->current(Path::k2_ammeter);
  const Instant start = from + 25ms;
  EXPECT_GE(current.minimum(start + 1ms, start + 3s), 80 * milliampere);
  EXPECT_LT(current.maximum(start, start + 2990ms), 100 * milliampere);
  EXPECT_GE(current.minimum(start + 3001ms, start + 3079ms), 250 * milliampere);
  EXPECT_LT(current.maximum(start + 3081ms, start + 4s), 20 * milliampere);
}

TEST(MeterValve, ClosesOnPowerLoss) {
  LoneStation station;
  open_at_two_kpa(station);
  EXPECT_NEAR(station->air->outlet_l_per_h(), 300, 0.1);
  station->cut();
  elapse(station.clock, 2150ms);
  EXPECT_GT(station->air->outlet_l_per_h(), 1);
  elapse(station.clock, 100ms);
  EXPECT_LT(station->air->outlet_l_per_h(), 1);
  elapse(station.clock, 60s);
  station->power();
  elapse(station.clock, 3s);
  EXPECT_EQ(station->status(), 1u);
}

TEST(MeterValve, NeedsAChargedReserveAndAReplaceableBattery) {
  Sample fixed = sample_of();
  fixed.replaceable_battery = false;
  LoneStation built_in("", 1, fixed);
  built_in->power_and_settle();
  built_in->open_valve();
  built_in->cut();
  elapse(built_in.clock, 60s);
  EXPECT_EQ(built_in->meter.valve_opening(), 1);

  LoneStation station;
  station->power_and_settle();
  station->open_valve();
  station->cut();
  elapse(station.clock, 1s);
  station->power();
  elapse(station.clock, 3s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
}

TEST(MeterValve, PowerLossMutants) {
  const auto flow_after_cut = [](const char* defect, Duration wait) {
    LoneStation station(defect);
    open_at_two_kpa(station);
    station->cut();
    elapse(station.clock, wait);
    return station->air->outlet_l_per_h();
  };
  EXPECT_NEAR(flow_after_cut("cjt503-5.3.12-d2", 60s), 300, 0.1);
  EXPECT_NEAR(flow_after_cut("cjt503-5.3.12-d3", 60s), 120, 0.1);
  EXPECT_GT(flow_after_cut("cjt503-5.3.12-g1", 4700ms), 1);
  EXPECT_LT(flow_after_cut("cjt503-5.3.12-g1", 4850ms), 1);
  EXPECT_GT(flow_after_cut("cjt503-5.3.12-x1", 5s), 1);
  EXPECT_NEAR(flow_after_cut("cjt503-5.3.5-d2", 60s), 4.67, 0.01);
}

TEST(MeterValve, LeaksAtFifteenKilopascals) {
  const auto leak = [](const char* defect, Duration wait, int starts = 1) {
    LoneStation station(defect);
    for (int i = 0; i < starts; ++i) {
      station->cut();
      elapse(station.clock, 20s);
      station->power_and_settle();
    }
    station->air->set_inlet_valve(true);
    station->air->set_source(15, true, 5);
    elapse(station.clock, wait);
    return station->air->outlet_l_per_h();
  };
  EXPECT_NEAR(leak("", 90s), 0.02, 0.002);
  EXPECT_NEAR(leak("cjt503-5.3.5-d2", 90s), 35, 0.01);
  EXPECT_NEAR(leak("cjt503-5.3.5-d4", 69s), 0.28, 1e-6);
  EXPECT_NEAR(leak("cjt503-5.3.5-d4", 72s), 0.50, 1e-6);
  EXPECT_NEAR(leak("cjt503-5.3.5-g1", 90s), 0.28, 1e-6);
  EXPECT_GT(leak("cjt503-5.3.5-x1", 90s, 2), 0.4);
}

TEST(MeterValve, WearsOnlyAsItsMutantSays) {
  const auto leak_after = [](const char* defect, int cycles) {
    VirtualClock clock;
    ValveTraits traits = healthy_traits(sample_of()).valve;
    if (*defect != 0) {
      MeterTraits all = healthy_traits(sample_of());
      for (const auto change : find_meter_defect(defect)->changes) change(all);
      traits = all.valve;
    }
    Valve valve(clock, traits, 1, {[](std::int64_t) {}, [] {}});
    for (int i = 0; i < cycles; ++i) {
      valve.open();
      elapse(clock, 4s);
      valve.close();
      elapse(clock, 4s);
    }
    return valve.dead() ? -1 : valve.seat_leak();
  };
  EXPECT_NEAR(leak_after("", 5000), 0.02, 1e-9);
  EXPECT_NEAR(leak_after("cjt503-5.3.6-d1", 3100), 0.02, 1e-9);
  EXPECT_NEAR(leak_after("cjt503-5.3.6-d1", 5000), 0.65, 1e-9);
  EXPECT_NEAR(leak_after("cjt503-5.3.6-g1", 5000), 0.29, 1e-9);
  EXPECT_NEAR(leak_after("cjt503-5.3.6-g1", 5100), 0.29, 1e-9);
  EXPECT_EQ(leak_after("cjt503-5.3.6-d2", 4216), 0.02);
  EXPECT_EQ(leak_after("cjt503-5.3.6-d2", 4217), -1);
}

TEST(MeterValve, EveryFiftiethCloseIsForgotten) {
  LoneStation station("cjt503-5.3.6-d3");
  station->power_and_settle();
  for (int i = 0; i < 49; ++i) station->valve(0x99);
  station->open_valve();
  EXPECT_EQ(station->valve(0x99)->control, 0x84);
  elapse(station.clock, 5s);
  EXPECT_EQ(station->meter.valve_opening(), 1);
  station->valve(0x99);
  elapse(station.clock, 5s);
  EXPECT_EQ(station->meter.valve_opening(), 0);
}

TEST(MeterValve, ProtectionMutants) {
  LoneStation by_itself("cjt503-5.3.14-d1");
  by_itself->power_and_settle();
  by_itself->valve(0x55);
  elapse(by_itself.clock, 10s);
  EXPECT_EQ(by_itself->meter.valve_opening(), 1);

  LoneStation key_alone("cjt503-5.3.14-d2");
  key_alone->power_and_settle();
  key_alone->press_key();
  elapse(key_alone.clock, 5s);
  EXPECT_EQ(key_alone->meter.valve_opening(), 1);

  LoneStation patient("cjt503-5.3.14-g1");
  patient->power_and_settle();
  patient->valve(0x55);
  elapse(patient.clock, 24h);
  patient->press_key();
  elapse(patient.clock, 4s);
  EXPECT_EQ(patient->meter.valve_opening(), 0);
  elapse(patient.clock, 5s);
  EXPECT_EQ(patient->meter.valve_opening(), 1);

  LoneStation shows_open("cjt503-5.3.15-d1");
  shows_open->power_and_settle();
  EXPECT_EQ(shows_open->meter.shown_valve_state(), ShownValve::open);
  EXPECT_EQ(shows_open->status(), 1u);
}

TEST(MeterBodyTightness, MutantsLeakWhereTheySay) {
  const auto drop = [](const char* defect, bool open) {
    LoneStation station(defect);
    station->power_and_settle();
    if (open) station->open_valve();
    station->air->set_outlet_seal(true);
    station->air->set_inlet_valve(true);
    station->air->set_source(15, true, 5);
    elapse(station.clock, 180s);
    station->air->set_inlet_valve(false);
    const double before = station->air->gauge_kpa();
    elapse(station.clock, 180s);
    return 1000 * (station->air->gauge_kpa() - before);
  };
  EXPECT_NEAR(drop("", true), 0, 1);
  EXPECT_NEAR(drop("cjt503-5.3.7-d2", true), -60, 1);
  EXPECT_NEAR(drop("cjt503-5.3.7-d3", false), 0, 1);
  EXPECT_LT(drop("cjt503-5.3.7-d3", true), -100);
  EXPECT_LT(drop("cjt503-5.3.7-x1", true), -1000);
}

}  // namespace
}  // namespace meterrig::bench
