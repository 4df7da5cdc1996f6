#include "bench/instruments/pulse_counter.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "bench/instruments/faults.hpp"
#include "bench/instruments/station.hpp"
#include "core/errors.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig::bench {
namespace {

// Registers of config/instruments/pulse_counter.json.
constexpr std::uint16_t debounce_ms = 0, pulse_count = 16, last_pulse_ms = 18, status = 20, edge_number = 32;
constexpr std::uint16_t edges_lost = 1 << 2;

struct Counter : testing::Test {
  VirtualClock clock;
  BenchProfiles profiles{profiles_folder()};
  PulseCounter counter{clock, profiles.counter, "PC-0001"};
  std::uint32_t output = 0;

  void debounce(std::uint16_t ms) {
    counter.write(RegisterTable::holding, debounce_ms, std::vector<std::uint16_t>{ms});
  }
  std::uint64_t input(std::uint16_t address) {
    const auto words = counter.read(RegisterTable::input, address, 2);
    return static_cast<std::uint64_t>(words.at(0)) << 16 | words.at(1);
  }
  // Of the pulse that came `back` before the newest, in tenths of a millisecond.
  std::uint64_t edge_time(int back) { return input(static_cast<std::uint16_t>(edge_number + 2 + 2 * back)); }
  std::uint16_t flags() { return counter.read(RegisterTable::input, status, 1).at(0); }
  // So many closings of the meter's contact, each after a wait.
  void pulses(int count, Duration wait = 9s) {
    for (; count > 0; --count) {
      pass(clock, wait);
      counter.contact(++output);
    }
    pass(clock, 5ms);
  }
  std::uint64_t counted_with(std::uint16_t ms) {
    debounce(ms);
    const std::uint64_t before = input(pulse_count);
    pulses(5);
    return input(pulse_count) - before;
  }
};

TEST_F(Counter, CountsBouncesUnlessItWaits) {
  EXPECT_EQ(counted_with(10), 5u) << "as delivered";
  EXPECT_EQ(counted_with(0), 20u);
  EXPECT_EQ(counted_with(1), 15u);
  EXPECT_EQ(counted_with(2), 10u);
  EXPECT_EQ(counted_with(3), 5u);
}

TEST_F(Counter, SeesNoBounceBeforeItHappens) {
  debounce(0);
  pass(clock, 1s);
  counter.contact(1);
  EXPECT_EQ(input(pulse_count), 1u);
  pass(clock, 500us);
  EXPECT_EQ(input(pulse_count), 2u);
  debounce(10);
  pass(clock, 5ms);
  EXPECT_EQ(input(pulse_count), 2u) << "the rest of the train is debounced";
  pass(clock, 1s);
  counter.contact(2);
  pass(clock, 500us);
  debounce(0);
  pass(clock, 5ms);
  EXPECT_EQ(input(pulse_count), 2u + 3) << "a bounce is judged by the setting of its time";
}

TEST_F(Counter, LosesPulsesThatAreFasterThanItsDebounce) {
  debounce(1000);
  pulses(6, 600ms);
  EXPECT_EQ(input(pulse_count), 3u) << "every second one";
  debounce(600);
  pulses(1);
  pulses(6, 600ms);
  EXPECT_EQ(input(pulse_count), 3u + 1 + 6) << "not less than that";
}

TEST_F(Counter, KeepsDebounceWithinItsLimits) {
  EXPECT_EQ(counter.read(RegisterTable::holding, debounce_ms, 1).at(0), 10);
  debounce(1000);
  EXPECT_EQ(counter.read(RegisterTable::holding, debounce_ms, 1).at(0), 1000);
  EXPECT_THROW(debounce(1001), RegisterPeer::Refusal);
}

TEST_F(Counter, DatesEdgesToATenthOfAMillisecond) {
  EXPECT_EQ(counter.read(RegisterTable::input, edge_number, 122), std::vector<std::uint16_t>(122, 0));
  pulses(1, 1'234'567us);
  pulses(1, 7s);
  const auto words = counter.read(RegisterTable::input, edge_number, 122);
  std::vector<std::uint16_t> newest_first{0, 2, 82395 >> 16, 82395 & 0xFFFF, 0, 12345};
  newest_first.resize(122);
  EXPECT_EQ(words, newest_first);
  EXPECT_EQ(input(last_pulse_ms), 5u);
  EXPECT_THROW(counter.read(RegisterTable::input, edge_number, 123), RegisterPeer::Refusal);
  EXPECT_THROW(counter.write(RegisterTable::input, edge_number + 2, words), RegisterPeer::Refusal);
}

TEST_F(Counter, SaysWhenEdgesAreOverwritten) {
  pulses(60, 1s);
  EXPECT_EQ(flags(), 0);
  const std::uint64_t second = edge_time(58);
  pulses(1, 1s);
  EXPECT_EQ(flags(), edges_lost);
  EXPECT_EQ(flags(), edges_lost) << "until somebody reads them";
  EXPECT_EQ(input(edge_number), 61u);
  EXPECT_EQ(edge_time(59), second) << "the oldest one is gone";
  EXPECT_EQ(flags(), 0);
}

TEST_F(Counter, LosesTheFifthOfEachRun) {
  counter.misbehave(PulseCounter::Fault::loses_fifth);
  pulses(8);
  EXPECT_EQ(input(pulse_count), 7u);
  EXPECT_EQ(edge_time(3) - edge_time(4), 90'000u) << "3 to 4";
  EXPECT_EQ(edge_time(2) - edge_time(3), 180'000u) << "4 to 6";
  pass(clock, 31s);
  pulses(5);
  EXPECT_EQ(input(pulse_count), 11u);
}

TEST_F(Counter, AddsOneToEachRun) {
  counter.misbehave(PulseCounter::Fault::adds_one);
  pulses(5);
  EXPECT_EQ(input(pulse_count), 5u);
  pass(clock, 2s);
  EXPECT_EQ(input(pulse_count), 6u);
  EXPECT_EQ(edge_time(0) - edge_time(1), 20'000u);
  pulses(8);
  EXPECT_EQ(input(pulse_count), 14u) << "no other one in this run";
}

TEST_F(Counter, AddsItBetweenTheNextOnesOfAFastMeter) {
  counter.misbehave(PulseCounter::Fault::adds_one);
  pulses(8, 1500ms);
  EXPECT_EQ(input(pulse_count), 9u);
  for (int back = 0; back < 8; ++back) EXPECT_GT(edge_time(back), edge_time(back + 1)) << back;
}

TEST_F(Counter, IsSpoiledByNamedFaults) {
  const auto counted = [&](const char* fault) {
    RadioChannel radio(clock);
    Station station(clock, 1, three_samples().samples[0], MeterDefect{}, radio, profiles, nullptr, 1);
    if (*fault) station.apply(parse_fault(fault), {});
    for (std::uint32_t closing = 1; closing <= 8; ++closing) {
      station.counter.contact(closing);
      pass(clock, 9s);
    }
    return station.counter.read(RegisterTable::input, pulse_count, 2).at(1);
  };
  EXPECT_EQ(counted(""), 8);
  EXPECT_EQ(counted("pulse-lost:counter"), 7);
  EXPECT_EQ(counted("pulse-extra:counter"), 9);
  EXPECT_THROW(parse_fault("pulse-lost:gauge"), UserError);
}

TEST(RegisterLists, AreReadOnly) {
  std::ifstream file(profiles_folder() + "/pulse_counter.json");
  nlohmann::json document = nlohmann::json::parse(file);
  document["registers"]["edge_times"]["access"] = "rw";
  std::ofstream(testing::TempDir() + "/writable_list.json") << document;
  VirtualClock clock;
  PulseCounter counter(clock, load_register_profile(testing::TempDir(), "writable_list"), "PC-0001");
  EXPECT_THROW(counter.write(RegisterTable::input, edge_number + 2, std::vector<std::uint16_t>{1}),
               RegisterPeer::Refusal);
  EXPECT_EQ(counter.unbound(), std::vector<std::string>{});
}

}  // namespace
}  // namespace meterrig::bench
