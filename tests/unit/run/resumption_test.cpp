// What a run that goes on takes from its journal (semantics: resume).
#include "rig/run/resumption.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "core/clock.hpp"
#include "core/errors.hpp"
#include "rig/record/journal.hpp"
#include "rig/record/memory_store.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;

constexpr const char* endurance = "CJT503-5.3.6/6.8";

class Resumptions : public ::testing::Test {
 protected:
  Resumptions() {
    journal.append("run_started", {{"run", "r"},
                                   {"plan", {{"id", "p"}}},
                                   {"rig", {{"id", "bench"}}},
                                   {"instruments", json::array()},
                                   {"duts", json::array()},
                                   {"decision_rule", json::object()},
                                   {"simulated", true},
                                   {"software", json::object()},
                                   {"clauses", json::array()}});
  }
  json at(int attempt, json more = json::object()) {
    json body{{"sample", 1}, {"id", endurance}, {"attempt", attempt}};
    body.update(more);
    return body;
  }
  void start(int attempt) { journal.append("clause_started", at(attempt)); }
  void goes_on(int attempt, int cycle) {
    journal.append("clause_started", at(attempt, {{"goes_on_from", {{"cycle", cycle}}}}));
  }
  void checkpoint(int attempt, int cycle) {
    journal.append("checkpoint", at(attempt, {{"state", {{"cycle", cycle}}}}));
  }
  void end(int attempt, const char* verdict) { journal.append("clause_ended", at(attempt, {{"verdict", verdict}})); }
  Resumption resumed() {
    journal.commit();
    return {store, "r", "Li"};
  }
  json cycle() {
    const json state = resumed().checkpoint(1, endurance);
    return state.is_null() ? state : state.at("cycle");
  }

  VirtualClock clock{Utc{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)}};
  record::MemoryStore store;
  record::Journal journal{store, clock, "r"};
};

TEST_F(Resumptions, AnAttemptThatWasCutOffGoesOnFromItsLastCheckpoint) {
  start(1);
  EXPECT_EQ(cycle(), json()) << "before the first there is none";
  checkpoint(1, 50);
  checkpoint(1, 100);
  EXPECT_EQ(cycle(), 100);
  EXPECT_EQ(resumed().attempts(1, endurance), 1);
  EXPECT_FALSE(resumed().settled(1, endurance));
}

TEST_F(Resumptions, WhatAVoidAttemptCountedIsNotGoneOnWith) {
  start(1);
  checkpoint(1, 100);
  end(1, "void");
  EXPECT_EQ(cycle(), json()) << "a fault of the rig, not a stop";
  start(2);
  EXPECT_EQ(cycle(), json());
}

TEST_F(Resumptions, AStoppedAttemptGoesOn) {
  start(1);
  checkpoint(1, 100);
  journal.append("stop_requested", {{"level", 1}, {"by", "operator"}});
  end(1, "void");
  journal.append("run_ended", {{"state", "aborted"}, {"verdict", "void"}});
  EXPECT_EQ(cycle(), 100);
  EXPECT_EQ(resumed().after(), "aborted");
}

TEST_F(Resumptions, APartThatIsCutOffBeforeItsOwnCheckpointGoesOnFromTheOneBefore) {
  start(1);
  checkpoint(1, 100);
  journal.append("run_resumed", json::object());
  goes_on(2, 100);
  EXPECT_EQ(cycle(), 100);
  // Its own checkpoint is void with it, once a retry begins anew.
  checkpoint(2, 200);
  end(2, "void");
  start(3);
  EXPECT_EQ(cycle(), json());
}

TEST_F(Resumptions, AVerdictStands) {
  for (const char* const verdict : {"pass", "fail", "inconclusive", "recorded", "not_applicable"}) {
    start(1);
    end(1, verdict);
    EXPECT_TRUE(resumed().settled(1, endurance)) << verdict;
  }
  EXPECT_FALSE(resumed().settled(2, endurance));
}

TEST_F(Resumptions, WhatWasWrittenAndNotWrittenBackIsKnown) {
  const auto write = [&](const char* item, const char* old, int attempt) {
    journal.append("meter_write", at(attempt, {{"item", item}, {"old", old}, {"new", "x"}}));
  };
  write("clock", "2026-11-21 00:00:05", 1);
  write("prices", "first", 1);
  write("prices", "second", 1);
  journal.append("meter_write", at(1, {{"item", "purchase"}, {"new", "x"}}));
  journal.append("meter_write", at(1, {{"item", "valve"}, {"old", "open"}, {"new", "close"}}));
  journal.append("meter_kept", at(1, {{"item", "standby"}, {"old", "00ff"}, {"coding", "bytes"}}));
  journal.append("meter_restored", at(1, {{"item", "clock"}}));
  const auto open = resumed().unrestored(1);
  ASSERT_EQ(open.size(), 2U) << "a purchase can't be taken back, the valve's is a command";
  EXPECT_EQ(open[0].item, "prices");
  EXPECT_EQ(open[0].old, "first") << "as the run found it";
  EXPECT_EQ(open[1].old, "00ff");
  EXPECT_TRUE(open[1].is_content);
  EXPECT_TRUE(resumed().unrestored(2).empty());
}

TEST_F(Resumptions, WhatIsOverDoesNotGoOn) {
  journal.append("run_ended", {{"state", "finished"}, {"verdict", "pass"}});
  EXPECT_THROW(resumed(), UserError);
  record::Journal refused(store, clock, "refused");
  refused.append("run_refused", {{"reason", "no"}});
  refused.commit();
  EXPECT_THROW((Resumption{store, "refused", ""}), UserError);
}

TEST_F(Resumptions, OfTwoWhoReadItOnlyTheFirstGoesOn) {
  start(1);
  const Resumption first = resumed(), second = resumed();
  record::Journal on = record::Journal::reopen(store, clock, "r", first.head());
  on.append("run_resumed", json::object());
  on.append("run_ended", {{"state", "finished"}, {"verdict", "pass"}});
  on.commit();
  EXPECT_THROW(record::Journal::reopen(store, clock, "r", second.head()), record::StoreError);
}

}  // namespace
}  // namespace meterrig::rig
