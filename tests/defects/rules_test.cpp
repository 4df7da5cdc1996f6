#include <gtest/gtest.h>

#include "rig/record/canonical.hpp"
#include "tests/defects/whole_run.hpp"

// Rules of the whole that no single clause shows.
namespace meterrig::defects {
namespace {

using nlohmann::json;
using Exceptions = std::map<std::string, std::string>;

const std::string quiescent = "CJT503-5.3.8/6.10";
const std::string durability = "CJT503-5.3.6/6.8";

std::string verdict(const json& record, const std::string& clause, std::size_t sample = 0) {
  return result_of(record, sample, clause).at("verdict");
}

// (semantics: virtual clock)
TEST(Determinism, SameInputsAndSeedGiveTheSameBytes) {
  const Story story{.defects = {"cjt503-5.3.17-d2@2"}, .faults = {"R3@1"}, .seed = 7};
  EXPECT_EQ(record::canonical(record_of(story)), record::canonical(record_of(story)));
}

TEST(Determinism, AnotherSeedIsAnotherSpecimen) {
  const json one = record_of({.only = {quiescent}, .seed = 1});
  const json two = record_of({.only = {quiescent}, .seed = 2});
  EXPECT_NE(record::canonical(one), record::canonical(two));
  EXPECT_EQ(exceptions_of(one, 0), exceptions_of(two, 0));
}

class Seeds : public ::testing::TestWithParam<int> {};
TEST_P(Seeds, HealthyMetersPass) {
  const json record = record_of({.seed = static_cast<std::uint64_t>(GetParam())});
  for (std::size_t sample = 0; sample < 2; ++sample) EXPECT_EQ(exceptions_of(record, sample), Exceptions{});
  EXPECT_EQ(record.at("verdict"), "pass");
  EXPECT_TRUE(record.at("simulated").get<bool>());
  EXPECT_TRUE(record.at("conclusion").at("conforms").is_null()) << "a simulation supports no statement of conformity";
}
INSTANTIATE_TEST_SUITE_P(Some, Seeds, ::testing::Values(2, 3, 5, 8, 13, 21, 34, 55));

TEST(Applicability, ADirectReadingMeterHasNoPulses) {
  const json record = record_of({.duts = {"wg25-r-direct-1", "wg25-r-direct-2"}});
  EXPECT_EQ(exceptions_of(record, 0), Exceptions{});
  EXPECT_EQ(verdict(record, "CJT503-5.3.10a/6.12a"), "not_applicable");
  EXPECT_EQ(verdict(record, "CJT503-5.3.10b/6.12b"), "pass");
}

TEST(Applicability, AnInstrumentOfAllStationsIsLeased) {
  const json record = record_of({.change = [](cli::RunFiles& files) {
    cli::RunOptions words;
    words.plan = "cjt503-auto";
    words.rig = "shared-analyser";
    words.duts = {"wg25-r-1", "wg25-r-2"};
    files = support::files_of(words);
  }});
  EXPECT_EQ(exceptions_of(record, 0), Exceptions{});
  EXPECT_EQ(exceptions_of(record, 1), Exceptions{});
}

// (semantics: rig defaults)
TEST(Agreements, WithoutOneAFailureOnARigDefaultIsInconclusive) {
  const auto no_agreement = [](cli::RunFiles& files) { files.plan.job.agreements.clear(); };
  const std::string remote = "CJT503-5.3.17/6.19";
  const Story agreed{.only = {remote}, .defects = {"cjt503-5.3.17-d2@1"}};
  Story open = agreed;
  open.change = no_agreement;
  EXPECT_EQ(verdict(record_of(agreed), remote), "fail");
  EXPECT_EQ(verdict(record_of(open), remote), "inconclusive");
  EXPECT_EQ(verdict(record_of({.only = {remote}, .change = no_agreement}), remote), "pass") << "a pass needs none";
}

TEST(Agreements, ALimitOfTheStandardNeedsNone) {
  const json record =
      record_of({.only = {quiescent}, .defects = {"cjt503-5.3.8-x2@1"}, .change = [](cli::RunFiles& files) {
                   files.plan.job.agreements.clear();
                 }});
  EXPECT_EQ(verdict(record, quiescent), "fail");
}

std::string decision_of(const json& record, const std::string& measurement) {
  for (const json& m : result_of(record, 0, quiescent).at("measurements"))
    if (m.at("name") == measurement) return m.at("decision");
  return "";
}

TEST(GuardBand, ExactlyTheLimitIsAConditionalPass) {
  Story story{.only = {quiescent}, .defects = {"cjt503-5.3.8-g2@1"}};
  EXPECT_EQ(decision_of(record_of(story), "quiescent_current"), "pass");
  story.change = [](cli::RunFiles& files) { files.plan.decision_rule.rule = plan::DecisionRule::Rule::guard_band; };
  EXPECT_EQ(decision_of(record_of(story), "quiescent_current"), "conditional_pass");
  story.defects = {"cjt503-5.3.8-g4@1"};
  EXPECT_EQ(decision_of(record_of(story), "quiescent_current"), "pass");
  story.defects = {"cjt503-5.3.8-d3@1"};
  EXPECT_EQ(decision_of(record_of(story), "quiescent_current"), "fail");
}

void shorten(cli::RunFiles& files) {
  for (plan::PlannedClause& planned : files.plan.clauses)
    if (planned.clause.id == durability) support::change_parameter(planned, "cycles", "20");
}

// (semantics: shortened method)
TEST(Shortened, IsRecordedNotPassed) {
  const json record = record_of({.only = {durability}, .change = shorten});
  EXPECT_EQ(verdict(record, durability), "recorded");
  const std::string deviations = result_of(record, 0, durability).at("deviations").dump();
  EXPECT_NE(deviations.find("cycles changed from 5000 to 20"), std::string::npos) << deviations;
}

TEST(Shortened, AFailStaysAFail) {
  const json record = record_of({.only = {durability}, .defects = {"cjt503-5.3.5-x1@1"}, .change = shorten});
  EXPECT_EQ(verdict(record, durability), "fail");
}

// The same sight, seen by a good rig and by a sick one (semantics: whose fault).
struct BothSides {
  const char* name;
  const char* clause;
  const char* meter;  // its fault: fail
  const char* rig;    // its fault: void
};
class Sides : public ::testing::TestWithParam<BothSides> {};
TEST_P(Sides, AreToldApart) {
  const BothSides& sides = GetParam();
  const std::string clause = sides.clause;
  const json bad_meter = record_of({.only = {clause}, .defects = {std::string(sides.meter) + "@1"}});
  EXPECT_EQ(verdict(bad_meter, clause), "fail") << reasons_of(result_of(bad_meter, 0, clause));
  const json bad_rig = record_of({.only = {clause}, .faults = {std::string(sides.rig) + "@1"}});
  EXPECT_EQ(verdict(bad_rig, clause), "void") << reasons_of(result_of(bad_rig, 0, clause));
  // Both at once: a sick rig has no say about a meter, good or bad.
  const json both = record_of(
      {.only = {clause}, .defects = {std::string(sides.meter) + "@1"}, .faults = {std::string(sides.rig) + "@1"}});
  EXPECT_EQ(verdict(both, clause), "void") << reasons_of(result_of(both, 0, clause));
}
INSTANTIATE_TEST_SUITE_P(
    Each, Sides,
    ::testing::Values(BothSides{"SilentMeter", "CJT503-5.3.11/6.13", "cjt503-5.3.11-x2", "io-silent:uart"},
                      BothSides{"CurrentLimit", "CJT503-5.3.9/6.11", "cjt503-5.3.9-x1", "R6"},
                      BothSides{"OverloadedRange", "CJT503-5.3.8/6.10", "cjt503-5.3.8-x2", "R2"},
                      BothSides{"PressureThatCantBeHeld", "CJT503-5.3.7/6.9", "cjt503-5.3.7-x1", "R4"},
                      BothSides{"CurrentInTheOtherPath", "CJT503-5.3.8/6.10", "cjt503-5.3.8-d3", "relay-stuck:k2"},
                      BothSides{"ValveOpenAfterPowerLoss", "CJT503-5.3.12/6.14", "cjt503-5.3.12-d2", "relay-stuck:k2"},
                      BothSides{"Voltage", "CJT503-5.3.8/6.10", "cjt503-5.3.8-d3", "reads-high:psu"}),
    [](const auto& one) { return std::string(one.param.name); });

// A welded dummy load would look like the meter's current ever after.
TEST(Sides, ADummyLoadThatStaysBlamesNobody) {
  const json record = record_of({.defects = {"cjt503-5.3.8-d3@1"}, .faults = {"relay-stuck:dummy_heavy@1"}});
  for (const auto& [clause, found] : exceptions_of(record, 0)) EXPECT_NE(found, "fail") << clause;
}

}  // namespace
}  // namespace meterrig::defects
