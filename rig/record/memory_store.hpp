#pragma once

#include <map>
#include <string>
#include <vector>

#include "rig/record/journal_store.hpp"

namespace meterrig::record {

// A store in memory, for tests and for runs that nobody keeps. It can be made to fail.
class MemoryStore final : public JournalStore {
 public:
  // The n-th call from now of `open` or `write` throws StoreError and changes nothing; 1 is the next one.
  void fail_at(std::uint64_t n) { fail_at_ = calls_ + n; }
  std::uint64_t calls() const noexcept { return calls_; }
  // The events as they lie in the store, for tests that damage them.
  std::vector<StoredEvent>& raw(const std::string& run) { return find(run).events; }
  Head& raw_head(const std::string& run) { return find(run).head; }

  void open(const std::string& run, OnExisting existing) override;
  void write(const Batch& batch) override;
  std::vector<std::string> run_ids() override { return order_; }
  std::vector<StoredEvent> read_events(const std::string& run) override { return find(run).events; }
  Head head(const std::string& run) override { return find(run).head; }
  std::optional<std::string> read_blob(const Digest& sha256) override;
  std::optional<Chunk> read_chunk(const Digest& sha256) override;
  void add_seal(const std::string& run, const Seal& seal) override;
  std::vector<Seal> read_seals(const std::string& run) override { return find(run).seals; }
  void add_act(const std::string& run, const StoredAct& act, const std::vector<Blob>& blobs) override;
  ActLog read_acts(const std::string& run) override { return find(run).log; }
  // As they lie in the store, for tests that damage them.
  std::vector<Seal>& raw_seals(const std::string& run) { return find(run).seals; }
  ActLog& raw_acts(const std::string& run) { return find(run).log; }
  std::map<Digest, std::string>& raw_blobs() { return blobs_; }
  std::map<Digest, Chunk>& raw_chunks() { return chunks_; }

 private:
  struct Run {
    std::vector<StoredEvent> events;
    Head head;
    std::vector<Seal> seals;
    ActLog log;
  };
  Run& find(const std::string& run);
  void count_call(const char* what);

  std::map<std::string, Run> runs_;
  std::vector<std::string> order_;
  std::map<Digest, std::string> blobs_;
  std::map<Digest, Chunk> chunks_;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_at_ = 0;
};

}  // namespace meterrig::record
