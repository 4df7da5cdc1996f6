#include "rig/record/memory_store.hpp"

#include <fmt/format.h>

namespace meterrig::record {

MemoryStore::Run& MemoryStore::find(const std::string& run) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) throw unknown_run(run);
  return found->second;
}

void MemoryStore::count_call(const char* what) {
  if (++calls_ == fail_at_) throw StoreError(fmt::format("{}: made to fail at call {}", what, calls_));
}

void MemoryStore::open(const std::string& run, OnExisting existing) {
  count_call("open");
  const bool known = runs_.contains(run);
  if (known && existing == OnExisting::refuse) throw exists(run);
  if (!known) runs_[run].head = {0, chain_start(run)};
  std::erase(order_, run);
  order_.push_back(run);
}

void MemoryStore::write(const Batch& batch) {
  count_call("write");
  Run& run = find(batch.run);
  std::size_t known = 0;
  for (const StoredEvent& event : batch.events) {
    if (event.seq <= run.events.size()) {
      if (run.events[event.seq - 1].hash != event.hash) throw differs(batch.run, event.seq);
      ++known;
    } else if (event.seq != run.events.size() + 1 + (static_cast<std::size_t>(&event - batch.events.data()) - known)) {
      throw leaves_gap(batch.run, event.seq);
    }
  }
  for (const Blob& blob : batch.blobs) blobs_.emplace(blob.sha256, blob.bytes);
  for (const Chunk& chunk : batch.chunks) chunks_.emplace(chunk.sha256, chunk);
  run.events.insert(run.events.end(), batch.events.begin() + static_cast<std::ptrdiff_t>(known), batch.events.end());
  if (!run.events.empty()) run.head = {run.events.back().seq, run.events.back().hash};
}

void MemoryStore::add_seal(const std::string& name, const Seal& seal) {
  count_call("add_seal");
  Run& run = find(name);
  if (run.head != seal.head || (!run.seals.empty() && run.seals.back().head.seq == seal.head.seq)) throw went_on(name);
  run.seals.push_back(seal);
}

void MemoryStore::add_act(const std::string& name, const StoredAct& act, const std::vector<Blob>& blobs) {
  count_call("add_act");
  ActLog& log = find(name).log;
  if (act.act.seq != log.acts.size() + 1 || act.events != find(name).head.seq) throw went_on(name);
  for (const auto& [id, run] : runs_)
    for (const StoredAct& one : run.log.acts)
      if (!act.number.empty() && one.number == act.number) throw number_taken(act.number);
  for (const Blob& blob : blobs) blobs_.emplace(blob.sha256, blob.bytes);
  log.acts.push_back(act);
  log.head = Head{act.act.seq, act.act.hash};
}

std::optional<std::string> MemoryStore::read_blob(const Digest& sha256) {
  const auto found = blobs_.find(sha256);
  if (found == blobs_.end()) return std::nullopt;
  return found->second;
}

std::optional<Chunk> MemoryStore::read_chunk(const Digest& sha256) {
  const auto found = chunks_.find(sha256);
  if (found == chunks_.end()) return std::nullopt;
  return found->second;
}

}  // namespace meterrig::record
