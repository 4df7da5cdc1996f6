// What a run that was killed, aborted or resumed leaves on record.
#include <gtest/gtest.h>

#include "fold_support.hpp"

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

TEST(RecordInterrupted, AKilledRun) {
  test::Bench bench;
  bench.start();
  bench.whole(1, quiescent, "pass");
  bench.begin(1, leak);
  const json record = fold(bench);
  EXPECT_EQ(record["state"], "interrupted");
  EXPECT_EQ(result_of(record, 1, quiescent)["verdict"], "pass");
  EXPECT_EQ(result_of(record, 1, leak)["verdict"], "void");
  EXPECT_FALSE(result_of(record, 1, leak)["cause"].is_null());
  EXPECT_EQ(result_of(record, 1, leak)["ended"], nullptr);
  EXPECT_EQ(result_of(record, 2, leak)["verdict"], "not_tested");
  EXPECT_EQ(record["verdict"], "void");
  EXPECT_EQ(record["duts"][1]["verdict"], "not_tested");
  EXPECT_EQ(record["conclusion"]["conforms"], nullptr);
  EXPECT_EQ(record["conclusion"]["open"], (json{quiescent, leak}));
  EXPECT_EQ(exit_code(record), 4);

  const json live = fold_record(bench.journal.events(), Liveness::live);
  EXPECT_EQ(schema_faults(live), "");
  EXPECT_EQ(live["state"], "running");
  EXPECT_EQ(live["ended"], nullptr);
  EXPECT_EQ(result_of(live, 1, leak)["verdict"], "not_tested");
}

TEST(RecordInterrupted, AClauseThatOnlyWaitedForAThingWasNotBegun) {
  test::Bench bench;
  bench.start();
  bench.journal.append("lease", with(at(1, leak), {{"role", "microammeter"}, {"state", "waiting"}}));
  const json record = fold(bench);
  EXPECT_EQ(record["state"], "interrupted");
  EXPECT_EQ(result_of(record, 1, leak)["verdict"], "not_tested");
  EXPECT_EQ(result_of(record, 1, leak)["attempts"], 0);
}

TEST(RecordInterrupted, AKilledRunThatGoesOn) {
  test::Bench bench;
  bench.start();
  bench.begin(1, quiescent);
  bench.journal.append("run_resumed", {{"by", "Li"}});
  const json live = fold_record(bench.journal.events(), Liveness::live);
  EXPECT_EQ(result_of(live, 1, quiescent)["verdict"], "void") << "what the crash left open is not under way";
  bench.whole(1, quiescent, "pass", 2);
  bench.whole(2, quiescent, "pass");
  bench.whole(1, leak, "pass");
  bench.whole(2, leak, "pass");
  bench.finish();
  const json record = fold(bench);
  EXPECT_EQ(record["state"], "finished");
  EXPECT_EQ(record["verdict"], "pass");
  EXPECT_EQ(result_of(record, 1, quiescent)["attempt_records"][0]["verdict"], "void");
}

TEST(RecordInterrupted, AnAbortedRunThatWasResumedIsOpenAgain) {
  test::Bench bench;
  bench.start();
  bench.finish("aborted", "not_tested");
  bench.journal.append("run_resumed", json::object());
  EXPECT_EQ(fold(bench)["state"], "interrupted");
}

TEST(RecordInterrupted, AnAbortedRun) {
  test::Bench bench;
  bench.start();
  bench.whole(1, quiescent, "fail");
  bench.begin(1, leak);
  bench.journal.append("stop_requested", {{"level", 1}, {"by", "SIGINT"}});
  bench.end(
      1, leak, "void", 1,
      {{"instrument", nullptr}, {"command", nullptr}, {"got", nullptr}, {"after_s", nullptr}, {"text", "stopped"}});
  bench.journal.append("safe_state", {{"station", "s1"},
                                      {"reason", "stop"},
                                      {"outputs", json::array({{{"instrument", "psu-1"},
                                                                {"role", "power_supply"},
                                                                {"setting", "off"},
                                                                {"read_back", "off"},
                                                                {"ok", true}}})}});
  bench.journal.append("sample_left", {{"sample", 1}, {"text", {{"zh", "阀门未关"}, {"en", "valve left open"}}}});
  bench.finish("aborted", "fail");
  const json record = fold(bench);
  EXPECT_EQ(record["state"], "aborted");
  EXPECT_EQ(record["verdict"], "fail");
  EXPECT_EQ(exit_code(record), 4) << "aborted comes before a fail";
  EXPECT_EQ(record["safe_states"][0]["outputs"][0]["ok"], true);
  EXPECT_EQ(record["stops"][0]["level"], 1);
  EXPECT_EQ(record["duts"][0]["left_with"][0]["en"], "valve left open");
  EXPECT_EQ(record["conclusion"]["failed"], (json::array({{{"sample", 1}, {"id", quiescent}}})));
  EXPECT_TRUE(record["conclusion"]["text"]["zh"].get<std::string>().starts_with("检验中止。所检项目中有不符合项"));
}

}  // namespace
}  // namespace meterrig::record
