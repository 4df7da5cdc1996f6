#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "rig/record/journal_store.hpp"

namespace meterrig::record {

// One SQLite file per data directory, `meterrig.sqlite`: write-ahead log, full synchronisation. Several programs may
// have it open at once, each waits for the transactions of the others; but only one writes a run: who opens it has it
// until the store is closed.
class SqliteStore : public JournalStore {
 public:
  static constexpr const char* file_name = "meterrig.sqlite";
  enum class Missing { create, refuse };

  // `Missing::create` makes directory and file; `Missing::refuse` throws UserError when there is none, for the commands
  // that only read.
  explicit SqliteStore(const std::filesystem::path& directory, Missing missing = Missing::create);
  ~SqliteStore() override;

  // What SQLite itself finds wrong with its file; empty when nothing is. It reads all of it.
  std::string fault();

  // Throws StoreError, too, when another program is writing this run.
  void open(const std::string& run, OnExisting existing) override;
  void write(const Batch& batch) override;
  std::vector<std::string> run_ids() override;
  std::vector<StoredEvent> read_events(const std::string& run) override;
  Head head(const std::string& run) override;
  std::optional<std::string> read_blob(const Digest& sha256) override;
  std::optional<Chunk> read_chunk(const Digest& sha256) override;
  void add_seal(const std::string& run, const Seal& seal) override;
  std::vector<Seal> read_seals(const std::string& run) override;
  void add_act(const std::string& run, const StoredAct& act, const std::vector<Blob>& blobs) override;
  ActLog read_acts(const std::string& run) override;

  // What the program was asked to do, for those who let the run go on: kept with the next run that is opened.
  void next_words(std::string text) { next_words_ = std::move(text); }
  // Nothing: it was kept without.
  std::optional<std::string> words(const std::string& run);

 protected:
  std::vector<StoredEvent> read_ends(const std::string& run) override;

 private:
  struct Database;
  std::int64_t key_of(const std::string& run);
  Head head_of(const std::string& run);
  void lock(const std::string& run);
  std::filesystem::path directory_;
  std::optional<std::string> next_words_;
  std::map<std::string, int> locks_;  // descriptors, by run
  std::mutex mutex_;
  std::unique_ptr<Database> database_;
};

}  // namespace meterrig::record
