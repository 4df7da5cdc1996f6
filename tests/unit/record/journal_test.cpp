#include "rig/record/journal.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "rig/record/record_fold.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

TEST(Journal, RefusesWhatTheDocumentDoesNotName) {
  test::Bench bench;
  Journal& journal = bench.journal;
  EXPECT_THROW(journal.append("measurment", json::object()), std::invalid_argument);
  EXPECT_THROW(journal.append("", json::object()), std::invalid_argument);
  EXPECT_THROW(journal.append("note", json::object()), std::invalid_argument) << "needs text";
  EXPECT_THROW(journal.append("note", json::array()), std::invalid_argument);
  EXPECT_THROW(journal.append("note", {{"text", "x"}, {"seq", 7}}), std::invalid_argument);
  EXPECT_THROW(journal.append("run_ended", {{"state", "finished"}, {"verdict", "passed"}}), std::invalid_argument);
  EXPECT_THROW(journal.append("note", {{"text", "\xff"}}), std::invalid_argument);
  EXPECT_EQ(journal.last(), 0U);
  EXPECT_TRUE(journal.events().empty());
  EXPECT_EQ(journal.append("note", {{"text", "x"}}), 1U);
  EXPECT_TRUE(verify_chain("r1", journal.pending().events, journal.head()).ok());
}

TEST(Journal, KnowsEveryEventTypeOfTheDocument) {
  std::ifstream file(METERRIG_SOURCE_DIR "/docs/journal.md");
  ASSERT_TRUE(file);
  std::set<std::string> types;
  bool in_events = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) in_events = line == "## Events";
    if (!in_events || !line.starts_with("| `")) continue;
    std::string_view cell = std::string_view(line).substr(0, line.find('|', 1));
    while (cell.find('`') != std::string_view::npos) {
      cell.remove_prefix(cell.find('`') + 1);
      types.emplace(cell.substr(0, cell.find('`')));
      cell.remove_prefix(cell.find('`') + 1);
    }
  }
  for (const char* own : {"seq", "t", "type", "station"}) types.erase(own);
  EXPECT_EQ(types.size(), 26U);
  for (const std::string& type : types) {
    test::Bench bench;
    try {
      bench.journal.append(type, json::object());
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(std::string(error.what()).find("no event is called"), std::string::npos) << error.what();
    }
  }
}

TEST(Journal, AStoreThatFailsAtAnyCallLosesNothing) {
  for (std::uint64_t n = 1;; ++n) {
    VirtualClock clock(test::epoch());
    MemoryStore store;
    store.fail_at(n);
    try {
      Journal journal(store, clock, "r1");
      int failures = 0;
      for (int i = 1; i <= 5; ++i) {
        journal.append("note", {{"text", i}});
        try {
          journal.commit();
          EXPECT_EQ(journal.acknowledged(), journal.last());
        } catch (const StoreError&) {
          ++failures;
          EXPECT_EQ(journal.acknowledged() + 1, journal.last());
        }
        EXPECT_EQ(store.read_events("r1").size(), journal.acknowledged()) << "acknowledged is what is durable";
      }
      journal.commit();
      EXPECT_EQ(store.read_events("r1").size(), 5U);
      EXPECT_TRUE(store.verify("r1").ok());
      if (failures == 0) break;
    } catch (const StoreError&) {
      EXPECT_EQ(n, 1U) << "only the opening may refuse the whole run";
      EXPECT_TRUE(store.run_ids().empty());
    }
    ASSERT_LT(n, 10U);
  }
}

TEST(Journal, AcknowledgesABatchThatAWorkerWrote) {
  test::Bench bench;
  bench.journal.append("note", {{"text", 1}});
  const Batch batch = bench.journal.pending();
  bench.journal.append("note", {{"text", 2}});  // while the worker writes
  bench.store.write(batch);
  EXPECT_EQ(bench.journal.acknowledged(), 0U);
  bench.journal.acknowledge(batch);
  EXPECT_EQ(bench.journal.acknowledged(), 1U);
  EXPECT_EQ(bench.journal.pending().events.size(), 1U);
  bench.journal.commit();
  EXPECT_TRUE(bench.store.verify("r1").ok());
}

TEST(Journal, TheSameInputsGiveTheSameBytes) {
  test::Bench a;
  test::Bench b;
  a.healthy();
  b.healthy();
  EXPECT_EQ(a.journal.head(), b.journal.head());
  EXPECT_EQ(fold_record(a.journal.events()).dump(), fold_record(b.journal.events()).dump());
}

TEST(Journal, EventsInMemoryAndInTheStoreAreTheSame) {
  test::Bench bench;
  bench.healthy();
  const auto stored = parse_events(bench.store.read_events("r1"));
  // As text: nlohmann takes 50 and 50.0 for equal.
  EXPECT_EQ(json(bench.journal.events()).dump(), json(stored).dump());
  EXPECT_EQ(fold_record(bench.journal.events()).dump(), fold_record(stored).dump());
}

}  // namespace
}  // namespace meterrig::record
