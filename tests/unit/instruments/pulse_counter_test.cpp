#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/instruments/pulse_counter.hpp"
#include "core/io/memory_bus.hpp"
#include "instruments/modbus_roles.hpp"
#include "tests/support/calls.hpp"

namespace meterrig {
namespace {

const std::string profiles_folder = METERRIG_SOURCE_DIR "/config/instruments";

nlohmann::json profile_document() { return support::profile_document("pulse_counter"); }

// The driver on a bus in memory, RTU at 9600 8N1.
struct Driven : support::Calls<Driven> {
  explicit Driven(RegisterPeer& peer, VirtualClock& its_clock, nlohmann::json document = profile_document())
      : clock(its_clock), bus(std::make_shared<MemoryBus>(clock, "bus", 1146us, 5ms)), profile(std::move(document)) {
    bus->attach(1, peer);
    device = std::make_shared<ModbusDevice>(clock, bus, profile, "counter1", 1);
    role = make_pulse_counter(device);
  }
  std::vector<std::uint32_t> numbers() {
    std::vector<std::uint32_t> all;
    for (const PulseEdge& edge : now(role->edges())) all.push_back(edge.number);
    return all;
  }

  VirtualClock& clock;
  std::shared_ptr<MemoryBus> bus;
  Profile profile;
  std::shared_ptr<ModbusDevice> device;
  std::unique_ptr<PulseCounter> role;
};

struct VirtualCounter : testing::Test {
  VirtualClock clock;
  bench::PulseCounter counter{clock, bench::load_register_profile(profiles_folder, "pulse_counter"), "PC-0001"};
  Driven driven{counter, clock};
  std::uint32_t output = 0;

  void pulses(int count, Duration wait = 9s) {
    for (; count > 0; --count) {
      run(clock, sleep_for(wait));
      counter.contact(++output);
    }
  }
};

TEST_F(VirtualCounter, GivesTheEdgesSinceTheLastCall) {
  pulses(3, 1s);
  EXPECT_EQ(driven.now(driven.role->count()), 3u);
  const auto first = driven.now(driven.role->edges());
  ASSERT_EQ(first.size(), 3u) << "since power-up";
  EXPECT_EQ(first[0].number, 1u);
  EXPECT_EQ(first[0].at, 1s);
  EXPECT_EQ(first[2].at, 3s);
  EXPECT_TRUE(driven.numbers().empty());
  pulses(2);
  EXPECT_EQ(driven.numbers(), (std::vector<std::uint32_t>{4, 5}));
}

TEST_F(VirtualCounter, LeavesOutWhatCameBeforeListening) {
  pulses(100, 1s);
  driven.now(driven.role->listen());
  const Duration heard_at = clock.now().time_since_epoch();
  pulses(1);
  const auto edges = driven.now(driven.role->edges());
  ASSERT_EQ(edges.size(), 1u);
  EXPECT_EQ(edges[0].number, 101u);
  EXPECT_LE(std::chrono::abs(edges[0].at - heard_at - 9s), 100us);
}

TEST_F(VirtualCounter, SaysWhichEdgesAreLost) {
  pulses(2, 1s);
  driven.now(driven.role->listen());
  pulses(60, 1s);
  EXPECT_EQ(driven.numbers().size(), 60u) << "as many as it holds";
  pulses(75, 1s);
  EXPECT_EQ(driven.refused<NoReading>(driven.role->edges()),
            "counter1: 75 pulses came since the last reading and it holds 60; 63 to 77 are lost");
  pulses(1);
  EXPECT_EQ(driven.numbers(), std::vector<std::uint32_t>{138}) << "it goes on behind them";
}

TEST_F(VirtualCounter, SetsTheDebounceTime) {
  driven.now(driven.role->set_debounce(0ms));
  pulses(1);
  run(clock, sleep_for(10ms));
  EXPECT_EQ(driven.now(driven.role->count()), 4u) << "with its bounces";
  driven.now(driven.role->set_debounce(25ms));
  EXPECT_EQ(counter.read(RegisterTable::holding, 0, 1).at(0), 25);
  EXPECT_EQ(driven.refused<UserError>(driven.role->set_debounce(1001ms)),
            "counter1: debounce_ms = 1001 is outside 0 .. 1000");
  EXPECT_EQ(driven.refused<UserError>(driven.role->set_debounce(-1ms)),
            "counter1: debounce_ms = -1 is outside 0 .. 1000");
}

TEST_F(VirtualCounter, FeedsTheAnalysis) {
  counter.misbehave(bench::PulseCounter::Fault::loses_fifth);
  pulses(11);
  PulseInput input;
  input.add(driven.now(driven.role->edges()));
  const PulseFindings found = input.judge();
  ASSERT_EQ(found.missing.size(), 1u);
  EXPECT_EQ(found.missing[0].at, 45s);
  EXPECT_EQ(found.extra_pulses(), 0u);
}

TEST_F(VirtualCounter, NeedsRegistersForTimes) {
  nlohmann::json plain = profile_document();
  for (const char* word : {"debounce", "edge_number", "edge_times", "edge_unit_us"})
    plain["roles"]["pulse_counter"].erase(word);
  Driven simple(counter, clock, plain);
  EXPECT_TRUE(driven.role->dates_edges());
  EXPECT_FALSE(simple.role->dates_edges());
  EXPECT_EQ(simple.now(simple.role->count()), 0u);
  EXPECT_EQ(simple.refused<UserError>(simple.role->set_debounce(5ms)),
            "counter1: the profile \"pulse_counter\" names no debounce of the pulse counter");
  EXPECT_NE(simple.refused<UserError>(simple.role->edges()), "");
  EXPECT_NE(simple.refused<UserError>(simple.role->listen()), "");
}

TEST_F(VirtualCounter, ReadsAListInOneExchange) {
  const auto list = driven.now(driven.device->read_integers("edge_number", "edge_times"));
  EXPECT_EQ(list.size(), 61u);
  EXPECT_EQ(driven.refused<UserError>(driven.device->read_integers("edge_times", "edge_number")),
            "counter1: edge_times to edge_number can't be read as one list");
  EXPECT_NE(driven.refused<UserError>(driven.device->read_integers("debounce_ms", "status")), "") << "other table";
  EXPECT_NE(driven.refused<UserError>(driven.device->read_integers("status", "edge_times")), "") << "other type";
}

// Gives the words that a test puts there, from register 32 on.
struct Scripted final : RegisterPeer {
  std::vector<std::uint16_t> read(RegisterTable, std::uint16_t address, std::uint16_t count) override {
    EXPECT_EQ(address, 32);
    EXPECT_EQ(count, 122);
    std::vector<std::uint16_t> words{static_cast<std::uint16_t>(number >> 16), static_cast<std::uint16_t>(number)};
    for (const std::uint32_t time : times) {
      words.push_back(static_cast<std::uint16_t>(time >> 16));
      words.push_back(static_cast<std::uint16_t>(time));
    }
    words.resize(122);
    return words;
  }
  void write(RegisterTable, std::uint16_t, std::span<const std::uint16_t>) override {}
  std::uint32_t number = 0;
  std::vector<std::uint32_t> times;  // newest first
};

TEST(ScriptedCounter, CountsAndRunsOnBeyondItsRegisters) {
  VirtualClock clock;
  Scripted peer;
  Driven driven(peer, clock);
  peer.number = 4294967294u;
  peer.times = {4294967290u};
  driven.now(driven.role->listen());
  peer.number = 1;
  peer.times = {30, 10, 4294967295u, 4294967290u};
  const auto edges = driven.now(driven.role->edges());
  ASSERT_EQ(edges.size(), 3u);
  EXPECT_EQ(edges[0].number, 4294967295u);
  EXPECT_EQ(edges[1].number, 0u);
  EXPECT_EQ(edges[2].number, 1u);
  EXPECT_EQ(edges[1].at - edges[0].at, 1100us);
  EXPECT_EQ(edges[2].at - edges[1].at, 2ms);
  EXPECT_EQ(edges[0].at, 4294967295ll * 100us);
}

}  // namespace
}  // namespace meterrig
