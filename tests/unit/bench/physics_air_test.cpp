#include <gtest/gtest.h>

#include "meter_support.hpp"

namespace meterrig::bench {
namespace {

struct Body final : MeterBody {
  double opening = 0, seat = 0.02, body = 0;
  double passed = 0;
  double to_pulse = 1e9;
  void supply_changed(const VoltageSignal&) override {}
  void uart_connected(bool) override {}
  void manual_action() override {}
  double valve_opening() const override { return opening; }
  double seat_leak_l_per_h_at_15_kpa() const override { return opening > 0 ? 0 : seat; }
  double body_leak_l_per_h_at_15_kpa(bool) const override { return body; }
  void volume_passed(double cubic_metres) override { passed += cubic_metres; }
};

struct AirLineTest : testing::Test {
  VirtualClock clock;
  Body body;
  std::unique_ptr<AirLine> air = make_air_line(clock, body, 1);
  void fill(double kpa) {
    air->set_vent(false);
    air->set_inlet_valve(true);
    air->set_source(kpa, true, 5);
  }
};

TEST_F(AirLineTest, FillsWithoutOvershootAndVents) {
  fill(15);
  double most = 0;
  for (int i = 0; i < 100; ++i) {
    elapse(clock, 100ms);
    most = std::max(most, air->gauge_kpa());
  }
  EXPECT_NEAR(air->gauge_kpa(), 15, 1e-6);
  EXPECT_LE(most, 15.0001);
  air->set_inlet_valve(false);
  air->set_vent(true);
  elapse(clock, 5s);
  EXPECT_LT(air->gauge_kpa(), 0.1);
}

TEST_F(AirLineTest, TightLineHoldsItsPressure) {
  body.opening = 1;
  air->set_outlet_seal(true);
  fill(15);
  elapse(clock, 120s);
  air->set_inlet_valve(false);
  const double before = air->gauge_kpa();
  elapse(clock, 180s);
  EXPECT_NEAR(air->gauge_kpa(), before, 0.002);
}

TEST_F(AirLineTest, BodyLeakOfMutantD2DropsSixtyPascals) {
  body.opening = 1;
  body.body = 0.0237341;
  air->set_outlet_seal(true);
  fill(15);
  elapse(clock, 300s);
  air->set_inlet_valve(false);
  const double before = air->gauge_kpa();
  elapse(clock, 180s);
  EXPECT_NEAR(air->gauge_kpa() - before, -0.060, 0.0005);
}

TEST_F(AirLineTest, CoolingMovesThePressureOfATightLine) {
  air->set_outlet_seal(true);
  fill(15);
  elapse(clock, 300s);
  air->set_gas_temperature_rate(-6);
  air->set_inlet_valve(false);
  const double celsius = air->gas_celsius(), kpa = air->gauge_kpa();
  elapse(clock, 180s);
  EXPECT_NEAR(air->gas_celsius() - celsius, -0.3, 1e-6);
  EXPECT_NEAR(air->gauge_kpa() - kpa, -0.119, 0.002);
  elapse(clock, 12h);
  EXPECT_NEAR(air->gas_celsius(), 20, 3.01);
}

TEST_F(AirLineTest, FillingWarmsTheGasForAWhile) {
  fill(15);
  elapse(clock, 4s);
  EXPECT_GT(air->gas_celsius(), 20.05);
  elapse(clock, 120s);
  EXPECT_NEAR(air->gas_celsius(), 20, 0.001);
}

TEST_F(AirLineTest, LeakIsVolumetricAtOutletConditions) {
  body.seat = 0.28;
  fill(15);
  elapse(clock, 60s);
  EXPECT_NEAR(air->outlet_l_per_h(), 0.28, 1e-6);
  air->set_ambient(30, 96);
  EXPECT_NEAR(air->outlet_l_per_h(), 0.3056, 1e-4);
  air->set_outlet_seal(true);
  EXPECT_EQ(air->outlet_l_per_h(), 0);
}

TEST_F(AirLineTest, FlowFollowsTheOpeningOfTheValve) {
  body.opening = 1;
  fill(2);
  elapse(clock, 30s);
  EXPECT_NEAR(air->outlet_l_per_h(), 300, 0.1);
  body.opening = 0.4;
  EXPECT_NEAR(air->outlet_l_per_h(), 120, 0.1);
  body.opening = 0;
  body.seat = 35;
  EXPECT_NEAR(air->outlet_l_per_h(), 4.67, 0.01);
}

TEST_F(AirLineTest, SourceHasACeilingAndACapacity) {
  air->set_source_ceiling(14.2);
  fill(15);
  elapse(clock, 60s);
  EXPECT_NEAR(air->gauge_kpa(), 14.2, 1e-6);
  EXPECT_NEAR(air->source_kpa(), 14.2, 1e-6);
  air->set_source_ceiling(20);
  body.body = 4000;
  air->valve_moved();
  elapse(clock, 60s);
  EXPECT_LT(air->gauge_kpa(), 6);
  EXPECT_NEAR(air->source_kpa(), 15, 1e-6);
}

TEST_F(AirLineTest, FlowBenchPassesWhatItSaysWhileTheValveIsOpen) {
  body.opening = 1;
  air->set_flow(4, true);
  elapse(clock, 9s);
  EXPECT_NEAR(air->passed_m3(), 0.01, 1e-9);
  body.opening = 0;
  air->valve_moved();
  elapse(clock, 60s);
  EXPECT_NEAR(air->passed_m3(), 0.01, 1e-9);
  EXPECT_NEAR(body.passed, 0.01, 1e-9);
}

}  // namespace
}  // namespace meterrig::bench
