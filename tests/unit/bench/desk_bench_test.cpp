#include <gtest/gtest.h>

#include "bench/bench.hpp"
#include "core/errors.hpp"
#include "meters/dlt645.hpp"
#include "tests/unit/bench/desk_support.hpp"

// Meters of the desk as members of the bench.
namespace meterrig::bench {
namespace {

BenchOptions desk_of(const std::string& meters) {
  BenchOptions options;
  options.profiles_folder = METERRIG_SOURCE_DIR "/config/instruments";
  options.meters = json::parse(meters, "rig.json").elements();
  return options;
}

TEST(DeskOfTheBench, MetersAreMembersByTheirNames) {
  VirtualClock clock(desk_epoch);
  Bench bench(clock, desk_of(R"([{"name": "mains", "kind": "electricity", "address": "000000000001"},
                                 {"name": "gateway", "kind": "electricity-modbus", "unit": 5}])"));
  const Bench::LinkEnd end = bench.link("mains");
  ASSERT_NE(end.peer, nullptr);
  EXPECT_EQ(end.timing.byte_time, LineTiming::serial(2400).byte_time);
  int unit = 0;
  ASSERT_NE(bench.registers("gateway", unit), nullptr);
  EXPECT_EQ(unit, 5);
  EXPECT_EQ(bench.link("gateway").peer, nullptr);
  EXPECT_EQ(bench.registers("mains", unit), nullptr);
}

std::string refused(const std::string& meters) {
  VirtualClock clock(desk_epoch);
  try {
    Bench bench(clock, desk_of(meters));
  } catch (const UserError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(DeskOfTheBench, NamesAndNumbersAreChecked) {
  EXPECT_EQ(refused(R"([{"name": "ambient", "kind": "heat", "address": "00"}])"),
            "rig.json:1: at /0/name: found string \"ambient\"; expected a name that no other member of the bench has");
  EXPECT_EQ(refused(R"([{"name": "w", "kind": "water", "address": "00", "volume": "1.23456"}])"),
            "rig.json:1: at /0/volume: found string \"1.23456\"; expected a decimal number as a string, with at most 4 "
            "decimals");
  EXPECT_EQ(refused(R"([{"name": "w", "kind": "water", "address": "00", "flow": "x"}])").substr(0, 42),
            "rig.json:1: at /0/flow: found string \"x\"; ");
}

}  // namespace
}  // namespace meterrig::bench
