#include "rig/record/memory_store.hpp"

#include <fmt/format.h>

namespace meterrig::record {

MemoryStore::Run& MemoryStore::find(const std::string& run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) throw StoreError(fmt::format("the store holds no run `{}`", run));
  return found->second;
}

void MemoryStore::count_call(const char* what) {
  if (++calls_ == fail_at_) throw StoreError(fmt::format("{}: made to fail at call {}", what, calls_));
}

void MemoryStore::open(const std::string& run, OnExisting existing) {
  count_call("open");
  const bool exists = runs_.contains(run);
  if (exists && existing == OnExisting::refuse) throw StoreError(fmt::format("run `{}` is in the store already", run));
  if (!exists) runs_[run].head = {0, chain_start(run)};
  std::erase(order_, run);
  order_.push_back(run);
}

void MemoryStore::write(const Batch& batch) {
  count_call("write");
  Run run = find(batch.run);
  for (const StoredEvent& event : batch.events) {
    if (event.seq <= run.events.size()) {
      if (run.events[event.seq - 1].hash == event.hash) continue;
      throw StoreError(fmt::format("run `{}` is in the store already, with another event {}", batch.run, event.seq));
    }
    if (event.seq != run.events.size() + 1) {
      throw StoreError(fmt::format("run `{}` has no event {} before event {}", batch.run, event.seq - 1, event.seq));
    }
    run.events.push_back(event);
    run.head = {event.seq, event.hash};
  }
  for (const Blob& blob : batch.blobs) blobs_.emplace(blob.sha256, blob.bytes);
  runs_[batch.run] = std::move(run);
}

std::optional<std::string> MemoryStore::read_blob(const Digest& sha256) {
  const auto found = blobs_.find(sha256);
  if (found == blobs_.end()) return std::nullopt;
  return found->second;
}

}  // namespace meterrig::record
