#include "rig/run/decision.hpp"

#include <gtest/gtest.h>

namespace meterrig::rig {
namespace {

using plan::DecisionRule;
using plan::Limit;
using plan::LimitKind;
using record::Verdict;

Limit at_most(double high) {
  Limit limit;
  limit.kind = LimitKind::at_most;
  limit.high = high;
  return limit;
}

Decision by(DecisionRule::Rule rule, const Limit& limit, double value, double u) {
  DecisionRule chosen;
  chosen.rule = rule;
  return decide(limit, value, u, chosen);
}

struct Edge {
  double limit, value, u;
  const char* simple;
  const char* guarded;
};

// The unrounded value against the limit as written; guard band w = U (ILAC-G8:09/2019 4.2).
TEST(Decision, EdgesOfBothRules) {
  const Edge edges[] = {
      {50, 48.83, 1.16, "pass", "pass"},
      {50, 48.85, 1.16, "pass", "conditional_pass"},
      {50, 50.00, 1.16, "pass", "conditional_pass"},
      {50, 50.04, 1.16, "fail", "conditional_fail"},  // 50.04 is not rounded to 50.0 first
      {50, 51.17, 1.16, "fail", "fail"},
      {50, 49.93, 0.07, "pass", "pass"},
      {0.3, 0.300, 0.02, "pass", "conditional_pass"},
      {0.3, 0.2796, 0.02, "pass", "pass"},
      {400, 390, 35, "pass", "conditional_pass"},
  };
  for (const Edge& e : edges) {
    EXPECT_EQ(by(DecisionRule::Rule::simple_acceptance, at_most(e.limit), e.value, e.u).outcome, e.simple) << e.value;
    EXPECT_EQ(by(DecisionRule::Rule::guard_band, at_most(e.limit), e.value, e.u).outcome, e.guarded) << e.value;
  }
}

TEST(Decision, LessThanIsStrict) {
  Limit limit = at_most(0.01);
  limit.kind = LimitKind::less_than;
  EXPECT_EQ(by(DecisionRule::Rule::simple_acceptance, limit, 0.01, 0).verdict, Verdict::fail);
  EXPECT_EQ(by(DecisionRule::Rule::simple_acceptance, limit, 0.0099999, 0).verdict, Verdict::pass);
}

TEST(Decision, ABoundBeyondTheLimitFailsWhateverTheValue) {
  EXPECT_EQ(decide_one_sided(at_most(50), 100, true).verdict, Verdict::fail);
  EXPECT_NE(decide_one_sided(at_most(50), 20, true).verdict, Verdict::pass);
  EXPECT_EQ(decide_one_sided(at_most(50), 20, false).verdict, Verdict::pass);
}

TEST(Decision, WhatIsNoNumberIsNoReading) {
  EXPECT_EQ(by(DecisionRule::Rule::simple_acceptance, at_most(50), std::nan(""), 1).verdict, Verdict::inconclusive);
}

}  // namespace
}  // namespace meterrig::rig
