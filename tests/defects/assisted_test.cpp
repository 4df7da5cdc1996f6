#include <gtest/gtest.h>

#include "tests/defects/whole_run.hpp"

// Clauses of CJ/T 484 that people, their equipment and other laboratories test.
namespace meterrig::defects {
namespace {

using nlohmann::json;

const std::string seals = "CJT484-5.2.8/6.1.3";
const std::string mark = "CJT484-8.1";
const std::string enclosure = "CJT484-5.2.13/6.2.12";
const std::string bump = "CJT484-5.2.10/6.2.13";
const std::string durability = "CJT484-5.2.9/6.2.10";
const std::string dry_heat = "CJT484-5.3.1/6.3.1";
const std::string chamber_clock = "CJT484-5.4.2c/6.4.2b";

Story type_plan(std::vector<std::string> only) {
  return {.duts = {"lxs15-1", "lxs15-2"}, .only = std::move(only), .plan = "cjt484-type", .rig = "water"};
}

// What the operator answers to a question, in the place of the virtual one.
Story answered(std::string clause, std::string kind, std::string value) {
  Story story = type_plan({std::move(clause)});
  story.answers = {{1, std::move(kind), std::move(value)}};
  return story;
}

std::string verdict(const json& record, const std::string& clause, std::size_t sample = 0) {
  return result_of(record, sample, clause).at("verdict");
}

std::string cause(const json& record, const std::string& clause) {
  const json& its = result_of(record, 0, clause).at("cause");
  return its.is_null() ? "" : its.at("text").get<std::string>();
}

plan::Certificate& certificate_of(cli::RunFiles& files, const std::string& clause) {
  for (plan::Certificate& its : files.plan.job.certificates)
    if (its.concerns(clause)) return its;
  throw std::out_of_range("no certificate on " + clause);
}

TEST(Inspection, APersonsAnswerDecides) {
  EXPECT_EQ(verdict(record_of(type_plan({seals})), seals), "pass");
  EXPECT_EQ(verdict(record_of(answered(seals, "inspect:5.2.8", "no")), seals), "fail");
  EXPECT_EQ(verdict(record_of(answered(seals, "inspect:5.2.8", "否")), seals), "fail");
  EXPECT_EQ(verdict(record_of(answered(seals, "inspect:5.2.8", " Yes ")), seals), "pass");
  EXPECT_EQ(verdict(record_of(answered(seals, "inspect:5.2.8", "n.a.")), seals), "not_applicable");
  const json doubtful = record_of(answered(seals, "inspect:5.2.8", "perhaps"));
  EXPECT_EQ(verdict(doubtful, seals), "inconclusive");
  EXPECT_NE(cause(doubtful, seals).find("\"perhaps\""), std::string::npos);
}

TEST(Inspection, AskedWithWhatMustHold) {
  const json record = record_of(type_plan({seals}));
  const json& answer = result_of(record, 0, seals).at("attempt_records").at(0).at("answers").at(0);
  EXPECT_NE(answer.at("prompt").at("en").get<std::string>().find("GB/T 778.1-2018 6.8."), std::string::npos);
  EXPECT_NE(answer.at("prompt").at("zh").get<std::string>().find("防护装置"), std::string::npos);
  EXPECT_EQ(answer.at("operator"), "virtual operator");
}

// 宜: whatever is said of it, it is no nonconformity, and it does not stand in the way of a conclusion.
TEST(Inspection, ARecommendationIsNeverAFail) {
  const std::string storage = "CJT484-8.4.2";
  const json record = record_of(answered(storage, "inspect:8.4.2", "no"));
  EXPECT_EQ(verdict(record, storage), "recorded");
  EXPECT_EQ(verdict(record, storage, 1), "pass");
  const json& open = record.at("conclusion").at("open");
  EXPECT_EQ(std::find(open.begin(), open.end(), storage), open.end());
  EXPECT_NE(std::find(open.begin(), open.end(), seals), open.end());
}

TEST(ClauseCertificates, DecideWhatOnlyAnotherLaboratoryTests) {
  const json record = record_of(type_plan({enclosure}));
  const json& result = result_of(record, 0, enclosure);
  EXPECT_EQ(result.at("verdict"), "pass");
  ASSERT_EQ(result.at("certificates").size(), 1u);
  EXPECT_EQ(result.at("certificates")[0].at("number"), "VL-IP-2026-003");
  EXPECT_EQ(result.at("certificates")[0].at("laboratory"), "meterrig virtual laboratory");
  EXPECT_EQ(record.at("job").at("certificates").size(), 3u);
}

TEST(ClauseCertificates, OneThatFailsFails) {
  Story story = type_plan({enclosure, dry_heat});
  story.change = [](cli::RunFiles& files) {
    certificate_of(files, enclosure).verdict = "fail";
    certificate_of(files, dry_heat).verdict = "fail";
  };
  const json record = record_of(story);
  EXPECT_EQ(verdict(record, enclosure), "fail");
  EXPECT_EQ(verdict(record, dry_heat), "fail") << "whatever the functional check finds";
}

TEST(ClauseCertificates, OfAnotherSampleAreNone) {
  Story story = type_plan({dry_heat});
  story.change = [](cli::RunFiles& files) { certificate_of(files, dry_heat).serials = {"26W000202"}; };
  const json record = record_of(story);
  EXPECT_EQ(verdict(record, dry_heat, 0), "not_tested");
  EXPECT_EQ(verdict(record, dry_heat, 1), "pass");
  EXPECT_NE(cause(record, dry_heat).find("VL-CLIMATE-EMC-2026-002 is about other samples"), std::string::npos)
      << cause(record, dry_heat);
}

TEST(ClauseCertificates, WithoutOneTheClauseSaysWhatToAdd) {
  Story story = type_plan({enclosure, dry_heat});
  story.change = [](cli::RunFiles& files) { files.plan.job.certificates.clear(); };
  const json record = record_of(story);
  for (const std::string& clause : {enclosure, dry_heat}) {
    EXPECT_EQ(verdict(record, clause), "not_tested");
    EXPECT_NE(cause(record, clause).find("add one to `certificates` of the plan's job"), std::string::npos);
    EXPECT_NE(cause(record, clause).find("26W000201 (model LXS-15E)"), std::string::npos);
  }
}

TEST(ClauseCertificates, TheWorstOfSeveralCounts) {
  Story story = type_plan({enclosure});
  story.change = [](cli::RunFiles& files) {
    plan::Certificate second = certificate_of(files, enclosure);
    second.number = "IP-8";
    second.verdict = "inconclusive";
    files.plan.job.certificates.push_back(second);
  };
  const json record = record_of(story);
  EXPECT_EQ(verdict(record, enclosure), "inconclusive");
  EXPECT_EQ(result_of(record, 0, enclosure).at("certificates").size(), 2u);
}

TEST(ClauseCertificates, OneOfTomorrowIsRefused) {
  cli::RunOptions words;
  words.plan = "cjt484-type";
  words.only = {enclosure};
  cli::RunFiles files = support::files_of(words);
  certificate_of(files, enclosure).date = "2026-11-22";
  support::VirtualRig rig(files);
  support::Session session(rig);
  try {
    session.run().check();
    FAIL() << "accepted";
  } catch (const UserError& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("cjt484-type.json:"), std::string::npos) << what;
    EXPECT_NE(what.find("expected a day not after the start of the run, 2026-11-21"), std::string::npos) << what;
  }
}

TEST(Treatment, WhatTheSampleHadCountedMustBeThereAfterwards) {
  const json good = record_of(type_plan({bump}));
  EXPECT_EQ(verdict(good, bump), "pass") << reasons_of(result_of(good, 0, bump));
  EXPECT_TRUE(ended_safe(good));
  Story cleared = type_plan({bump});
  cleared.defects = {"cjt484-5.2.10-d1@1"};
  const json record = record_of(cleared);
  EXPECT_EQ(verdict(record, bump), "fail");
  EXPECT_TRUE(shows(result_of(record, 0, bump), "cumulative_lost")) << reasons_of(result_of(record, 0, bump));
  EXPECT_EQ(verdict(record, bump, 1), "pass");
}

// Its station is without voltage while the sample is elsewhere: a meter that forgets without supply is found.
TEST(Treatment, AMeterThatForgetsWithoutSupplyFails) {
  Story story = type_plan({bump});
  story.defects = {"cjt484-5.4.6a-d1@1"};
  const json record = record_of(story);
  EXPECT_EQ(verdict(record, bump), "fail");
  EXPECT_TRUE(shows(result_of(record, 0, bump), "period_lost")) << reasons_of(result_of(record, 0, bump));
  story.defects = {"cjt484-5.4.2a-d4@1"};
  const json clock = record_of(story);
  EXPECT_TRUE(shows(result_of(clock, 0, bump), "clock_lost")) << reasons_of(result_of(clock, 0, bump));
}

TEST(Treatment, DamageThatThePersonSeesIsAFail) {
  EXPECT_EQ(verdict(record_of(answered(bump, "inspect:5.2.10", "no")), bump), "fail");
}

TEST(Treatment, NotDoneIsInconclusive) {
  EXPECT_EQ(verdict(record_of(answered(bump, "treat:5.2.10", "later")), bump), "inconclusive");
  EXPECT_EQ(verdict(record_of(answered(durability, "pass_water:5.2.9", "done")), durability), "inconclusive");
}

TEST(Treatment, TheWaterBenchsVolumeIsHeldAgainstTheRegister) {
  const json good = record_of(type_plan({durability}));
  EXPECT_EQ(verdict(good, durability), "pass") << reasons_of(result_of(good, 0, durability));
  Story worn = type_plan({durability});
  worn.defects = {"cjt484-5.2.9-d1@1"};
  const json record = record_of(worn);
  EXPECT_EQ(verdict(record, durability), "fail");
  EXPECT_TRUE(shows(result_of(record, 0, durability), "volume_error")) << reasons_of(result_of(record, 0, durability));
  // Which limit is GB/T 778's, so a failure waits for the job to agree.
  worn.change = [](cli::RunFiles& files) { files.plan.job.agreements.clear(); };
  EXPECT_EQ(verdict(record_of(worn), durability), "inconclusive");
}

TEST(Treatment, AMeterThatDoesNotWorkAfterwardsFails) {
  Story story = type_plan({dry_heat});
  story.defects = {"cjt484-5.4.1-d1@1"};
  const json record = record_of(story);
  EXPECT_EQ(verdict(record, dry_heat), "fail");
  EXPECT_TRUE(shows(result_of(record, 0, dry_heat), "period_off")) << reasons_of(result_of(record, 0, dry_heat));
}

TEST(FactoryInspection, IsHeldAgainstTheFactoryColumn) {
  Story story = type_plan({seals});
  story.plan = "cjt484-factory";
  const json open = record_of(story).at("conclusion").at("open");
  EXPECT_EQ(open.size(), 18u) << "19 clauses, one of them tested";
  EXPECT_EQ(std::find(open.begin(), open.end(), enclosure), open.end());
}

TEST(FactoryInspection, WhatAnAgreementWaivesIsSaid) {
  Story story = type_plan({chamber_clock});
  story.plan = "cjt484-factory";
  const json record = record_of(story);
  EXPECT_EQ(verdict(record, chamber_clock), "not_applicable");
  EXPECT_NE(cause(record, chamber_clock).find("waived by the agreement \"no climate chamber for every meter\""),
            std::string::npos);
  const std::string text = record.at("conclusion").at("text").at("en");
  EXPECT_NE(text.find("Waived by agreement: CJT484-5.4.2c/6.4.2b."), std::string::npos) << text;
}

// Of every defect of a water meter, what people, treatments and papers find of it.
class TypeInspection : public ::testing::TestWithParam<bench::DefectRow> {};
TEST_P(TypeInspection, FindsWhatTheFaultReaches) {
  const bench::DefectRow& row = GetParam();
  Story story = type_plan({});
  story.duts = {"lxs15-1"};
  story.defects = {row.name + "@1"};
  story.change = [](cli::RunFiles& files) {
    std::erase_if(files.plan.clauses, [](const plan::PlannedClause& planned) {
      const std::string& by = planned.clause.procedure;
      return by != "inspection" && by != "certificate" && by != "treatment";
    });
  };
  const json record = record_of(story);
  std::map<std::string, std::string> expected;
  for (const auto& [id, verdict] : row.expected)
    for (const json& result : record.at("duts").at(0).at("results"))
      if (result.at("id") == id) expected[id] = verdict;
  EXPECT_EQ(exceptions_of(record, 0), expected);
}

std::vector<bench::DefectRow> water_rows() {
  std::vector<bench::DefectRow> rows = bench::defect_rows();
  std::erase_if(rows, [](const bench::DefectRow& row) { return row.meter != "water" || row.kind == "fault"; });
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Cjt484, TypeInspection, ::testing::ValuesIn(water_rows()), [](const auto& one) {
  std::string name = one.param.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

}  // namespace
}  // namespace meterrig::defects
