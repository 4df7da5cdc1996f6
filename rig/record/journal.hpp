#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "rig/record/journal_store.hpp"

namespace meterrig::record {

// The journal of one run: append-only, hash-chained; docs/journal.md is its definition. Not thread-safe: it belongs to
// the thread of its clock.
class Journal {
 public:
  // A new run. Throws StoreError when the store can't hold it: then nothing may start.
  Journal(JournalStore& store, const Clock& clock, std::string run, OnExisting existing = OnExisting::refuse);

  // A run that the store holds, to go on with it where `expected` says that it ends. Throws StoreError when its chain
  // is not intact, or ends elsewhere by now.
  static Journal reopen(JournalStore& store, const Clock& clock, std::string run, const Head& expected);

  // Adds an event and gives its number. `body` has the event's keys without seq, t and type. Throws
  // std::invalid_argument for a type that docs/journal.md does not name, for a key that the type needs, and for values
  // without canonical bytes; nothing is added then.
  std::uint64_t append(std::string_view type, nlohmann::json body);

  // Evidence for the store: give the result to the event that names it, as `sha256:…`. Written by the next commit.
  std::string add_blob(std::string bytes);

  // A chunk of a recording. More than `chunk_bytes_max` of them are written ahead of the event that will name their
  // recording, so that a long one needs no memory: chunks that no event names are nobody's evidence.
  void add_chunk(Chunk chunk);
  static constexpr std::size_t chunk_bytes_max = 4 << 20;

  // The durable barrier: when it returns, all that was appended is acknowledged. Throws StoreError, and keeps what is
  // pending for the next try.
  void commit();
  // The same in three steps, for a store behind a worker thread: the batch may be written from any thread, and is
  // acknowledged from this one.
  Batch pending() const;
  void acknowledge(const Batch& written);

  const std::string& run() const noexcept { return run_; }
  // All events, as JSON with normalised numbers, for the folds.
  const std::vector<nlohmann::json>& events() const noexcept { return events_; }
  std::uint64_t last() const noexcept { return head_.seq; }
  // Number of the last event that is durable; 0 before the first commit.
  std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  const Head& head() const noexcept { return head_; }

 private:
  Journal(JournalStore& store, const Clock& clock, std::string run, Head head);

  JournalStore* store_;
  const Clock* clock_;
  std::string run_;
  Head head_;
  std::uint64_t acknowledged_ = 0;
  std::vector<nlohmann::json> events_;
  std::vector<StoredEvent> pending_;
  std::vector<Blob> pending_blobs_;
  std::vector<Chunk> pending_chunks_;
  std::size_t pending_chunk_bytes_ = 0;
};

}  // namespace meterrig::record
