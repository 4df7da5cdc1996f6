#include "rig/plan/plan.hpp"

#include <gtest/gtest.h>

#include "tests/unit/plan/support.hpp"

namespace meterrig::plan {
namespace {

std::vector<std::string> ids(const std::vector<const Clause*>& clauses) {
  std::vector<std::string> result;
  for (const Clause* clause : clauses) result.push_back(clause->id);
  return result;
}

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> result;
  for (const PlannedClause& planned : plan.clauses) result.push_back(planned.clause.id);
  return result;
}

using Ids = std::vector<std::string>;

class Plans : public testing::Test {
 protected:
  static Loader& loader() {
    static Loader one = shipped();
    return one;
  }
  const Catalogue& catalogue() { return loader().catalogue(); }
  // A plan of one clause with parameters.
  Plan with(const std::string& clause, const std::string& parameters) {
    const std::string text = R"({"id": "p", "title": {"zh": "z", "en": "e"}, "standard": "cjt503",
      "epoch": "2026-01-01T00:00:00Z", "clauses": [{"clause": ")" +
                             clause + R"(", "parameters": )" + parameters + "}]}";
    return read_plan(json::parse(text, "p.json"), catalogue());
  }
};

TEST_F(Plans, AClauseIsNamedByIdRequirementTestOrGroup) {
  const Standard& cjt503 = catalogue().standard("cjt503");
  EXPECT_EQ(ids(cjt503.named("CJT503-5.3.8/6.10")), Ids{"CJT503-5.3.8/6.10"});
  EXPECT_EQ(ids(cjt503.named("cjt503-5.3.8")), Ids{"CJT503-5.3.8/6.10"});
  EXPECT_EQ(ids(cjt503.named("5.3.8")), Ids{"CJT503-5.3.8/6.10"});
  EXPECT_EQ(ids(cjt503.named("6.10")), Ids{"CJT503-5.3.8/6.10"});
  EXPECT_EQ(ids(cjt503.named("5.3.10")), (Ids{"CJT503-5.3.10a/6.12a", "CJT503-5.3.10b/6.12b"}));
  EXPECT_EQ(ids(cjt503.named("6.12")), (Ids{"CJT503-5.3.10a/6.12a", "CJT503-5.3.10b/6.12b"}));
  EXPECT_EQ(ids(cjt503.named("6.12b")), Ids{"CJT503-5.3.10b/6.12b"});
  EXPECT_EQ(ids(cjt503.named("5.3.1")), (Ids{"CJT503-5.3.1.1/6.3.1", "CJT503-5.3.1.2/6.3.2"}));
  EXPECT_EQ(cjt503.named("5.3.21").size(), 9u);
  EXPECT_EQ(cjt503.named("6.2").size(), 4u);
  EXPECT_EQ(ids(cjt503.named("B.4.2")), Ids{"CJT503-A.4.2|B.4.2"});
  EXPECT_TRUE(cjt503.named("5.3.99").empty());
  EXPECT_TRUE(cjt503.named("").empty());
  EXPECT_TRUE(cjt503.named("CJT503-").empty());
  EXPECT_EQ(catalogue().named("6.2.1").size(), 8u);  // of four standards, each under its own rules
  EXPECT_EQ(
      refusal([&] { catalogue().named("5.3.8x", "cjt503"); }),
      "found clause \"5.3.8x\"; expected an id, a requirement or a test clause of cjt503; did you mean \"5.3.8\"?");
  EXPECT_EQ(refusal([&] { catalogue().clause("CJT503-5.3.8/6.1O"); }),
            "found clause \"CJT503-5.3.8/6.1O\"; expected the id of a clause; did you mean \"CJT503-5.3.8/6.10\"?");
}

TEST_F(Plans, SelectionKeepsThePlansOrderAndBringsInWhatItDependsOn) {
  const Plan plan = loader().plan("cjt503-auto");
  EXPECT_EQ(ids(select(plan, {"5.3.6"}, catalogue())), (Ids{"CJT503-5.3.5/6.7", "CJT503-5.3.6/6.8"}));
  EXPECT_EQ(ids(select(plan, {"6.13", "5.3.8"}, catalogue())), (Ids{"CJT503-5.3.8/6.10", "CJT503-5.3.11/6.13"}));
  EXPECT_EQ(ids(select(plan, {"5.3.10"}, catalogue())), (Ids{"CJT503-5.3.10a/6.12a", "CJT503-5.3.10b/6.12b"}));
  EXPECT_EQ(select(plan, {"5.3"}, catalogue()).clauses.size(), 14u);
  EXPECT_EQ(refusal([&] { select(plan, {"5.3.16"}, catalogue()); }),
            "found clause \"5.3.16\"; expected a clause of the plan cjt503-auto");
  EXPECT_EQ(
      refusal([&] { select(plan, {"CJT484-5.4.1/6.4.1"}, catalogue()); }),
      "found clause \"CJT484-5.4.1/6.4.1\"; expected an id, a requirement or a test clause of cjt503; it is a clause "
      "of cjt484");
}

TEST_F(Plans, ADependencyThatThePlanLacksComesInJustBefore) {
  const Plan plan = with("5.3.6", "{}");
  EXPECT_EQ(ids(plan), Ids{"CJT503-5.3.6/6.8"});
  EXPECT_EQ(ids(select(plan, {"6.8"}, catalogue())), (Ids{"CJT503-5.3.5/6.7", "CJT503-5.3.6/6.8"}));
}

TEST_F(Plans, AWeakerMethodIsShortened) {
  const char* durability = "CJT503-5.3.6/6.8";
  EXPECT_TRUE(with("5.3.6", R"({"cycles": 100})").shortened(durability));
  EXPECT_FALSE(with("5.3.6", R"({"cycles": 6000})").shortened(durability));
  EXPECT_FALSE(with("5.3.6", R"({"cycles": 5000})").shortened(durability));
  EXPECT_FALSE(with("5.3.6", R"({"checkpoint_cycles": 50})").shortened(durability));
  EXPECT_TRUE(with("5.3.6", R"({"pressure_kpa": 14})").shortened(durability));
  EXPECT_TRUE(with("5.3.6", R"({"pressure_tolerance_kpa": 1})").shortened(durability));
  EXPECT_TRUE(with("5.3.11", R"({"off_times_s": [10, 1]})").shortened("CJT503-5.3.11/6.13"));
  EXPECT_FALSE(with("5.3.11", R"({"off_times_s": [1, 10, 60, 600]})").shortened("CJT503-5.3.11/6.13"));
  EXPECT_TRUE(with("5.3.10a", R"({"flow": "qmin"})").shortened("CJT503-5.3.10a/6.12a"));
  EXPECT_FALSE(loader().plan("cjt503-auto").shortened(durability));
  EXPECT_EQ(refusal([&] { (void)with("5.3.6", "{}").shortened("CJT503-5.3.6/6.7"); }),
            "found clause \"CJT503-5.3.6/6.7\"; expected a clause of the plan p; did you mean \"CJT503-5.3.6/6.8\"?");
}

TEST_F(Plans, ADeviationKeepsBothValues) {
  const Plan plan = with("5.3.6", R"({"cycles": 100, "dwell_s": 2})");
  const auto& planned = plan.planned("CJT503-5.3.6/6.8");
  ASSERT_EQ(planned.deviations.size(), 2u);
  EXPECT_EQ(planned.deviations[0].parameter, "cycles");
  EXPECT_EQ(planned.deviations[0].standard_value, "5000");
  EXPECT_EQ(planned.deviations[0].plan_value, "100");
  EXPECT_TRUE(planned.deviations[0].shortens);
  EXPECT_FALSE(planned.deviations[1].shortens);
  EXPECT_EQ(planned.clause.number("cycles"), 100);
  EXPECT_EQ(catalogue().clause("CJT503-5.3.6/6.8").number("cycles"), 5000);
}

TEST_F(Plans, LimitsDependOnWhatTheMakerDeclares) {
  DutFile dut = loader().dut("wg25-r-1");
  const Clause& current = catalogue().clause("CJT503-5.3.9/6.11");
  EXPECT_EQ(current.limit("valve_current", dut)->high, 400);
  EXPECT_EQ(current.limit("valve_current", dut)->unit, "mA");
  dut.communication = "G";
  EXPECT_EQ(current.limit("valve_current", dut)->high, 2000);
  dut.communication = "O";
  EXPECT_FALSE(current.limit("valve_current", dut).has_value());
  EXPECT_EQ(refusal([&] { (void)current.limit("valve_curent", dut); }),
            "clause CJT503-5.3.9/6.11 has no limit \"valve_curent\"; did you mean \"valve_current\"?");

  const Clause& loss = catalogue().clause("CJT503-5.3.12/6.14");
  EXPECT_EQ(loss.limit("closing_time", dut)->high, 3.5);
  EXPECT_EQ(loss.limit("closing_time", dut)->source, Source::maker);
  dut.valve_close_time_s.reset();
  EXPECT_EQ(loss.limit("closing_time", dut)->high, 5);
  EXPECT_EQ(loss.limit("closing_time", dut)->source, Source::rig_default);
  dut.replaceable_battery = false;
  EXPECT_FALSE(loss.applies.to(dut));
  EXPECT_EQ(loss.applies.reason_against(dut), "for meters with a replaceable battery");

  const Clause& control = catalogue().clause("CJT503-5.3.18/6.20");
  EXPECT_EQ(control.limit("closing_time", dut)->high, 35);
  EXPECT_EQ(catalogue().clause("CJT503-5.3.10b/6.12b").applies.reason_against(dut),
            "for conversion direct_reading; this meter declares pulse");
  EXPECT_EQ(catalogue().clause("CJT503-5.3.21.1/6.23").applies.reason_against(dut),
            "optional function remote_top_up is not declared");
}

TEST_F(Plans, ParametersOfTheMaker) {
  DutFile dut = loader().dut("wg25-r-1");
  const Clause& clause = catalogue().clause("CJT503-5.3.13/6.15");
  EXPECT_EQ(clause.number("latency_s", dut), 10);
  EXPECT_EQ(clause.parameter("latency_s", dut).source, Source::maker);
  EXPECT_EQ(clause.number("undervoltage_v", dut), 4.8);
  dut.detection_latency_s.reset();
  EXPECT_EQ(clause.number("latency_s", dut), 60);
  dut.undervoltage_v.reset();
  dut.file = "d.json";
  EXPECT_EQ(refusal([&] { (void)clause.number("undervoltage_v", dut); }),
            "d.json: at /: found no key \"undervoltage_v\"; expected it, because the parameter undervoltage_v is the "
            "maker's");
  EXPECT_EQ(refusal([&] { (void)clause.number("ramp_v_per_sec"); }),
            "clause CJT503-5.3.13/6.15 has no parameter \"ramp_v_per_sec\"; did you mean \"ramp_v_per_s\"?");
  EXPECT_EQ(catalogue().clause("CJT503-5.3.11/6.13").list("off_times_s"), (std::vector<double>{10, 1, 60}));
  EXPECT_EQ(catalogue().clause("CJT503-5.3.10a/6.12a").text("flow"), "qmax");
}

TEST_F(Plans, ALimitComparesTheUnroundedValue) {
  const DutFile dut = loader().dut("wg25-r-1");
  const Limit fifty = *catalogue().clause("CJT503-5.3.8/6.10").limit("quiescent_current", dut);
  EXPECT_TRUE(fifty.holds(50));
  EXPECT_FALSE(fifty.holds(50.0000001));
  EXPECT_EQ(fifty.text(), "<= 50 uA");
  const Limit within = *catalogue().clause("CJT503-5.3.10a/6.12a").limit("conversion_error", dut);
  EXPECT_TRUE(within.holds(-1) && within.holds(1) && within.error_of_indication);
  EXPECT_FALSE(within.holds(-1.01) || within.holds(1.01));
  EXPECT_EQ(within.text(), "-1 to 1");
  EXPECT_FALSE(fifty.holds(std::numeric_limits<double>::quiet_NaN()));
}

TEST_F(Plans, EveryLimitAndParameterOfAProcedureHasASource) {
  for (const Clause& clause : catalogue().standard("cjt503").clauses) {
    // Another laboratory's certificate says how it judged; nothing is measured here.
    const bool measures = !clause.procedure.empty() && clause.procedure != "certificate";
    EXPECT_EQ(measures, !clause.limits.empty()) << clause.id;
    for (const auto& [name, parameter] : clause.parameters) {
      EXPECT_TRUE(parameter.source != Source::maker || !parameter.from.empty()) << clause.id << " " << name;
    }
  }
}

TEST_F(Plans, TheSameProcedureServesAnotherStandardUnderItsOwnLimit) {
  DutFile dut = loader().dut("wg25-r-1");
  const Clause& clause = catalogue().clause("HUSEC-6.2.1");
  EXPECT_EQ(clause.procedure, "quiescent_current");
  EXPECT_EQ(clause.limit("quiescent_current", dut)->high, 10);
  EXPECT_EQ(catalogue().clause("HUSEC-7.2.9").parameter("cycles").source, Source::standard);
  EXPECT_EQ(catalogue().clause("HUSEC-7.2.10").parameter("hold_s").source, Source::external);
  dut.meter = "water";
  EXPECT_EQ(clause.applies.reason_against(dut), "for gas meters; this is a water meter");
}

TEST_F(Plans, WhatTheStandardAsksOfInstruments) {
  const auto& demands = catalogue().standard("cjt503").demands;
  ASSERT_EQ(demands.size(), 4u);
  EXPECT_EQ(demands[0].role, "power_supply");
  EXPECT_EQ(demands[0].voltage_v, 9);
  EXPECT_EQ(demands[2].current_a, 0.0001);
  EXPECT_EQ(demands[2].class_percent, 1);
}

TEST_F(Plans, AnAgreementAcceptsByClauseOrByName) {
  Job job;
  job.agreements.push_back({"contract review 12", "Li", "2026-03-01", {"5.3.17", "CJT503-5.3.18/6.20:closing_time"}});
  EXPECT_NE(job.accepting("CJT503-5.3.17/6.19", "successful_readings"), nullptr);
  EXPECT_NE(job.accepting("CJT503-5.3.18/6.20", "closing_time"), nullptr);
  EXPECT_EQ(job.accepting("CJT503-5.3.18/6.20", "foreign_reactions"), nullptr);
  EXPECT_EQ(job.accepting("CJT503-5.3.1.1/6.3.1", "x"), nullptr);
  job.agreements.front().accepts = {"all"};
  EXPECT_NE(job.accepting("CJT503-5.3.1.1/6.3.1", "x"), nullptr);
}

TEST_F(Plans, AConditionalFailCanNotBecomeAPass) {
  auto rule = [](const char* text) { return refusal([&] { read_decision_rule(json::parse(text, "r.json")); }); };
  EXPECT_EQ(rule(R"({"rule": "guard_band", "conditional_pass": "pass", "conditional_fail": "fail"})"), "(accepted)");
  EXPECT_EQ(rule(R"({"rule": "guard_band", "conditional_fail": "pass"})"),
            "r.json:1: at /conditional_fail: found string \"pass\"; expected \"fail\" or \"inconclusive\"");
}

TEST(ConfigPathTest, LooksBesideTheProgramThenInThePrefixThenWhereTheVariableSays) {
  const Scratch scratch;
  scratch.write("build/config/plans/a.json", "{}");
  scratch.write("share/meterrig/config/plans/a.json", "{}");
  scratch.write("share/meterrig/config/plans/b.json", "{}");
  scratch.write("own/plans/c.json", "{}");
  setenv("METERRIG_CONFIG", (scratch.folder() / "own").c_str(), 1);
  const ConfigPath path = ConfigPath::find(scratch.folder() / "build" / "meterrig");
  unsetenv("METERRIG_CONFIG");
  EXPECT_EQ(path.folders().size(), 3u);
  EXPECT_EQ(path.names("plans"), (Ids{"a", "b", "c"}));
  EXPECT_EQ(path.resolve("plans", "a"), scratch.folder() / "build/config/plans/a.json");
  EXPECT_EQ(path.resolve("plans", "c.json"), scratch.folder() / "own/plans/c.json");
  EXPECT_EQ(path.resolve("plans", scratch.folder() / "own/plans/c.json"), scratch.folder() / "own/plans/c.json");
}

}  // namespace
}  // namespace meterrig::plan
