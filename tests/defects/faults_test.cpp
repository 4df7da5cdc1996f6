#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "rig/record/record_fold.hpp"
#include "tests/defects/whole_run.hpp"

// What goes wrong with the rig is never the meter's fault: void with its cause, inconclusive, or a run that does not
// start; the other stations go on (semantics: whose fault).
namespace meterrig::defects {
namespace {

using nlohmann::json;

// Served by every station: with one of these all of them are hit.
bool is_shared(const std::string& fault) {
  for (const char* shared : {"host", "operator", "ambient", "R8", "R15", "emergency_stop", "inputs", "chamber"})
    if (fault.ends_with(shared)) return true;
  return false;
}

// Those that end a run before it starts, or that are the program's own, have tests of their own.
bool in_a_run(const std::string& name) {
  for (const char* other : {"R5", "R7", "R9", "R11", "R13"})
    if (name == other) return false;
  return true;
}

std::vector<bench::DefectRow> faults() {
  std::vector<bench::DefectRow> rows;
  for (bench::DefectRow& row : bench::defect_rows())
    if (row.kind == "fault" && in_a_run(row.name)) rows.push_back(std::move(row));
  return rows;
}

class Faults : public ::testing::TestWithParam<bench::DefectRow> {};

TEST_P(Faults, AreTheRigs) {
  const bench::DefectRow& row = GetParam();
  const bool shared = is_shared(row.name);
  Story story{.faults = {shared ? row.name : row.name + "@2"}};
  story.rig = json::parse(row.conditions).value("rig", "embedded");
  // What an interlock ends is over early; the rest of its plan is only more of the same.
  if (story.rig == "interlocks") story.only = {"5.3.8", "5.3.9", "5.3.17", "5.3.18"};
  if (story.rig == "water") {
    story.duts = {"lxs15-1", "lxs15-2"};
    story.plan = "cjt484-auto";
  }
  const json record = record_of(story);
  std::map<std::string, std::string> expected(row.expected.begin(), row.expected.end());
  const auto tested = support::verdicts_of(record, 1);
  std::erase_if(expected, [&](const auto& each) { return !tested.contains(each.first); });
  EXPECT_EQ(exceptions_of(record, 1), expected);
  EXPECT_EQ(exceptions_of(record, 0), shared ? expected : (std::map<std::string, std::string>{}))
      << "the other station";
  for (const auto& [clause, verdict] : expected) {
    EXPECT_NE(verdict, "fail");
    if (verdict == "not_tested") continue;
    const json& cause = result_of(record, 1, clause).at("cause");
    ASSERT_TRUE(cause.is_object()) << clause << " has no cause";
    EXPECT_FALSE(cause.at("text").get<std::string>().empty());
    // An instrument that failed is named with what it was asked.
    if (!row.name.starts_with("io-") || row.name.starts_with("io-silent:operator")) continue;
    const std::string instrument = row.name.substr(row.name.find(':') + 1);
    const std::string all = cause.dump();
    EXPECT_TRUE(all.find(instrument) != std::string::npos ||
                (instrument == "uart" && all.find("meter ") != std::string::npos))
        << all;
  }
}

INSTANTIATE_TEST_SUITE_P(Rig, Faults, ::testing::ValuesIn(faults()), [](const auto& one) {
  std::string name = one.param.meter + "_" + one.param.name;
  for (char& c : name)
    if (c == ':' || c == '-') c = '_';
  return name;
});

// R5 and R9: what is not good enough, or not calibrated, ends the run before anything is switched on.
TEST(Refused, AGaugeThatIsTooCoarse) {
  try {
    record_of({.faults = {"R5@2"}});
    FAIL() << "the run was not refused";
  } catch (const UserError& refused) {
    EXPECT_NE(std::string(refused.what()).find("gauge resolves 100 Pa"), std::string::npos) << refused.what();
  }
}

TEST(Refused, NotWithoutTheClauseThatNeedsIt) {
  const json record = record_of({.only = {"CJT503-5.3.8/6.10"}, .faults = {"R5@2"}});
  EXPECT_EQ(exceptions_of(record, 1), (std::map<std::string, std::string>{}));
}

// R7: as a time server corrects a computer's clock, in the middle of the day that the meter's clock is watched.
TEST(ClockError, AStepOfTheRigsClockIsVoid) {
  const std::string clause = "CJT484-5.4.2b/6.4.2a";
  cli::RunOptions words;
  words.plan = "cjt484-auto";
  words.rig = "water";
  words.duts = {"lxs15-1"};
  words.only = {clause};
  cli::RunFiles files = support::files_of(words);
  support::VirtualRig rig(files);
  support::Session session(rig);
  const auto step = [](VirtualClock& clock) -> Task<> {
    co_await sleep_for(7h);
    clock.step_utc(90s);
  };
  session.spawn(step(rig.clock));
  session.to_end();
  const json record = record::fold_record(session.run().journal().events());
  const json& result = result_of(record, 0, clause);
  EXPECT_EQ(result.at("verdict"), "void");
  EXPECT_TRUE(shows(result, "set meanwhile") || shows(result, "stepped by")) << reasons_of(result);
}

}  // namespace
}  // namespace meterrig::defects
