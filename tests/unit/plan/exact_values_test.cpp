#include <gtest/gtest.h>

#include "tests/unit/plan/support.hpp"

// Exact decimals of a plan and a standard: texts in JSON, never numbers.
namespace meterrig::plan {
namespace {

const char* const a_price = "CJT484-A.price/6.4.8.1";

Plan with(Loader& loader, const std::string& parameters) {
  const std::string text = R"({"id": "p", "title": {"zh": "z", "en": "e"}, "standard": "cjt484",
"epoch": "2026-01-01T00:00:00Z", "clauses": [{"clause": "A.price", "parameters":
)" + parameters + "}]}";
  return read_plan(json::parse(text, "p.json"), loader.catalogue());
}

TEST(ExactValues, APlanPutsPricesInAsTheyAreWritten) {
  Loader loader = shipped();
  const Plan plan = with(loader, R"({"prices_yuan_per_m3": ["2.50", "3.75", "7.5"]})");
  const Clause& clause = plan.planned(a_price).clause;
  EXPECT_EQ(clause.texts("prices_yuan_per_m3"), (std::vector<std::string>{"2.50", "3.75", "7.5"}));
  EXPECT_TRUE(plan.shortened(a_price)) << "another table than the standard's file has";
  EXPECT_EQ(plan.planned(a_price).deviations.at(0).standard_value, R"(["2.07", "4.14", "6.21"])");
  EXPECT_EQ(refusal([&] { clause.list("prices_yuan_per_m3"); }),
            "clause CJT484-A.price/6.4.8.1: the parameter \"prices_yuan_per_m3\" is not a list");
  EXPECT_EQ(refusal([&] { clause.texts("step_volumes_m3"); }),
            "clause CJT484-A.price/6.4.8.1: the parameter \"step_volumes_m3\" is not a list of strings");
}

TEST(ExactValues, NumbersAreNoPrices) {
  Loader loader = shipped();
  EXPECT_EQ(refusal([&] { with(loader, R"({"prices_yuan_per_m3": [2.07, 4.14, 6.21]})"); }),
            "p.json:3: at /clauses/0/parameters/prices_yuan_per_m3: found an array; expected an array of strings");
  EXPECT_EQ(refusal([&] { with(loader, R"({"prices_yuan_per_m3": ["2.07", 4.14]})"); }),
            "p.json:3: at /clauses/0/parameters/prices_yuan_per_m3/1: found number 4.14; expected a string");
  EXPECT_EQ(refusal([&] { with(loader, R"({"step_volumes_m3": []})"); }),
            "p.json:3: at /clauses/0/parameters/step_volumes_m3: found an empty array; expected at least one number or "
            "string");
}

TEST(ExactValues, ARefusalNamesPlaceAndClause) {
  Loader loader = shipped();
  const Plan plan = with(loader, R"({"step_volumes_m3": [1,
 2.5]})");
  const Clause& clause = plan.planned(a_price).clause;
  EXPECT_EQ(refusal([&] { clause.refuse("step_volumes_m3", "whole m3", 1); }),
            "p.json:4: at /clauses/0/parameters/step_volumes_m3/1: found number 2.5; expected whole m3 (clause "
            "CJT484-A.price/6.4.8.1)");
  EXPECT_EQ(refusal([&] { clause.refuse("step_volumes_m3", "two steps"); }),
            "p.json:3: at /clauses/0/parameters/step_volumes_m3: found [1, 2.5]; expected two steps (clause "
            "CJT484-A.price/6.4.8.1)");
}

Limit limit_of(const std::string& text) { return read_limit("settlement_error", json::parse(text, "s.json")); }

TEST(ExactValues, AnExactLimitOfAMagnitudeIsStrict) {
  const Limit limit =
      limit_of(R"({"less_than": "0.01", "magnitude_of": "E", "unit": "yuan", "source": "rig_default"})");
  EXPECT_EQ(limit.text(), "|E| < 0.01 yuan");
  EXPECT_TRUE(limit.holds_exactly("-0.00797"));
  EXPECT_TRUE(limit.holds_exactly("0.00999"));
  EXPECT_FALSE(limit.holds_exactly("0.01000"));
  EXPECT_FALSE(limit.holds_exactly("-0.01"));
  EXPECT_FALSE(limit.holds_exactly("-3"));
  EXPECT_THROW((void)limit.holds_exactly("1e-3"), std::invalid_argument);
}

TEST(ExactValues, ExactLimitsOfEachKind) {
  const auto exact = [](const char* kind, const char* bound) {
    return limit_of("{\"" + std::string(kind) + "\": \"" + bound + R"(", "unit": "m3", "source": "standard"})");
  };
  EXPECT_TRUE(exact("at_most", "0.10").holds_exactly("0.1"));
  EXPECT_FALSE(exact("at_most", "0.10").holds_exactly("0.101"));
  EXPECT_TRUE(exact("at_least", "-1").holds_exactly("-1.0"));
  EXPECT_FALSE(exact("at_least", "-1").holds_exactly("-1.01"));
  EXPECT_TRUE(exact("equals", "12.5").holds_exactly("12.50"));
  EXPECT_FALSE(exact("equals", "12.5").holds_exactly("-12.5"));
  EXPECT_EQ(exact("at_least", "-1").text(), ">= -1 m3");
}

TEST(ExactValues, LimitsThatAreNone) {
  EXPECT_EQ(refusal([] { limit_of(R"({"less_than": "1e-2", "unit": "yuan", "source": "standard"})"); }),
            "s.json:1: at /less_than: found string \"1e-2\"; expected a number, or an exact decimal such as \"0.01\"");
  EXPECT_EQ(
      refusal([] { limit_of(R"({"less_than": 0.01, "magnitude_of": "E", "unit": "yuan", "source": "standard"})"); }),
      "s.json:1: at /magnitude_of: found \"magnitude_of\" with a number; expected an exact bound, a string");
  EXPECT_EQ(refusal([] { limit_of(R"({"at_most": "1", "from": "wake_period_s", "unit": "s", "source": "maker"})"); }),
            "s.json:1: at /: found \"from\" or \"plus\" with an exact bound; expected a number, or the bound alone");
}

}  // namespace
}  // namespace meterrig::plan
