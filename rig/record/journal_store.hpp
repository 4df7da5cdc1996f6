#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"
#include "rig/record/chain.hpp"

namespace meterrig::record {

// The store failed, or holds something else than it should. What it was asked to write is not written.
class StoreError : public Error {
 public:
  using Error::Error;
  const char* kind() const noexcept override { return "store"; }
};

enum class OnExisting : std::uint8_t {
  refuse,  // an id that is there already is a StoreError: runs on the wall clock
  match,   // what is there already must be the beginning of what is written now: runs of a simulation
};

struct RunInfo {
  std::string run;
  std::string plan;     // id of the plan; empty when the run holds none
  std::string state;    // finished, aborted, refused, interrupted
  std::string verdict;  // that of run_ended; empty before it
  std::string started;  // time of the first event
  Head head;
};

// Evidence that a batch of events names.
struct Blob {
  Digest sha256{};
  std::string bytes;
};

// Packed samples of a recording (rig/record/recording.hpp).
struct Chunk {
  Digest sha256{};  // of the samples, not of the bytes
  std::size_t samples = 0;
  std::string bytes;
};

// What one durable transaction writes.
struct Batch {
  std::string run;
  std::vector<StoredEvent> events;
  std::vector<Blob> blobs;
  std::vector<Chunk> chunks;
  bool empty() const noexcept { return events.empty() && blobs.empty() && chunks.empty(); }
};

// The machine's signature over a run up to its n-th event (rig/record/seal.hpp).
struct Seal {
  Head head;
  std::string signed_at;   // `2026-11-22T08:00:00Z`
  std::string public_key;  // DER
  std::string signature;
};

// Something that a person did about a closed run (rig/record/acts.hpp): a link of the run's audit log.
struct StoredAct {
  StoredEvent act;
  std::string public_key;  // DER, of the machine that signed the act
  std::string signature;
  std::uint64_t events = 0;  // that the run has, when it is written
  std::string number;        // of the report, where the act gives one: no two acts of a store have the same
};

struct ActLog {
  std::vector<StoredAct> acts;
  std::optional<Head> head;  // what the store says that the last act is; none before the first
};

// Where journals are kept. All functions throw StoreError when the store fails, and may be called from any thread.
class JournalStore {
 public:
  JournalStore() = default;
  JournalStore(const JournalStore&) = delete;
  JournalStore& operator=(const JournalStore&) = delete;
  virtual ~JournalStore() = default;

  // Makes the run known, and the latest one. Durable with the first write.
  virtual void open(const std::string& run, OnExisting existing) = 0;
  // All or nothing, durable when it returns. An event that is there already with the same hash is not written again;
  // one that is there with another hash, or leaves a gap, is a StoreError.
  virtual void write(const Batch& batch) = 0;

  // The ids of all runs, the latest last.
  virtual std::vector<std::string> run_ids() = 0;
  virtual std::vector<StoredEvent> read_events(const std::string& run) = 0;
  // What the store says that the last event is.
  virtual Head head(const std::string& run) = 0;
  virtual std::optional<std::string> read_blob(const Digest& sha256) = 0;
  virtual std::optional<Chunk> read_chunk(const Digest& sha256) = 0;

  // A seal of the last event; StoreError when the run has gone on meanwhile, or has a seal of that event.
  virtual void add_seal(const std::string& run, const Seal& seal) = 0;
  // In the order of their events.
  virtual std::vector<Seal> read_seals(const std::string& run) = 0;
  // The act with the blobs that it names, as one durable transaction. StoreError when it is not the next one, UserError
  // when its number is taken.
  virtual void add_act(const std::string& run, const StoredAct& act, const std::vector<Blob>& blobs) = 0;
  virtual ActLog read_acts(const std::string& run) = 0;

  // All runs, the latest last.
  std::vector<RunInfo> list_runs();
  // The run that a person means: its id, a unique beginning of one, or `latest`. Throws UserError.
  std::string find_run(std::string_view name);
  // Recomputes the chain of the run, and the hashes of the evidence that it names.
  // `printed`: the head that a report bears, when there is one.
  ChainReport verify(const std::string& run, const std::optional<Head>& printed = std::nullopt);

 protected:
  // First and last events, enough for list_runs; the default reads all.
  virtual std::vector<StoredEvent> read_ends(const std::string& run);

  // The errors that every store must tell apart.
  static StoreError unknown_run(std::string_view run);
  static StoreError exists(std::string_view run);
  static StoreError differs(std::string_view run, std::uint64_t seq);
  static StoreError leaves_gap(std::string_view run, std::uint64_t seq);
  static StoreError went_on(std::string_view run);
  static UserError number_taken(std::string_view number);
};

// What is wrong with a blob that is named `sha256:…`; empty when nothing is. What is missing `is not in the store`.
std::string blob_fault(JournalStore& store, std::string_view what, std::string_view name);

// The events as JSON, for the folds.
std::vector<nlohmann::json> parse_events(std::span<const StoredEvent> events);

}  // namespace meterrig::record
