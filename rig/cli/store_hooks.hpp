#pragma once

#include <filesystem>
#include <string>

#include "rig/record/journal_store.hpp"

namespace meterrig::cli {

// Fault R13: the program is killed, as by a power cut, right after a checkpoint from cycle 2300 on is durable.
class KillingStore final : public record::JournalStore {
 public:
  explicit KillingStore(record::JournalStore& behind) : behind_(behind) {}
  void open(const std::string& run, record::OnExisting existing) override { behind_.open(run, existing); }
  void write(const record::Batch& batch) override;
  std::vector<std::string> run_ids() override { return behind_.run_ids(); }
  std::vector<record::StoredEvent> read_events(const std::string& run) override { return behind_.read_events(run); }
  record::Head head(const std::string& run) override { return behind_.head(run); }
  std::optional<std::string> read_blob(const record::Digest& sha256) override { return behind_.read_blob(sha256); }
  std::optional<record::Chunk> read_chunk(const record::Digest& sha256) override { return behind_.read_chunk(sha256); }
  void add_seal(const std::string& run, const record::Seal& seal) override { behind_.add_seal(run, seal); }
  std::vector<record::Seal> read_seals(const std::string& run) override { return behind_.read_seals(run); }
  void add_act(const std::string& run, const record::StoredAct& act, const std::vector<record::Blob>& blobs) override {
    behind_.add_act(run, act, blobs);
  }
  record::ActLog read_acts(const std::string& run) override { return behind_.read_acts(run); }

 private:
  record::JournalStore& behind_;
};

// Fault R11: somebody edits a measured value, or else the last event, in the stored journal of a run.
void alter_stored_event(const std::filesystem::path& data, const std::string& run);

}  // namespace meterrig::cli
