#include "rig/record/record_fold.hpp"

#include <gtest/gtest.h>

#include "fold_support.hpp"
#include "rig/record/chain.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;
using test::at;
using test::fold;
using test::leak;
using test::quiescent;
using test::result_of;
using test::schema_faults;
using test::with;

TEST(RecordFold, AHealthyRun) {
  test::Bench bench;
  bench.healthy();
  const json record = fold(bench);
  EXPECT_EQ(record["run"], "r1");
  EXPECT_EQ(record["state"], "finished");
  EXPECT_EQ(record["verdict"], "pass");
  EXPECT_EQ(record["simulated"], false);
  EXPECT_EQ(record["started"], "2026-11-21T08:00:00Z");
  EXPECT_EQ(record["ended"], "2026-11-21T08:00:06Z");
  EXPECT_EQ(record["instruments"][0]["simulated"], false);
  EXPECT_EQ(record["conclusion"]["conforms"], true);
  EXPECT_EQ(record["conclusion"]["open"], json::array());
  EXPECT_EQ(record["conclusion"]["text"]["zh"], "所检项目符合 CJ/T 503-2016 的要求。");
  EXPECT_EQ(record["limit_sources"], json::array());
  EXPECT_EQ(record["journal"]["events"], bench.journal.last());
  EXPECT_EQ(record["journal"]["head"], "sha256:" + hex(bench.journal.head().hash));
  EXPECT_EQ(exit_code(record), 0);
  ASSERT_EQ(record["duts"].size(), 2U);
  EXPECT_EQ(record["duts"][0]["serial"], "A1");
  EXPECT_EQ(record["duts"][0]["declared"], (json{{"wake_period_s", 2}}));

  const json& result = result_of(record, 1, quiescent);
  EXPECT_EQ(result["requirement"], "5.3.8");
  EXPECT_EQ(result["attempts"], 1);
  EXPECT_EQ(result["operator"], "Li");
  EXPECT_EQ(result["started"], "2026-11-21T08:00:00Z");
  EXPECT_EQ(result["ended"], "2026-11-21T08:00:01.5Z");
  ASSERT_EQ(result["measurements"].size(), 1U);
  EXPECT_EQ(result["measurements"][0]["value"], 31.42);
  EXPECT_EQ(result["measurements"][0]["limit"], (json{{"at_most", 50}, {"source", "standard"}}));
}

TEST(RecordFold, EveryAttemptIsKeptAndTheLastDecides) {
  test::Bench bench;
  bench.start();
  bench.begin(1, quiescent);
  bench.journal.append("measurement", with(at(1, quiescent), {{"name", "i"},
                                                              {"kind", "measured"},
                                                              {"value", nullptr},
                                                              {"reason", "no answer"},
                                                              {"unit", "uA"},
                                                              {"limit", {{"at_most", 50}, {"source", "standard"}}},
                                                              {"verdict", "void"}}));
  bench.end(1, quiescent, "void", 1,
            {{"instrument", "uam-1"}, {"command", "READ?"}, {"got", ""}, {"after_s", 2}, {"text", "no answer"}});
  bench.begin(1, quiescent, 2);
  bench.journal.append("measurement", with(at(1, quiescent, 2), test::current(48, "pass")));
  bench.end(1, quiescent, "pass", 2);
  bench.finish();
  const json record = fold(bench);
  const json& result = result_of(record, 1, quiescent);
  EXPECT_EQ(result["verdict"], "pass");
  EXPECT_EQ(result["attempts"], 2);
  EXPECT_EQ(result["cause"], nullptr);
  ASSERT_EQ(result["measurements"].size(), 1U);
  EXPECT_EQ(result["measurements"][0]["value"], 48);
  EXPECT_EQ(result["attempt_records"][0]["verdict"], "void");
  EXPECT_EQ(result["attempt_records"][0]["cause"]["instrument"], "uam-1");
  EXPECT_EQ(result["attempt_records"][0]["measurements"][0]["reason"], "no answer");
  EXPECT_EQ(result["attempt_records"][1]["verdict"], "pass");
}

TEST(RecordFold, AnInterruptedRetestDoesNotWipeOutAFail) {
  test::Bench bench;
  bench.start();
  bench.whole(1, quiescent, "fail");
  bench.begin(1, quiescent, 2);
  const json record = fold(bench);
  EXPECT_EQ(record["state"], "interrupted");
  EXPECT_EQ(result_of(record, 1, quiescent)["verdict"], "fail");
  EXPECT_EQ(result_of(record, 1, quiescent)["attempt_records"][1]["verdict"], "void");
}

TEST(RecordFold, AVoidRetestSaysNothingAboutTheFail) {
  test::Bench bench;
  bench.start();
  bench.whole(1, quiescent, "fail");
  bench.whole(1, quiescent, "void", 2);
  EXPECT_EQ(result_of(fold(bench), 1, quiescent)["verdict"], "fail");
}

TEST(RecordFold, ARetestOfAFailDecides) {
  test::Bench bench;
  bench.start();
  bench.whole(1, quiescent, "fail");
  bench.whole(1, quiescent, "pass", 2);
  EXPECT_EQ(result_of(fold(bench), 1, quiescent)["verdict"], "pass");
}

TEST(RecordFold, TheSameNumberTwiceIsTwoAttempts) {
  test::Bench bench;
  bench.start();
  bench.whole(1, quiescent, "fail");
  bench.whole(1, quiescent, "pass");
  EXPECT_EQ(result_of(fold(bench), 1, quiescent)["attempts"], 2);
}

TEST(RecordFold, ARefusedRunHasARecord) {
  test::Bench bench;
  bench.journal.append("run_refused", {{"reason", "uam-1 is out of calibration"}, {"run", "r1"}});
  const json record = fold(bench);
  EXPECT_EQ(record["state"], "refused");
  EXPECT_EQ(record["reason"], "uam-1 is out of calibration");
  EXPECT_EQ(record["verdict"], "not_tested");
  EXPECT_EQ(record["conclusion"]["conforms"], nullptr);

  test::Bench later;
  later.start();
  later.journal.append("run_refused", {{"reason", "wrong meter"}});
  EXPECT_EQ(fold(later)["state"], "refused");
  EXPECT_EQ(fold(later)["duts"].size(), 2U);
}

TEST(RecordFold, AOneSidedReadingFails) {
  test::Bench bench;
  bench.start();
  bench.begin(1, quiescent);
  json reading = test::current(100, "fail");
  reading["one_sided"] = ">";
  reading["expanded_uncertainty"] = nullptr;
  reading["range_ua"] = 100;
  bench.journal.append("measurement", with(at(1, quiescent), reading));
  bench.end(1, quiescent, "fail");
  bench.finish("finished", "fail");
  const json record = fold(bench);
  const json& measurement = result_of(record, 1, quiescent)["measurements"][0];
  EXPECT_EQ(measurement["one_sided"], ">");
  EXPECT_EQ(measurement["value"], 100);
  EXPECT_EQ(measurement["more"], (json{{"range_ua", 100}})) << "what the schema does not name is kept apart";
  EXPECT_EQ(exit_code(record), 1);
}

TEST(RecordFold, APassCoversNothingWorse) {
  for (const char* ended : {"pass", "recorded", "not_applicable"}) {
    for (const char* measured : {"fail", "void", "inconclusive"}) {
      test::Bench bench;
      bench.start();
      bench.begin(1, quiescent);
      bench.journal.append("measurement", with(at(1, quiescent), test::current(60, measured)));
      bench.end(1, quiescent, ended);
      EXPECT_EQ(result_of(fold(bench), 1, quiescent)["verdict"], measured);
    }
  }
}

TEST(RecordFold, AnExtendedLimitHasNoSay) {
  test::Bench bench;
  bench.start();
  bench.begin(1, quiescent);
  bench.journal.append("measurement", with(at(1, quiescent), with(test::current(60, "fail"), {{"extended", true}})));
  bench.end(1, quiescent, "pass");
  const json record = fold(bench);
  EXPECT_EQ(result_of(record, 1, quiescent)["verdict"], "pass");
  EXPECT_EQ(result_of(record, 1, quiescent)["measurements"][0]["extended"], true);
}

TEST(RecordFold, AVoidAfterAFailedReadingStaysVoid) {
  test::Bench bench;
  bench.start();
  bench.begin(1, quiescent);
  bench.journal.append("measurement", with(at(1, quiescent), test::current(60, "fail")));
  bench.end(1, quiescent, "void");
  EXPECT_EQ(result_of(fold(bench), 1, quiescent)["verdict"], "void") << "the rig's fault is never the meter's";
}

TEST(RecordFold, ARecordedValueHasNoLimitAndNoSay) {
  test::Bench bench;
  bench.start();
  bench.begin(1, quiescent);
  bench.journal.append(
      "recorded", with(at(1, quiescent), {{"name", "money"}, {"value", "12.50"}, {"unit", "1"}, {"kind", "exact"}}));
  bench.end(1, quiescent, "pass");
  const json record = fold(bench);
  const json& result = result_of(record, 1, quiescent);
  EXPECT_EQ(result["verdict"], "pass");
  EXPECT_EQ(result["measurements"][0]["verdict"], "recorded");
  EXPECT_EQ(result["measurements"][0]["value"], "12.50");
  EXPECT_EQ(result["measurements"][0]["limit"], nullptr);
}

TEST(RecordFold, OnlyVoidInconclusiveAndRecordedNeverAddUpToConformity) {
  for (const char* open : {"void", "inconclusive", "recorded", "not_tested"}) {
    test::Bench bench;
    bench.start();
    for (const int sample : {1, 2}) bench.whole(sample, quiescent, "pass");
    bench.whole(1, leak, "pass");
    bench.whole(2, leak, open);
    bench.finish();
    const json record = fold(bench);
    EXPECT_EQ(record["conclusion"]["conforms"], nullptr) << open;
    EXPECT_EQ(record["conclusion"]["open"], (json{leak})) << open;
    EXPECT_EQ(record["conclusion"]["undecided"][open], (json::array({{{"sample", 2}, {"id", leak}}})));
  }
}

TEST(RecordFold, AFailInAWholeInspectionDoesNotConform) {
  test::Bench bench;
  bench.start();
  for (const int sample : {1, 2}) bench.whole(sample, quiescent, "pass");
  bench.whole(1, leak, "not_applicable");
  bench.whole(2, leak, "fail");
  bench.finish("finished", "fail");
  EXPECT_EQ(fold(bench)["conclusion"]["conforms"], false);
}

TEST(RecordFold, OnlyAFinishedRunConcludes) {
  test::Bench bench;
  bench.start();
  for (const int sample : {1, 2}) {
    bench.whole(sample, quiescent, "pass");
    bench.whole(sample, leak, "pass");
  }
  EXPECT_EQ(fold(bench)["conclusion"]["conforms"], nullptr);
  bench.finish("aborted", "pass");
  const json record = fold(bench);
  EXPECT_EQ(record["conclusion"]["open"], json::array());
  EXPECT_EQ(record["conclusion"]["conforms"], nullptr);
}

TEST(RecordFold, WhatThePlanLeavesOutStaysOpen) {
  test::Bench bench;
  json body = test::opening();
  body["membership"].push_back({{"id", "CJT503-5.2/6.2"}});
  bench.start(body);
  for (const int sample : {1, 2}) {
    bench.whole(sample, quiescent, "pass");
    bench.whole(sample, leak, "pass");
  }
  bench.finish();
  const json record = fold(bench);
  EXPECT_EQ(record["verdict"], "pass") << "of what was asked for";
  EXPECT_EQ(record["conclusion"]["conforms"], nullptr);
  EXPECT_EQ(record["conclusion"]["open"], (json{"CJT503-5.2/6.2"}));

  test::Bench unknown;
  body.erase("membership");
  unknown.start(body);
  for (const int sample : {1, 2}) {
    unknown.whole(sample, quiescent, "pass");
    unknown.whole(sample, leak, "pass");
  }
  unknown.finish();
  EXPECT_EQ(fold(unknown)["conclusion"]["conforms"], nullptr) << "nobody said what the whole is";
}

TEST(RecordFold, OneSimulatedInstrumentMakesTheRunSimulated) {
  test::Bench bench;
  json body = test::opening();
  body["instruments"][0]["simulated"] = true;
  bench.start(body);
  for (const int sample : {1, 2}) {
    bench.whole(sample, quiescent, "pass");
    bench.begin(sample, leak);
    bench.journal.append("clause_ended", with(at(sample, leak), {{"verdict", "pass"}, {"simulated", false}}));
  }
  bench.finish();
  const json record = fold(bench);
  EXPECT_EQ(record["simulated"], true);
  EXPECT_EQ(record["conclusion"]["conforms"], nullptr);
  EXPECT_EQ(result_of(record, 1, quiescent)["simulated"], true);
  EXPECT_EQ(result_of(record, 1, leak)["simulated"], false) << "the clause says that it used none of it";
}

TEST(RecordFold, NoClauseCanSayThatASimulatedRunIsReal) {
  test::Bench bench;
  json body = test::opening();
  body["simulated"] = true;
  bench.start(body);
  bench.journal.append("clause_started", with(at(1, leak), {{"simulated", false}}));
  EXPECT_EQ(result_of(fold(bench), 1, leak)["simulated"], true);

  test::Bench one;
  one.start();
  one.journal.append("clause_started", with(at(1, leak), {{"simulated", true}}));
  one.end(1, leak, "pass");
  EXPECT_EQ(fold(one)["simulated"], true) << "one simulated result is enough";
}

TEST(RecordFold, LimitsThatAreNotTheStandardsOwnAreListedOnce) {
  test::Bench bench;
  json body = test::opening();
  body["clauses"][1]["parameters"] =
      json::array({{{"name", "soak"}, {"value", 600}, {"unit", "s"}, {"source", "rig_default"}},
                   {{"name", "pressure"}, {"value", 5}, {"unit", "kPa"}, {"source", "standard"}}});
  bench.start(body);
  for (const int sample : {1, 2}) {
    bench.begin(sample, quiescent);
    json reading = test::current(10, "pass");
    reading["limit"] = {{"between", {0, 40}}, {"source", "maker"}};
    bench.journal.append("measurement", with(at(sample, quiescent), reading));
    bench.end(sample, quiescent, "pass");
  }
  const json sources = fold(bench)["limit_sources"];
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0]["name"], "soak");
  EXPECT_EQ(sources[0]["kind"], "parameter");
  EXPECT_EQ(sources[0]["id"], leak);
  EXPECT_EQ(sources[1]["source"], "maker");
  EXPECT_EQ(sources[1]["kind"], "limit");
}

TEST(RecordFold, StationsAndSamplesOfAClause) {
  test::Bench bench;
  json body = test::opening();
  body["clauses"][0]["stations"] = {"s2"};
  body["clauses"][1]["samples"] = {1};
  bench.start(body);
  const json record = fold(bench);
  ASSERT_EQ(record["duts"][0]["results"].size(), 1U);
  EXPECT_EQ(record["duts"][0]["results"][0]["id"], leak);
  ASSERT_EQ(record["duts"][1]["results"].size(), 1U);
  EXPECT_EQ(record["duts"][1]["results"][0]["id"], quiescent);
}

TEST(RecordFold, NotesAnswersSeriesAndEnvironmentAreInTheRecord) {
  test::Bench bench;
  bench.start();
  bench.journal.append("environment", {{"name", "temperature"}, {"value", 21.5}, {"unit", "Cel"}});
  bench.journal.append("deviation", {{"text",
                                      {{
                                           "zh",
                                           "全局",
                                       },
                                       {"en", "of the run"}}}});
  bench.begin(1, leak);
  bench.journal.append("note", with(at(1, leak), {{"text", {{"zh", "甲"}, {"en", "a"}}}}));
  bench.journal.append("deviation", with(at(1, leak), {{"text", "air, not gas"}}));
  bench.journal.append("prompt", with(at(1, leak), {{"prompt_id", "p1"}, {"text", {{"zh", "请看"}, {"en", "look"}}}}));
  bench.journal.append("answer", with(at(1, leak), {{"prompt_id", "p1"}, {"value", "yes"}, {"operator", "Wang"}}));
  bench.journal.append("reading_series", with(at(1, leak), {{"name", "flow"},
                                                            {"unit", "L/h"},
                                                            {"start", "2026-11-21T08:00:00Z"},
                                                            {"interval_s", 0.5},
                                                            {"samples", 10},
                                                            {"sha256", std::string(64, 'a')}}));
  // Another sample's prompt of the same number, asked before this one is answered.
  bench.begin(2, leak);
  bench.journal.append("prompt", with(at(1, leak), {{"prompt_id", "p2"}, {"text", {{"zh", "一"}, {"en", "first"}}}}));
  bench.journal.append("prompt", with(at(2, leak), {{"prompt_id", "p2"}, {"text", {{"zh", "二"}, {"en", "second"}}}}));
  bench.journal.append("answer", with(at(1, leak), {{"prompt_id", "p2"}, {"value", "yes"}}));
  bench.end(1, leak, "pass");
  const json record = fold(bench);
  EXPECT_EQ(record["environment"][0]["value"], 21.5);
  EXPECT_EQ(record["deviations"][0]["text"]["en"], "of the run");
  const json& result = result_of(record, 1, leak);
  EXPECT_EQ(result["notes"][0]["text"]["zh"], "甲");
  EXPECT_EQ(result["deviations"][0]["text"], "air, not gas");
  EXPECT_EQ(result["operator"], "Li, Wang");
  EXPECT_EQ(result["evidence"][0], "sha256:" + std::string(64, 'a'));
  EXPECT_EQ(result["attempt_records"][0]["answers"][0]["prompt"]["en"], "look");
  EXPECT_EQ(result["attempt_records"][0]["answers"][1]["prompt"]["en"], "first");
  EXPECT_EQ(result["attempt_records"][0]["series"][0]["samples"], 10);
}

TEST(RecordFold, AResultThatThePlanDidNotAskForIsNotLost) {
  test::Bench bench;
  bench.start();
  bench.whole(1, "LAB-7", "fail");
  const json record = fold(bench);
  EXPECT_EQ(result_of(record, 1, "LAB-7")["verdict"], "fail");
  EXPECT_EQ(record["verdict"], "fail");
}

TEST(RecordSchema, RefusesWhatIsNotARecord) {
  test::Bench bench;
  bench.healthy();
  const json good = fold(bench);
  json bad = good;
  bad["verdict"] = "passed";
  EXPECT_NE(schema_faults(bad), "");
  bad = good;
  bad["duts"][0]["results"][0]["measurements"][0].erase("unit");
  EXPECT_NE(schema_faults(bad), "");
  bad = good;
  bad["duts"][0]["results"][0]["measurements"][0]["value"] = nullptr;
  EXPECT_NE(schema_faults(bad), "") << "a missing reading needs a reason";
  bad = good;
  bad["duts"][0]["results"][0]["measurements"][0]["limit"]["at_least"] = 1;
  EXPECT_NE(schema_faults(bad), "") << "two kinds of limit";
  bad = good;
  bad["surprise"] = 1;
  EXPECT_NE(schema_faults(bad), "");
  for (const auto& [key, value] : good.items()) {
    bad = good;
    bad.erase(key);
    EXPECT_NE(schema_faults(bad), "") << key;
  }
}

}  // namespace
}  // namespace meterrig::record
