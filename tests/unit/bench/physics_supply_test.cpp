#include <gtest/gtest.h>

#include "meter_support.hpp"

namespace meterrig::bench {
namespace {

// A load of any current, which remembers what it was told.
struct Load final : MeterBody {
  int told = 0;
  void supply_changed(const VoltageSignal&) override { ++told; }
  void uart_connected(bool) override {}
  void manual_action() override {}
  double valve_opening() const override { return 0; }
  double seat_leak_l_per_h_at_15_kpa() const override { return 0; }
  double body_leak_l_per_h_at_15_kpa(bool) const override { return 0; }
  void volume_passed(double) override {}
};

struct SupplyPathTest : testing::Test {
  VirtualClock clock;
  Load load;
  std::unique_ptr<SupplyPath> path = make_supply_path(clock, load, 1);
  void on(double amperes_limit = 3) {
    path->set_supply(6, amperes_limit, true);
    path->set_contact(Contact::k2, true);
    elapse(clock, 1s);
  }
  double terminals() const { return path->terminals().at(clock.now()); }
};

TEST_F(SupplyPathTest, DropsByItsResistance) {
  on();
  path->set_meter_current(250 * milliampere);
  EXPECT_NEAR(terminals(), 6 - 0.25 * (0.05 + 0.02 + 0.01), 1e-9);
  EXPECT_NEAR(path->supply_volts(), 6 - 0.25 * 0.05, 1e-9);
  EXPECT_NEAR(path->supply_amperes(), 0.25, 1e-12);
  EXPECT_FALSE(path->constant_current());
}

TEST_F(SupplyPathTest, GapOfFiveMillisecondsDipsToThreeVolts) {
  on();
  path->set_meter_current(18'000);
  path->set_contact(Contact::k2, false);
  elapse(clock, 5ms);
  path->set_contact(Contact::k1, true);
  const Instant now = clock.now();
  EXPECT_NEAR(path->terminals().minimum(now - 1s, now), 3.0, 0.05);
  elapse(clock, 10ms);
  EXPECT_NEAR(terminals(), 6, 1e-3);
}

TEST_F(SupplyPathTest, OverlapKeepsTheVoltageAndSharesTheCurrent) {
  on();
  path->set_meter_current(10'000'000);
  path->set_contact(Contact::k1, true);
  const Instant both = clock.now();
  elapse(clock, 20ms);
  path->set_contact(Contact::k2, false);
  elapse(clock, 20ms);
  EXPECT_GT(path->terminals().minimum(both, clock.now()), 5.99);
  EXPECT_EQ(path->current(Path::k1_microammeter).at(both), 5'000'000);
  EXPECT_EQ(path->current(Path::k2_ammeter).at(both), 5'000'000);
  EXPECT_EQ(path->current(Path::k1_microammeter).at(clock.now()), 10'000'000);
  EXPECT_EQ(path->current(Path::k2_ammeter).at(clock.now()), 0);
}

TEST_F(SupplyPathTest, CollapsesInItsLimitAndComesBack) {
  on(0.2);
  path->set_meter_current(250 * milliampere);
  EXPECT_TRUE(path->constant_current());
  EXPECT_EQ(path->current(Path::k2_ammeter).at(clock.now()), 200 * milliampere);
  elapse(clock, 10ms);
  EXPECT_LT(terminals(), 0.95 * 6);
  path->set_meter_current(18'000);
  elapse(clock, 100ms);
  EXPECT_NEAR(terminals(), 6, 1e-3);
  EXPECT_FALSE(path->constant_current());
}

TEST_F(SupplyPathTest, HiddenLimitStarvesWithoutSayingSo) {
  on();
  path->set_hidden_limit(0.2);
  path->set_meter_current(250 * milliampere);
  elapse(clock, 20ms);
  EXPECT_LT(terminals(), 0.95 * 6);
  EXPECT_FALSE(path->constant_current());
}

TEST_F(SupplyPathTest, DummyLoadsHangOnTheInstruments) {
  path->set_supply(6, 3, true);
  elapse(clock, 1s);
  path->set_contact(Contact::dummy_light, true);
  path->set_contact(Contact::dummy_heavy, true);
  EXPECT_EQ(path->current(Path::k1_microammeter).at(clock.now()), 6 * milliampere);
  EXPECT_EQ(path->current(Path::k2_ammeter).at(clock.now()), 600 * milliampere);
  EXPECT_EQ(terminals(), 0);
  path->set_supply(0, 3, false);
  elapse(clock, 1s);
  EXPECT_EQ(path->current(Path::k2_ammeter).at(clock.now()), 0);
}

TEST_F(SupplyPathTest, BurdenOfAMultimeterIsFelt) {
  on();
  path->set_contact(Contact::k1, true);
  path->set_contact(Contact::k2, false);
  path->set_burden(Path::k1_microammeter, 1000);
  path->set_meter_current(12 * milliampere);
  elapse(clock, 6ms);
  EXPECT_NEAR(terminals(), 6 - 0.15, 0.02);
}

TEST_F(SupplyPathTest, SlewsAndPrunes) {
  path->set_contact(Contact::k2, true);
  path->set_supply(6, 3, true);
  elapse(clock, 1ms);
  EXPECT_NEAR(terminals(), 2, 1e-6);
  for (int i = 0; i < 10'000; ++i) {
    path->set_meter_current(i % 2 == 0 ? 1000 : 2000);
    elapse(clock, 100ms);
  }
  EXPECT_LT(path->current(Path::k2_ammeter).size(), 200u);
  auto held = path->retain_from(clock.now());
  for (int i = 0; i < 1'000; ++i) {
    path->set_meter_current(i % 2 == 0 ? 1000 : 2000);
    elapse(clock, 100ms);
  }
  EXPECT_GE(path->current(Path::k2_ammeter).size(), 1000u);
  held.reset();
  path->set_meter_current(7);
  EXPECT_LT(path->current(Path::k2_ammeter).size(), 200u);
}

TEST_F(SupplyPathTest, SmallDropsOfItsOwnAreNoNewsToTheMeter) {
  on();
  const int told = load.told;
  for (int i = 0; i < 10; ++i) path->set_meter_current(i % 2 == 0 ? 12 * milliampere : 18'000);
  EXPECT_EQ(load.told, told);
  path->set_supply(5.99, 3, true);
  EXPECT_GT(load.told, told);
}

}  // namespace
}  // namespace meterrig::bench
