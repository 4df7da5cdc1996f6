#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/bench/step_meter_support.hpp"

// What is done to a water meter from outside: water through its wheels, its pipe drained, its supply disturbed.
namespace meterrig::bench {
namespace {

int litres_in(const std::string& text) { return static_cast<int>(std::lround(std::stod(text) * 1000)); }

int counted(StepStation& station, double cubic_metres) {
  const int before = litres_in(station.read("cumulative_volume_fine"));
  station.meter.volume_passed(cubic_metres);
  return litres_in(station.read("cumulative_volume_fine")) - before;
}

TEST(StepWheels, GiveAPulseALitre) {
  StepStation good, lossy("cjt484-5.2.12-d1");
  EXPECT_EQ(counted(good, 0.02), 20);
  EXPECT_EQ(counted(lossy, 0.02), 15);
}

TEST(StepWheels, AreReadDirectlyWithTheNextOneTooEarly) {
  Sample sample = water_sample();
  sample.direct_reading = true;
  StepStation good("", sample), early("cjt484-5.2.12-d2", sample);
  for (int litre = 0; litre < 10; ++litre) {
    const int should = litres_in(good.read("cumulative_volume_fine"));
    EXPECT_EQ(litres_in(early.read("cumulative_volume_fine")) - should, should % 10 == 9 ? 10 : 0);
    good.meter.volume_passed(0.001);
    early.meter.volume_passed(0.001);
  }
}

TEST(StepPipe, DrainedMakesANoisySensorCount) {
  StepStation station("cjt484-5.1.3-d1");
  const auto counts = [&](const char* deed) {
    EXPECT_EQ(station.meter.observe(std::string("confirm:") + deed), "yes");
    const int before = litres_in(station.read("cumulative_volume_fine"));
    elapse(station.clock, 15min);
    return litres_in(station.read("cumulative_volume_fine")) - before;
  };
  EXPECT_EQ(counts("filled"), 0);
  EXPECT_EQ(counts("drained"), 3);
  EXPECT_EQ(counts("filled"), 0);
  EXPECT_EQ(station.meter.observe("confirm:painted"), std::nullopt);
}

TEST(StepSupply, TooLowLetsItLosePulses) {
  StepStation station("cjt484-5.3.4-d1");
  station.supply->set_supply(2.75, 3, true);
  EXPECT_EQ(counted(station, 0.01), 0);
  station.supply->set_supply(2.85, 3, true);
  EXPECT_EQ(counted(station, 0.01), 10);
}

TEST(StepSupply, ShortGapClearsThePeriodALongOneDoesNot) {
  StepStation station("cjt484-5.3.5-d1");
  const auto period_after = [&](Duration gap) {
    station.meter.volume_passed(0.01);
    station.supply->set_supply(0, 3, true);
    elapse(station.clock, gap);
    station.supply->set_supply(6, 3, true);
    elapse(station.clock, 10s);
    return litres_in(station.read("period_volume"));
  };
  EXPECT_EQ(period_after(300ms), 10);
  EXPECT_EQ(period_after(100ms), 0);
}

TEST(StepSupply, OfTheMainsIsAPersonsAffair) {
  Sample sample = water_sample();
  EXPECT_EQ(StepStation("", sample).meter.observe("confirm:mains_on"), std::nullopt) << "a battery";
  sample.supply = "mains";
  StepStation good("", sample), forgetful("cjt484-5.3.5-d2", sample);
  for (StepStation* const station : {&good, &forgetful}) {
    station->meter.volume_passed(0.01);
    station->cut();
    elapse(station->clock, 10s);
    EXPECT_FALSE(station->meter.running());
    EXPECT_EQ(station->meter.observe("confirm:mains_on"), "yes");
    elapse(station->clock, 10s);
    EXPECT_TRUE(station->meter.running());
    EXPECT_EQ(station->meter.observe("confirm:mains_dips"), "yes");
    EXPECT_EQ(litres_in(station->read("period_volume")), station == &good ? 10 : 0);
    EXPECT_EQ(station->meter.observe("confirm:mains_off"), "yes");
    elapse(station->clock, 1s);
    EXPECT_FALSE(station->meter.running());
  }
}

}  // namespace
}  // namespace meterrig::bench
