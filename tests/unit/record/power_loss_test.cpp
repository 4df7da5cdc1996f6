// The store after the loss of power: at every byte of the write-ahead log, and at every write and synchronisation of
// its files. What a commit has acknowledged is there, and what is there is a journal whose chain holds.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <map>

#include "rig/record/sqlite_store.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

namespace fs = std::filesystem;
using test::at;
using test::with;

constexpr int commits = 6;

class PowerLoss : public ::testing::Test {
 protected:
  PowerLoss() {
    // In memory where there is such a folder: thousands of synchronisations of a disk would take minutes.
    const fs::path memory = "/dev/shm";
    const fs::path base = fs::is_directory(memory) ? memory : fs::temp_directory_path();
    std::string name = (base / "meterrig-power-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~PowerLoss() override { fs::remove_all(folder_); }
  fs::path folder_;
};

// As a run does it: the opening, then a clause's events in one commit each, evidence among them. Tells after each
// commit how many events are acknowledged. Gives what a commit threw, if one did.
std::string record_a_run(const fs::path& directory, const std::function<void(std::uint64_t)>& acknowledged) {
  VirtualClock clock(test::epoch());
  try {
    SqliteStore store(directory);
    Journal journal(store, clock, "r1");
    journal.append("run_started", test::opening());
    for (int i = 0; i < commits; ++i) {
      journal.commit();
      acknowledged(journal.acknowledged());
      journal.append("clause_started", at(1 + i % 2, test::quiescent, 1 + i / 2));
      journal.append("note",
                     {{"text", {{"zh", "证据"}, {"en", "evidence " + journal.add_blob(std::string(900, 'x'))}}}});
      journal.append("clause_ended", with(at(1 + i % 2, test::quiescent, 1 + i / 2), {{"verdict", "pass"}}));
    }
    journal.commit();
    acknowledged(journal.acknowledged());
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

// Empty, or what is wrong with the store after the computer has started again.
std::string wrong_after(const fs::path& directory, std::uint64_t acknowledged) {
  fs::remove(directory / (std::string(SqliteStore::file_name) + "-shm"));  // it was memory
  if (acknowledged == 0 && !fs::exists(directory / SqliteStore::file_name)) return "";
  SqliteStore store(directory);
  if (acknowledged == 0 && store.run_ids().empty()) return "";
  const ChainReport report = store.verify("r1");
  if (!report.ok()) return report.text;
  if (report.events < acknowledged)
    return std::to_string(report.events) + " events of " + std::to_string(acknowledged) + " acknowledged ones";
  // It can go on.
  VirtualClock clock(test::epoch());
  Journal journal = Journal::reopen(store, clock, "r1", store.head("r1"));
  journal.append("run_resumed", nlohmann::json::object());
  journal.commit();
  return store.verify("r1").ok() ? "" : "it does not go on";
}

TEST_F(PowerLoss, AtEveryByteOfTheWriteAheadLog) {
  const fs::path source = folder_ / "source";
  // Size of the log when a commit returned -> events acknowledged by then. The log grows: nothing is checkpointed yet.
  std::map<std::uintmax_t, std::uint64_t> synchronised;
  const fs::path copy = folder_ / "copy";
  const std::string log = std::string(SqliteStore::file_name) + "-wal";
  ASSERT_EQ(record_a_run(source,
                         [&](std::uint64_t events) {
                           synchronised[fs::file_size(source / log)] = events;
                           fs::remove_all(copy);
                           fs::copy(source, copy, fs::copy_options::recursive);
                         }),
            "");
  ASSERT_EQ(synchronised.size(), commits + 1U) << "each commit is in the log";
  // The copy was made after the last commit, with the log that the loss of power leaves.
  const fs::path cut = folder_ / "cut";
  const std::uintmax_t first = synchronised.begin()->first, last = synchronised.rbegin()->first;
  std::uintmax_t tried = 0;
  // Each byte around the ends of commits and frames of 4096 + 24 bytes, else each 97th.
  for (std::uintmax_t size = 0; size <= last; ++size) {
    const auto next = synchronised.lower_bound(size);
    const bool near_an_end = next != synchronised.end() && (next->first - size < 3 || (size - 32) % 4120 < 26);
    if (!near_an_end && size % 97 != 0) continue;
    fs::remove_all(cut);
    fs::copy(copy, cut, fs::copy_options::recursive);
    fs::resize_file(cut / log, size);
    const auto after = synchronised.upper_bound(size);
    const std::uint64_t acknowledged = after == synchronised.begin() ? 0 : std::prev(after)->second;
    ASSERT_EQ(wrong_after(cut, acknowledged), "") << "the log was cut at byte " << size << " of " << last;
    ++tried;
  }
  EXPECT_GT(tried, 300U) << first;
}

// In front of the system's files: the n-th write or synchronisation and all after it do nothing, as if the power had
// gone; half of the n-th write is done. Reads go on, so that the program may find out by itself.
class FailingFiles {
 public:
  explicit FailingFiles(int fatal) : fatal_(fatal) {
    current = this;
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "failing";
    vfs_.szOsFile = real_->szOsFile;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FailingFiles() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
    current = nullptr;
  }
  FailingFiles(const FailingFiles&) = delete;
  FailingFiles& operator=(const FailingFiles&) = delete;
  int calls() const { return calls_; }
  bool struck() const { return fatal_ > 0 && calls_ >= fatal_; }

 private:
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    const int result = current->real_->xOpen(current->real_, name, file, flags, out);
    if (result != SQLITE_OK || !file->pMethods) return result;
    auto& [known, methods] = current->methods_[file->pMethods];
    if (!known) {
      methods = *file->pMethods;
      methods.xWrite = write;
      methods.xSync = sync;
      methods.xTruncate = truncate;
      known = file->pMethods;
      current->reals_[&methods] = known;
    }
    file->pMethods = &methods;
    return result;
  }
  // The real methods of the file, put in place for one call.
  template <typename Call>
  static int through(sqlite3_file* file, Call call) {
    const sqlite3_io_methods* const own = file->pMethods;
    file->pMethods = current->reals_.at(own);
    const int result = call();
    file->pMethods = own;
    return result;
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    const bool last = ++current->calls_ == current->fatal_;
    if (current->struck() && !last) return SQLITE_IOERR_WRITE;
    const int result =
        through(file, [&] { return file->pMethods->xWrite(file, bytes, last ? count / 2 : count, offset); });
    return last ? SQLITE_IOERR_WRITE : result;
  }
  static int sync(sqlite3_file* file, int flags) {
    ++current->calls_;
    if (current->struck()) return SQLITE_IOERR_FSYNC;
    return through(file, [&] { return file->pMethods->xSync(file, flags); });
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    ++current->calls_;
    if (current->struck()) return SQLITE_IOERR_TRUNCATE;
    return through(file, [&] { return file->pMethods->xTruncate(file, size); });
  }

  static inline FailingFiles* current = nullptr;
  int fatal_;
  int calls_ = 0;
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  std::map<const sqlite3_io_methods*, std::pair<const sqlite3_io_methods*, sqlite3_io_methods>> methods_;
  std::map<const sqlite3_io_methods*, const sqlite3_io_methods*> reals_;
};

TEST_F(PowerLoss, AtEveryWriteAndSynchronisation) {
  int all = 0;
  {
    const FailingFiles files(0);
    ASSERT_EQ(record_a_run(folder_ / "whole", [](std::uint64_t) {}), "");
    all = files.calls();
  }
  ASSERT_GT(all, 40);
  int told = 0;
  for (int fatal = 1; fatal <= all; ++fatal) {
    const fs::path directory = folder_ / std::to_string(fatal);
    std::uint64_t acknowledged = 0;
    {
      const FailingFiles files(fatal);
      told += record_a_run(directory, [&](std::uint64_t events) { acknowledged = events; }).empty() ? 0 : 1;
      EXPECT_TRUE(files.struck());
    }
    ASSERT_EQ(wrong_after(directory, acknowledged), "") << "call " << fatal << " of " << all << " failed";
    fs::remove_all(directory);
  }
  // What fails when the file is closed, after the last commit, is nobody's loss.
  EXPECT_GT(told, all * 2 / 3);
}

}  // namespace
}  // namespace meterrig::record
