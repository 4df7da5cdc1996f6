#include "rig/run/decision.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

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

Limit between(double low, double high) {
  Limit limit;
  limit.kind = LimitKind::between;
  limit.low = low;
  limit.high = high;
  return limit;
}

// The factor of the guard band: 0.83 U as in ISO 14253-1, 1.5 U for "three sigma".
TEST(Decision, AGuardBandOfAnotherWidth) {
  DecisionRule rule;
  rule.rule = DecisionRule::Rule::guard_band;
  const struct {
    double factor, value;
    const char* outcome;
  } cases[] = {{0.83, 49.03, "pass"}, {0.83, 49.05, "conditional_pass"},
               {1.5, 48.25, "pass"},  {1.5, 48.27, "conditional_pass"},
               {0.83, 50.97, "fail"}, {1.5, 51.73, "conditional_fail"}};
  for (const auto& c : cases) {
    rule.guard_factor = c.factor;
    EXPECT_EQ(decide(at_most(50), c.value, 1.16, rule).outcome, c.outcome) << c.factor << " U at " << c.value;
  }
}

TEST(Decision, SimpleAcceptanceSaysWhenTheLimitIsWithinTheUncertainty) {
  const auto within = [](const Limit& limit, double value) {
    return by(DecisionRule::Rule::simple_acceptance, limit, value, 1.16).within_uncertainty;
  };
  EXPECT_TRUE(within(at_most(50), 48.85));
  EXPECT_TRUE(within(at_most(50), 51.1));
  EXPECT_FALSE(within(at_most(50), 48.8));
  EXPECT_FALSE(within(at_most(50), 51.2));
  EXPECT_TRUE(within(between(-10, 10), -9.5));
  EXPECT_FALSE(within(between(-10, 10), 0));
  EXPECT_FALSE(by(DecisionRule::Rule::guard_band, at_most(50), 49.9, 1.16).within_uncertainty);
}

// What lies beyond its uncertainty already: a drop of zero passes under every rule.
TEST(Decision, AnIncludedUncertaintyIsNotTakenTwice) {
  Limit limit = at_most(0);
  limit.uncertainty_included = true;
  EXPECT_EQ(by(DecisionRule::Rule::guard_band, limit, 0, 16).outcome, "pass");
  EXPECT_EQ(by(DecisionRule::Rule::guard_band, limit, 17, 16).outcome, "fail");
  EXPECT_FALSE(by(DecisionRule::Rule::simple_acceptance, limit, 0, 16).within_uncertainty);
  EXPECT_FALSE(conformance_probability(limit, 0, 8).has_value());
}

// JJF 1094-2002: range 0 to 10, 0.5 % of it: MPEV 0.05.
TEST(Decision, Jjf1094) {
  Limit limit = between(-0.05, 0.05);
  limit.error_of_indication = true;
  const auto outcome = [&](double error, double u) { return by(DecisionRule::Rule::jjf_1094, limit, error, u); };
  EXPECT_EQ(outcome(0.025, 0.015).verdict, Verdict::pass);
  EXPECT_EQ(outcome(0.0499, 0.0166).verdict, Verdict::pass) << "U is at most a third of MPEV: it is neglected";
  EXPECT_EQ(outcome(0.0501, 0.0166).verdict, Verdict::fail);
  EXPECT_EQ(outcome(0.029, 0.02).verdict, Verdict::pass);
  EXPECT_EQ(outcome(0.031, 0.02).verdict, Verdict::inconclusive);
  EXPECT_EQ(outcome(-0.069, 0.02).verdict, Verdict::inconclusive);
  EXPECT_EQ(outcome(-0.0701, 0.02).verdict, Verdict::fail);
  limit.error_of_indication = false;
  EXPECT_EQ(outcome(0.049, 0.02).verdict, Verdict::pass) << "a characteristic is decided by simple acceptance";
}

double false_accept(double value) { return 1 - conformance_probability(at_most(50), value, 0.580).value(); }

TEST(Probability, FiguresOfThePublishedExamples) {
  // JCGM 106: y = 13.6, u = 1.8, limits 12.5 and 16.3.
  EXPECT_NEAR(conformance_probability(between(12.5, 16.3), 13.6, 1.8).value(), 0.66, 0.005);
  EXPECT_NEAR(false_accept(48.84), 0.023, 0.0005);
  EXPECT_NEAR(false_accept(49.04), 0.049, 0.0005);
  EXPECT_NEAR(false_accept(49.2), 0.084, 0.0005);
  EXPECT_NEAR(false_accept(49.9), 0.43, 0.005);
  EXPECT_NEAR(false_accept(50), 0.50, 1e-12);
  EXPECT_NEAR(conformance_probability(at_most(50), 50.04, 0.580).value(), 0.47, 0.005) << "risk of false reject";
  // At the edge of the guard band, whatever the limit (U = 2u).
  for (const auto& [factor, risk] : {std::pair{0.83, 0.048}, std::pair{1.0, 0.023}, std::pair{1.5, 0.0013}})
    EXPECT_NEAR(1 - conformance_probability(at_most(50), 50 - factor * 1.16, 0.580).value(), risk, 0.0005);
}

TEST(Probability, NoneForExactQuantities) {
  EXPECT_FALSE(conformance_probability(at_most(50), 49, 0).has_value());
  Limit equals = at_most(0);
  equals.kind = LimitKind::equals;
  EXPECT_FALSE(conformance_probability(equals, 0, 1).has_value());
}

double some(int from, int to) { return *rc::gen::inRange(from, to) / 1000.0; }

Limit some_limit() {
  const double low = some(-100'000, 100'000);
  Limit limit = between(low, low + some(0, 50'000));
  limit.kind = *rc::gen::element(LimitKind::at_most, LimitKind::less_than, LimitKind::at_least, LimitKind::between);
  return limit;
}

DecisionRule guarded(double factor) {
  DecisionRule rule;
  rule.rule = DecisionRule::Rule::guard_band;
  rule.guard_factor = factor;
  rule.conditional_pass = *rc::gen::element(std::string("pass"), std::string("inconclusive"));
  rule.conditional_fail = *rc::gen::element(std::string("fail"), std::string("inconclusive"));
  return rule;
}

TEST(DecisionLaws, AGuardBandNeverAcceptsWhatSimpleAcceptanceRefuses) {
  EXPECT_TRUE(rc::check([] {
    const Limit limit = some_limit();
    const double value = some(-200'000, 200'000);
    const double u = some(1, 30'000);
    const DecisionRule rule = guarded(some(100, 3'000));
    const Verdict guardedly = decide(limit, value, u, rule).verdict;
    const Verdict simply = by(DecisionRule::Rule::simple_acceptance, limit, value, u).verdict;
    if (simply == Verdict::fail) RC_ASSERT(guardedly != Verdict::pass);
    if (guardedly == Verdict::fail) RC_ASSERT(simply == Verdict::fail);
  }));
}

int rank(const std::string& outcome) {
  return outcome == "pass" ? 0 : outcome == "conditional_pass" ? 1 : outcome == "conditional_fail" ? 2 : 3;
}

TEST(DecisionLaws, ALargerValueIsNeverBetterUnderAnUpperLimit) {
  EXPECT_TRUE(rc::check([] {
    const Limit limit = at_most(some(-100'000, 100'000));
    const double value = some(-200'000, 200'000);
    const double more = value + some(0, 50'000);
    const double u = some(1, 30'000);
    const DecisionRule rule = guarded(some(100, 3'000));
    RC_ASSERT(rank(decide(limit, more, u, rule).outcome) >= rank(decide(limit, value, u, rule).outcome));
    RC_ASSERT(conformance_probability(limit, more, u).value() <=
              conformance_probability(limit, value, u).value() + 1e-12);
  }));
}

TEST(DecisionLaws, AWiderGuardBandAcceptsLess) {
  EXPECT_TRUE(rc::check([] {
    const Limit limit = some_limit();
    const double value = some(-200'000, 200'000);
    const double u = some(1, 30'000);
    DecisionRule rule = guarded(some(100, 1'500));
    const std::string narrow = decide(limit, value, u, rule).outcome;
    rule.guard_factor *= 2;
    if (narrow != "pass") RC_ASSERT(decide(limit, value, u, rule).outcome != "pass");
  }));
}

TEST(DecisionLaws, ProbabilitiesAreProbabilities) {
  EXPECT_TRUE(rc::check([] {
    const Limit limit = some_limit();
    const double value = some(-200'000, 200'000);
    const double p = conformance_probability(limit, value, some(1, 30'000)).value();
    RC_ASSERT(p >= 0 && p <= 1);
    // One-sided: more likely than not on the side that is accepted.
    if (limit.kind == LimitKind::at_most) RC_ASSERT((p >= 0.5) == limit.holds(value));
  }));
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
