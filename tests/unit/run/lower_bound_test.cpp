#include "rig/run/lower_bound.hpp"

#include <gtest/gtest.h>

namespace meterrig::rig {
namespace {

const LeaseRequest leak{{"leak", LeaseMode::exclusive}};
const LeaseRequest talking{{"radio", LeaseMode::exclusive}};
const LeaseRequest quiet{{"radio", LeaseMode::shared}};

TEST(LowerBound, IsTheLongestPathWhereNothingIsScarce) {
  const LowerBound bound = lower_bound({{0, {}, 10, 20}, {0, leak, 20, 0}, {1, leak, 5, 0}});
  EXPECT_EQ(bound.seconds, 30);
  EXPECT_EQ(bound.resource, "");
  EXPECT_EQ(bound.station, 0u);
}

TEST(LowerBound, IsWhatAllWantOfOneThing) {
  const LowerBound bound = lower_bound({{0, leak, 20, 0}, {1, leak, 20, 0}, {2, leak, 15, 0}, {2, {}, 20, 0}});
  EXPECT_EQ(bound.seconds, 55);
  EXPECT_EQ(bound.resource, "leak");
  EXPECT_EQ(bound.demand_s.at("leak"), 55);
}

// The last to get the leak tester still has its valve to move for hours.
TEST(LowerBound, CountsWhatMustComeAfterwards) {
  const LowerBound bound = lower_bound({{0, leak, 20, 100}, {1, leak, 20, 100}, {2, leak, 15, 0}});
  EXPECT_EQ(bound.seconds, 140);
}

TEST(LowerBound, SharersExcludeEachOtherOnlyWhereAnotherThingKeepsThemApart) {
  EXPECT_EQ(lower_bound({{0, talking, 10, 0}, {1, quiet, 10, 0}, {2, quiet, 10, 0}}).seconds, 10);
  LeaseRequest both = quiet;
  both.insert(leak.begin(), leak.end());
  EXPECT_EQ(lower_bound({{0, talking, 10, 0}, {1, both, 10, 0}, {2, both, 10, 0}}).seconds, 30);
}

}  // namespace
}  // namespace meterrig::rig
