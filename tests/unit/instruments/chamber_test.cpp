#include "bench/instruments/chamber.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/io/memory_bus.hpp"
#include "instruments/modbus_roles.hpp"
#include "tests/support/calls.hpp"

namespace meterrig {
namespace {

struct VirtualChamber : testing::Test, support::Calls<VirtualChamber> {
  VirtualClock clock;
  bench::Chamber twin = make(1);
  std::shared_ptr<MemoryBus> bus = std::make_shared<MemoryBus>(clock, "bus", 1146us, 5ms);
  Profile profile{support::profile_document("testequity_f4t")};
  std::shared_ptr<ModbusDevice> device;
  std::unique_ptr<Chamber> role;

  VirtualChamber() {
    bus->attach(1, twin);
    device = std::make_shared<ModbusDevice>(clock, bus, profile, "chamber", 1);
    role = make_chamber(device);
  }
  bench::Chamber make(std::uint64_t seed) {
    return {clock, bench::load_register_profile(METERRIG_SOURCE_DIR "/config/instruments", "testequity_f4t"), "TC-0001",
            seed};
  }
  void pass(Duration time) { run(clock, sleep_for(time)); }
  double read() { return now(role->celsius()).value; }
  void hold(double celsius) {
    now(role->set(celsius));
    now(role->start());
  }
};

TEST_F(VirtualChamber, HasWhatItsProfileNamesAndNoMore) {
  EXPECT_EQ(twin.unbound(), std::vector<std::string>{});
  EXPECT_EQ(twin.absent(), std::vector<std::string>{});
  EXPECT_EQ(now(device->identify()), "124");
}

TEST_F(VirtualChamber, GoesToItsSetPointWhenItRuns) {
  now(role->set(-25));
  pass(1h);
  EXPECT_EQ(twin.celsius(), 23) << "not started";
  now(role->start());
  const double begin = twin.celsius();
  pass(30min);
  EXPECT_NEAR(begin - twin.celsius(), 30, 0.1) << "1 K/min down";
  pass(30min);
  EXPECT_NEAR(twin.celsius(), -25, 0.01);
  EXPECT_NEAR(read(), -25, 0.4) << "with its sensor's error";
  now(role->set(55));
  const double cold = twin.celsius();
  pass(20min);
  EXPECT_NEAR(twin.celsius() - cold, 60, 0.1) << "3 K/min up";
  pass(20min);
  EXPECT_NEAR(twin.celsius(), 55, 0.01);
  EXPECT_NEAR(read(), 55, 0.4);
}

TEST_F(VirtualChamber, SlowsDownBeforeItsSetPoint) {
  hold(55);
  const Instant due = clock.now() + seconds((55 - 3 - twin.celsius()) / 3 * 60);
  pass(due - clock.now());
  EXPECT_NEAR(twin.celsius(), 52, 0.001) << "3 K of a minute's way are left";
  pass(1min);
  EXPECT_NEAR(twin.celsius(), 55 - 3 / std::exp(1), 0.001);
}

TEST_F(VirtualChamber, DriftsBackWhenItIsStopped) {
  hold(55);
  pass(1h);
  now(role->stop());
  EXPECT_FALSE(twin.running());
  const double hot = twin.celsius();
  pass(30min);
  EXPECT_NEAR(twin.celsius() - 23, (hot - 23) / std::exp(1), 0.001);
  twin.set_ambient(20);
  EXPECT_NEAR(twin.celsius() - 23, (hot - 23) / std::exp(1), 0.001) << "no jump";
  pass(6h);
  EXPECT_NEAR(twin.celsius(), 20, 0.01);
  EXPECT_NEAR(read(), 20, 0.4);
}

TEST_F(VirtualChamber, IsSafeWhenItIsStopped) {
  hold(-25);
  pass(10min);
  const auto states = now(role->make_safe());
  ASSERT_EQ(states.size(), 1u);
  EXPECT_TRUE(states[0].ok) << states[0].read_back;
  EXPECT_FALSE(twin.running());
  const double cold = twin.celsius();
  pass(1min);
  EXPECT_GT(twin.celsius(), cold);
}

TEST_F(VirtualChamber, RefusesWhatItCanNotHold) {
  EXPECT_EQ(refused<UserError>(role->set(131)), "chamber: air_setpoint_c = 131 is outside -40 .. 130");
  EXPECT_THROW(twin.write(RegisterTable::holding, 16594, std::vector<std::uint16_t>{64}), RegisterPeer::Refusal);
}

TEST_F(VirtualChamber, WithAWeakCompressorStaysAboveItsSetPoint) {
  twin.misbehave(bench::ChamberTrouble::no_cold);
  hold(-25);
  pass(3h);
  EXPECT_NEAR(twin.celsius(), -18, 0.01);
  now(role->set(55));
  pass(1h);
  EXPECT_NEAR(twin.celsius(), 55, 0.01);
}

TEST_F(VirtualChamber, WithAStuckSensorShowsWhatItShowedFirst) {
  twin.misbehave(bench::ChamberTrouble::stuck_sensor);
  const double first = read();
  hold(-25);
  pass(3h);
  EXPECT_NEAR(twin.celsius(), -25, 0.01);
  EXPECT_EQ(read(), first);
}

TEST_F(VirtualChamber, GetsTheRoomsAirThroughAnOpenDoor) {
  twin.misbehave(bench::ChamberTrouble::door_open);
  hold(-25);
  pass(5h - 1s);
  EXPECT_NEAR(twin.celsius(), -25, 0.01);
  pass(10min);
  EXPECT_GT(twin.celsius(), 20) << "before it is closed";
  EXPECT_TRUE(twin.running());
  pass(1h);
  EXPECT_NEAR(twin.celsius(), -25, 0.01) << "closed again";
}

TEST_F(VirtualChamber, MayStopByItself) {
  twin.misbehave(bench::ChamberTrouble::stops);
  hold(55);
  pass(5h + 1s);
  EXPECT_FALSE(twin.running());
  pass(30min);
  EXPECT_NEAR(twin.celsius() - 23, 32 / std::exp(1), 0.1);
}

TEST_F(VirtualChamber, TellsOfEachTenthOfAKelvin) {
  std::vector<double> told;
  twin.on_change([&](double celsius) {
    EXPECT_DOUBLE_EQ(celsius, twin.celsius());
    told.push_back(celsius);
  });
  EXPECT_EQ(told, std::vector<double>{23}) << "now";
  pass(10h);
  EXPECT_EQ(told.size(), 1u) << "nothing has changed";
  hold(26);
  const auto watch = [&](Duration time) {
    for (const Instant end = clock.now() + time; clock.now() < end; pass(1s))
      EXPECT_LE(std::abs(told.back() - twin.celsius()), 0.1 + 1e-6) << "never further behind";
  };
  watch(20min);
  now(role->stop());
  watch(3h);
  // 3 K up and down; the first call, two at start and set point, one at the stop.
  EXPECT_GE(told.size(), 2u * 29 + 3);
  EXPECT_LE(told.size(), 2u * 30 + 4);
}

TEST_F(VirtualChamber, ReadsWithTheErrorOfItsSpecimen) {
  const auto series = [](bench::Chamber& chamber) {
    std::vector<std::uint16_t> words;
    for (int i = 0; i < 50; ++i)
      for (const std::uint16_t word : chamber.read(RegisterTable::holding, 4182, 2)) words.push_back(word);
    return words;
  };
  bench::Chamber same = make(1), other = make(2);
  const auto first = series(twin);
  EXPECT_EQ(first, series(same)) << "the same seed, the same readings";
  EXPECT_NE(first, series(other));
  double lowest = 1000, highest = -1000;
  for (int i = 0; i < 50; ++i) {
    const double value = read();
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
    EXPECT_NEAR(value * 10, std::round(value * 10), 1e-4) << "tenths";
  }
  EXPECT_GT(highest, lowest) << "noise";
  EXPECT_LE(highest - lowest, 0.2 + 1e-4);
  EXPECT_EQ(twin.celsius(), 23);
}

}  // namespace
}  // namespace meterrig
