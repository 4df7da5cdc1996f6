#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "rig/record/memory_store.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/record/sqlite_handle.hpp"
#include "rig/record/sqlite_store.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class SqliteTest : public ::testing::Test {
 protected:
  SqliteTest() {
    std::string name = (fs::temp_directory_path() / "meterrig-store-XXXXXX").string();
    directory_ = mkdtemp(name.data());
  }
  ~SqliteTest() override { fs::remove_all(directory_); }
  // What somebody does to the file with other tools.
  void meddle(const char* sql) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open((directory_ / SqliteStore::file_name).c_str(), &handle), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, &error), SQLITE_OK) << error;
    sqlite3_close(handle);
  }
  fs::path directory_;
  VirtualClock clock_{test::epoch()};
};

const json some_note{{"text", "x"}};

TEST_F(SqliteTest, WhatWasCommittedIsThereAfterReopening) {
  std::vector<json> written;
  {
    SqliteStore store(directory_ / "deep" / "er");
    Journal journal(store, clock_, "r1");
    journal.append("run_started", test::opening());
    const std::string hash = journal.add_blob(std::string("raw\0bytes", 9));
    journal.commit();
    EXPECT_EQ(journal.acknowledged(), 1U);
    written = journal.events();
    journal.append("note", some_note);  // never committed: the power fails here
  }
  SqliteStore store(directory_ / "deep" / "er");
  EXPECT_EQ(parse_events(store.read_events("r1")), written);
  EXPECT_TRUE(store.verify("r1").ok());
  EXPECT_EQ(store.read_blob(sha256({std::string("raw\0bytes", 9)})), std::string("raw\0bytes", 9));
  EXPECT_EQ(store.read_blob(Digest{}), std::nullopt);

  Journal journal = Journal::reopen(store, clock_, "r1", store.head("r1"));
  EXPECT_EQ(journal.append("run_resumed", json::object()), 2U);
  journal.commit();
  EXPECT_TRUE(store.verify("r1").ok());
  EXPECT_EQ(store.head("r1"), journal.head());
}

TEST_F(SqliteTest, WhatWasAcknowledgedSurvivesAKill) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    SqliteStore store(directory_);
    Journal journal(store, clock_, "r1");
    journal.append("run_started", test::opening());
    for (;;) {
      for (int i = 0; i < 7; ++i) journal.append("note", some_note);
      journal.commit();
      const std::uint64_t acknowledged = journal.acknowledged();
      if (::write(ends[1], &acknowledged, sizeof acknowledged) < 0) _exit(1);
    }
  }
  close(ends[1]);
  std::uint64_t acknowledged = 0;
  while (acknowledged < 50) ASSERT_EQ(read(ends[0], &acknowledged, sizeof acknowledged), ssize_t{sizeof acknowledged});
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  for (std::uint64_t more = 0; read(ends[0], &more, sizeof more) == ssize_t{sizeof more};) acknowledged = more;
  close(ends[0]);

  SqliteStore store(directory_);
  EXPECT_TRUE(store.verify("r1").ok());
  EXPECT_GE(store.head("r1").seq, acknowledged);
  const json record = fold_record(parse_events(store.read_events("r1")));
  EXPECT_EQ(record["state"], "interrupted");
  EXPECT_EQ(store.list_runs().front().state, "interrupted");
}

TEST_F(SqliteTest, DamageInTheFileIsFound) {
  SqliteStore store(directory_);
  Journal journal(store, clock_, "r1");
  for (int i = 0; i < 9; ++i) journal.append("note", some_note);
  journal.commit();
  meddle("UPDATE events SET bytes = replace(bytes, '\"x\"', '\"y\"') WHERE seq = 4");
  EXPECT_EQ(store.verify("r1").text, "event 4 is changed: its bytes do not give its hash");
  EXPECT_THROW(Journal::reopen(store, clock_, "r1", store.head("r1")), StoreError);
  meddle("DELETE FROM events WHERE seq = 3");
  EXPECT_EQ(store.verify("r1").damage, Damage::missing);
  meddle("DELETE FROM events WHERE seq > 2");
  EXPECT_EQ(store.verify("r1").text, "event 3 is missing: the run had 9 events");
  meddle("UPDATE events SET hash = x'00' WHERE seq = 1");
  EXPECT_EQ(store.verify("r1").seq, 1U);
}

TEST_F(SqliteTest, AFailedCommitThrowsAndChangesNothing) {
  SqliteStore store(directory_);
  Journal journal(store, clock_, "r1");
  journal.append("note", some_note);
  journal.commit();
  meddle("CREATE TRIGGER full BEFORE INSERT ON events WHEN NEW.seq = 3 BEGIN SELECT raise(ABORT, 'disk full'); END");
  journal.append("note", some_note);
  journal.append("note", some_note);
  try {
    journal.commit();
    FAIL() << "a commit that did not write must throw";
  } catch (const StoreError& error) {
    EXPECT_EQ(error.exchange().got, "disk full");
    EXPECT_STREQ(error.kind(), "store");
  }
  EXPECT_EQ(journal.acknowledged(), 1U);
  EXPECT_EQ(store.read_events("r1").size(), 1U);
  meddle("DROP TRIGGER full");
  journal.commit();
  EXPECT_EQ(journal.acknowledged(), 3U);
  EXPECT_TRUE(store.verify("r1").ok());
}

TEST_F(SqliteTest, AFileOfALaterProgramIsRefused) {
  { SqliteStore store(directory_); }
  meddle("INSERT INTO migrations VALUES(99, 'of the future')");
  EXPECT_THROW(SqliteStore{directory_}, StoreError);
}

TEST_F(SqliteTest, AFullDiskSaysWhatToDo) {
  SqliteConnection connection(directory_ / "small.sqlite", true);
  connection.execute("PRAGMA max_page_count = 2");
  connection.execute("CREATE TABLE one(bytes BLOB)");
  try {
    connection.execute("INSERT INTO one VALUES(zeroblob(100000))");
    FAIL() << "two pages do not hold that";
  } catch (const StoreError& error) {
    EXPECT_NE(std::string(error.what()).find("is full; free some space on its disk"), std::string::npos)
        << error.what();
  }
}

TEST_F(SqliteTest, ReadingMakesNoDirectory) {
  const fs::path nowhere = directory_ / "nowhere";
  EXPECT_THROW(SqliteStore(nowhere, SqliteStore::Missing::refuse), UserError);
  EXPECT_FALSE(fs::exists(nowhere));
}

TEST_F(SqliteTest, WhatIsNoDatabaseIsAStoreError) {
  std::ofstream(directory_ / SqliteStore::file_name) << std::string(4096, 'x');
  EXPECT_THROW(SqliteStore{directory_}, StoreError);
  std::ofstream(directory_ / "file") << "x";
  EXPECT_THROW(SqliteStore{directory_ / "file"}, StoreError);
}

TEST_F(SqliteTest, ADurableAndSynchronousFile) {
  SqliteStore store(directory_);
  Journal journal(store, clock_, "r1");
  journal.append("note", some_note);
  journal.commit();
  EXPECT_TRUE(fs::exists(directory_ / "meterrig.sqlite-wal"));
  SqliteStore other(directory_);  // as `meterrig results` would, while the run goes on
  EXPECT_EQ(other.read_events("r1").size(), 1U);
  journal.append("note", some_note);
  journal.commit();
  EXPECT_EQ(other.read_events("r1").size(), 2U);
}

TEST_F(SqliteTest, TwentyThousandEventsInACommitEachThousandVerify) {
  SqliteStore store(directory_);
  Journal journal(store, clock_, "r1");
  const json measurement = test::with(test::at(1, test::quiescent), test::current(31.42, "pass"));
  for (int i = 1; i <= 20'000; ++i) {
    journal.append("measurement", measurement);
    if (i % 1000 == 0) journal.commit();
  }
  EXPECT_EQ(store.verify("r1").events, 20'000U);
}

// Both stores keep the same contract.
class AnyStore : public SqliteTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "sqlite") {
      store_ = std::make_unique<SqliteStore>(directory_);
    } else {
      store_ = std::make_unique<MemoryStore>();
    }
  }
  void write(const std::string& run, int notes) {
    Journal journal(*store_, clock_, run);
    for (int i = 0; i < notes; ++i) journal.append("note", some_note);
    journal.commit();
  }
  std::unique_ptr<JournalStore> store_;
};
INSTANTIATE_TEST_SUITE_P(Stores, AnyStore, ::testing::Values("memory", "sqlite"));

TEST_P(AnyStore, FindsTheRunThatAPersonMeans) {
  EXPECT_THROW(store_->find_run("latest"), UserError);
  write("abc1", 1);
  write("abd2", 1);
  write("ab", 1);
  EXPECT_EQ(store_->find_run("latest"), "ab");
  EXPECT_EQ(store_->find_run("abc"), "abc1");
  EXPECT_EQ(store_->find_run("ab"), "ab") << "a whole id is no prefix of others";
  EXPECT_THROW(store_->find_run("a"), UserError);
  EXPECT_THROW(store_->find_run("x"), UserError);
  EXPECT_THROW(store_->find_run(""), UserError);
  EXPECT_THROW(store_->read_events("x"), StoreError);
}

TEST_P(AnyStore, ARunOfAnIdThatIsThereAlready) {
  write("r", 3);
  write("s", 1);
  EXPECT_THROW(Journal(*store_, clock_, "r"), StoreError);

  Journal same(*store_, clock_, "r", OnExisting::match);
  EXPECT_EQ(store_->find_run("latest"), "r");
  for (int i = 0; i < 4; ++i) same.append("note", some_note);
  same.commit();
  EXPECT_EQ(store_->read_events("r").size(), 4U) << "three were there, one is new";
  EXPECT_TRUE(store_->verify("r").ok());

  Journal other(*store_, clock_, "r", OnExisting::match);
  other.append("note", {{"text", "other"}});
  EXPECT_THROW(other.commit(), StoreError);
  EXPECT_TRUE(store_->verify("r").ok());
}

TEST_P(AnyStore, AGapIsRefusedWhole) {
  write("r", 1);
  Batch batch{"r", {{2, "{\"seq\":2}", {}}, {4, "{\"seq\":4}", {}}}, {}, {}};
  try {
    store_->write(batch);
    FAIL();
  } catch (const StoreError& error) {
    EXPECT_STREQ(error.what(), "run `r` has no event 3 yet, so event 4 can't be written");
  }
  EXPECT_EQ(store_->read_events("r").size(), 1U);
}

TEST_P(AnyStore, ListsRunsWithTheirState) {
  const auto run = [&](const std::string& id, const std::function<void(Journal&)>& end) {
    Journal journal(*store_, clock_, id);
    journal.append("run_started", test::opening(id));
    end(journal);
    journal.commit();
  };
  run("done", [](Journal& j) { j.append("run_ended", {{"state", "finished"}, {"verdict", "fail"}}); });
  run("killed", [](Journal& j) { j.append("clause_started", test::at(1, test::quiescent)); });
  run("no", [](Journal& j) { j.append("run_refused", {{"reason", "store full"}}); });
  const auto list = store_->list_runs();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].state, "finished");
  EXPECT_EQ(list[0].verdict, "fail");
  EXPECT_EQ(list[0].plan, "cjt503-auto");
  EXPECT_EQ(list[0].started, "2026-11-21T08:00:00.000000000Z");
  EXPECT_EQ(list[0].head.seq, 2U);
  EXPECT_EQ(list[1].state, "interrupted");
  EXPECT_EQ(list[2].state, "refused");
}

}  // namespace
}  // namespace meterrig::record
