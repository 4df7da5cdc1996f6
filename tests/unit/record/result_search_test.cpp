#include <gtest/gtest.h>

#include "rig/record/journal.hpp"
#include "rig/record/memory_store.hpp"
#include "rig/record/result_search.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

// Two runs, a day apart: the first one has a failed attempt with psu1, the second one passes with psu2.
class Search : public ::testing::Test {
 protected:
  Search() {
    run("r1", "psu1", "DP-1", "fail");
    clock_.step_utc(24h);
    run("r2", "psu2", "DP-2", "pass");
  }
  void run(const std::string& id, const std::string& supply, const std::string& serial, const std::string& verdict) {
    Journal journal(store_, clock_, id);
    json opening = test::opening(id);
    opening["instruments"] = json::array({{{"name", supply}, {"serial", serial}, {"simulated", true}}});
    journal.append("run_started", opening);
    json begun = test::at(1, test::quiescent);
    begun["instruments"] = {{"power_supply", supply}, {"voltmeter", "dmm1"}};
    journal.append("clause_started", begun);
    json over = test::at(1, test::quiescent);
    over["verdict"] = verdict;
    over["cause"] = nullptr;
    journal.append("clause_ended", over);
    journal.commit();
  }
  std::vector<std::string> runs(const ResultFilter& filter) {
    std::vector<std::string> found;
    for (const FoundResult& one : find_results(store_, filter)) found.push_back(one.run + " " + one.clause);
    return found;
  }
  VirtualClock clock_{test::epoch()};
  MemoryStore store_;
  const std::string first_ = "r1 " + test::quiescent, second_ = "r2 " + test::quiescent;
};

TEST_F(Search, AnInstrumentByItsSerialNumberOrName) {
  EXPECT_EQ(runs({.instrument = "DP-1"}), std::vector{first_});
  EXPECT_EQ(runs({.instrument = "psu2"}), std::vector{second_});
  EXPECT_TRUE(runs({.instrument = "dmm1"}).empty()) << "no instrument of these runs' rigs";
  EXPECT_EQ(find_results(store_, {.instrument = "DP-1"}).front().roles, std::vector<std::string>{"power_supply"});
}

TEST_F(Search, ByClauseVerdictAndDay) {
  EXPECT_EQ(runs({.clause = "5.3.8", .verdict = "fail"}), std::vector{first_});
  EXPECT_EQ(runs({.clause = "6.10", .verdict = "pass"}), std::vector{second_});
  // Both samples: the second one was not tested.
  EXPECT_EQ(runs({.clause = test::quiescent}), (std::vector{first_, first_, second_, second_}));
  EXPECT_EQ(runs({.clause = "5.3.8", .since = "2026-11-22"}), (std::vector{second_, second_}));
  EXPECT_EQ(runs({.clause = "5.3.8", .until = "2026-11-21"}), (std::vector{first_, first_}));
  EXPECT_TRUE(runs({.clause = "5.3.8", .since = "2026-11-23"}).empty());
}

TEST_F(Search, ASampleThatWasNotThereHasNoResults) {
  EXPECT_TRUE(runs({.dut = "nobody"}).empty());
  EXPECT_TRUE(runs({.model = "nothing"}).empty());
  EXPECT_TRUE(runs({.plan = "other"}).empty());
  EXPECT_FALSE(ResultFilter{}.any());
  EXPECT_TRUE((ResultFilter{.plan = "x"}).any());
}

}  // namespace
}  // namespace meterrig::record
