#include "bench/instruments/pulse_simulator.hpp"

#include <gtest/gtest.h>

#include "bench/instruments/faults.hpp"
#include "core/io/memory_bus.hpp"
#include "instruments/modbus_roles.hpp"
#include "tests/support/calls.hpp"

namespace meterrig {
namespace {

// The driver on a bus in memory, RTU at 9600 8N1, before the virtual instrument, or before one that is spoiled.
struct Driven : support::Calls<Driven> {
  Driven(VirtualClock& its_clock, RegisterPeer& peer)
      : clock(its_clock), bus(std::make_shared<MemoryBus>(clock, "bus", 1146us, 5ms)) {
    bus->attach(1, peer);
    device = std::make_shared<ModbusDevice>(clock, bus, profile, "simulator1", 1);
    role = make_pulse_simulator(device);
  }
  VirtualClock& clock;
  std::shared_ptr<MemoryBus> bus;
  Profile profile{support::profile_document("pulse_simulator")};
  std::shared_ptr<ModbusDevice> device;
  std::unique_ptr<PulseSimulator> role;
};

struct VirtualSimulator : testing::Test {
  VirtualClock clock;
  std::vector<Instant> pulses;
  bench::PulseSimulator twin{clock,
                             bench::load_register_profile(METERRIG_SOURCE_DIR "/config/instruments", "pulse_simulator"),
                             "PS-0001", [this] { pulses.push_back(clock.now()); }};
  Driven driven{clock, twin};
  PulseSimulator& role = *driven.role;

  void pass(Duration time) { run(clock, sleep_for(time)); }
  // The end of the train that was just begun: nothing comes in a while after it.
  void to_end(Duration length) {
    pass(length);
    EXPECT_FALSE(driven.now(role.running()));
  }
};

TEST_F(VirtualSimulator, HasWhatItsProfileNamesAndNoMore) {
  EXPECT_EQ(twin.unbound(), std::vector<std::string>{});
  EXPECT_EQ(twin.absent(), std::vector<std::string>{});
  EXPECT_EQ(driven.now(driven.device->identify()), "PS-1,PS-0001");
  EXPECT_EQ(role.hz_max(), 500);
}

TEST_F(VirtualSimulator, GivesAsManyPulsesAsItIsTold) {
  EXPECT_FALSE(driven.now(role.running()));
  EXPECT_EQ(driven.now(role.sent()), 0u);
  for (const std::uint32_t count : {1u, 7u, 1500u}) {
    pulses.clear();
    driven.now(role.start(count, 100));
    to_end(16s);
    EXPECT_EQ(pulses.size(), count);
    EXPECT_EQ(driven.now(role.sent()), count) << "of this train alone";
  }
}

TEST_F(VirtualSimulator, GivesEachAtItsTime) {
  const Instant called = clock.now();
  driven.now(role.start(30'000, 3));
  const Instant returned = clock.now();
  pass(10'001s);
  ASSERT_EQ(pulses.size(), 30'000u);
  const Instant began = pulses[2] - 1s;
  EXPECT_GT(began, called);
  EXPECT_LT(began, returned);
  for (std::size_t k = 1; k <= pulses.size(); ++k)
    ASSERT_LE(std::chrono::abs(pulses[k - 1] - began - seconds(static_cast<double>(k) / 3)), 1ns) << k;
}

TEST_F(VirtualSimulator, TellsHowFarItIs) {
  driven.now(role.start(100, 2));
  pass(10s);
  EXPECT_TRUE(driven.now(role.running()));
  EXPECT_EQ(driven.now(role.sent()), 20u);
  EXPECT_EQ(pulses.size(), 20u);
  to_end(41s);
  EXPECT_EQ(driven.now(role.sent()), 100u);
}

TEST_F(VirtualSimulator, StopsAtOnceAndKeepsItsCount) {
  driven.now(role.start(100, 2));
  pass(10s);
  driven.now(role.stop());
  EXPECT_FALSE(twin.enabled());
  to_end(60s);
  EXPECT_EQ(pulses.size(), 20u);
  EXPECT_EQ(driven.now(role.sent()), 20u);
  driven.now(role.start(3, 2));
  to_end(2s);
  EXPECT_EQ(pulses.size(), 23u) << "the rest of the old train is forgotten";
  EXPECT_EQ(driven.now(role.sent()), 3u);
}

TEST_F(VirtualSimulator, IsSafeWhenItIsStopped) {
  driven.now(role.start(100, 2));
  pass(10s);
  const auto states = driven.now(role.make_safe());
  ASSERT_EQ(states.size(), 1u);
  EXPECT_TRUE(states[0].ok) << states[0].read_back;
  EXPECT_FALSE(twin.enabled());
  to_end(60s);
  EXPECT_EQ(pulses.size(), 20u);
}

TEST_F(VirtualSimulator, RefusesASecondTrainWhileOneRuns) {
  driven.now(role.start(100, 2));
  pass(10s);
  EXPECT_EQ(driven.refused<InstrumentError>(role.start(5, 1)),
            "simulator1: a train is running, 20 pulses came; stop it before another begins");
  EXPECT_THROW(twin.write(RegisterTable::holding, 0, std::vector<std::uint16_t>{0, 5}), RegisterPeer::Refusal);
  EXPECT_THROW(twin.write(RegisterTable::holding, 2, std::vector<std::uint16_t>{0x4000, 0}), RegisterPeer::Refusal);
  to_end(45s);
  EXPECT_EQ(pulses.size(), 100u) << "the first one went on";
}

TEST_F(VirtualSimulator, KeepsWithinItsLimits) {
  EXPECT_EQ(driven.refused<UserError>(role.start(0, 1)), "simulator1: pulses = 0 is outside 1 .. 4294967295");
  EXPECT_EQ(driven.refused<UserError>(role.start(1, 501)), "simulator1: frequency_hz = 501 is outside 0.001 .. 500");
  EXPECT_EQ(driven.refused<UserError>(role.start(1, 0)), "simulator1: frequency_hz = 0 is outside 0.001 .. 500");
  to_end(10s);
  EXPECT_TRUE(pulses.empty());
  driven.now(role.start(1, role.hz_max()));
  to_end(1s);
  EXPECT_EQ(pulses.size(), 1u);
}

// The start of a train is lost on its way: what came out before is not taken for it.
TEST_F(VirtualSimulator, ForgetsItsCountWithANewNumber) {
  driven.now(role.start(10, 100));
  to_end(1s);
  constexpr int frequency = 6;  // behind status, two of the coil, two of the number
  bench::FaultyRegisters spoiled(twin, {{bench::IoTrouble::silent, frequency}}, 1);
  driven.bus->attach(1, spoiled);
  EXPECT_NE(driven.refused<TimeoutError>(role.start(10, 50)), "");
  EXPECT_EQ(driven.now(role.sent()), 0u);
  EXPECT_EQ(pulses.size(), 10u);
}

TEST_F(VirtualSimulator, LosesEveryThousandthWhenItIsSick) {
  EXPECT_EQ(bench::parse_fault("pulse-sim-lost").kind, bench::Fault::Kind::pulse_sim_lost);
  twin.lose_pulses();
  driven.now(role.start(600, 100));
  to_end(7s);
  EXPECT_EQ(pulses.size(), 600u);
  driven.now(role.start(1600, 100));
  to_end(17s);
  EXPECT_EQ(driven.now(role.sent()), 1600u) << "counted as sent";
  EXPECT_EQ(pulses.size(), 2200u - 2);
  EXPECT_EQ(pulses[999] - pulses[998], 20ms) << "999th and 1001st";
}

TEST(WaterInstruments, HaveTheFaultsOfEveryBus) {
  for (const char* name : {"io-silent:pulses", "io-garbage:pulses2", "io-error:chamber", "io-late:chamber"}) {
    const bench::Fault fault = bench::parse_fault(name);
    EXPECT_EQ(fault.kind, bench::Fault::Kind::io) << name;
    EXPECT_EQ(name, std::string(name).substr(0, std::string(name).find(':') + 1) + fault.instrument);
  }
  EXPECT_THROW(bench::parse_fault("io-partial:chamber"), UserError) << "of a text link only";
  EXPECT_THROW(bench::parse_fault("io-silent:simulators"), UserError);
}

}  // namespace
}  // namespace meterrig
