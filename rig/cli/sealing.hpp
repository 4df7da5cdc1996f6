#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "rig/record/seal.hpp"
#include "rig/record/sqlite_store.hpp"

namespace meterrig::cli {

namespace fs = std::filesystem;

// DATA/seal-key.pem. Its public part stays as DATA/seal-key-ID.pub.pem, also when another key takes its place.
fs::path seal_key_file(const fs::path& data);
// Made when there is none yet. Throws UserError.
record::SealKey seal_key(const fs::path& data);
// Another one in its place. Throws UserError.
record::SealKey new_seal_key(const fs::path& data, record::SealAlgorithm algorithm);
// Public parts of all keys that this data directory has had; or only the one in the file, when one is named.
std::vector<record::PublicKey> known_keys(const fs::path& data, const fs::path& only = {});

// The wall clock's, to the second, also for what a virtual clock timed: it is now that somebody acts.
Utc wall_time();

// Where runs are written. A run whose end is written is sealed at once; when that fails the run is kept all the same,
// and standard error says what to do.
class SealingStore final : public record::SqliteStore {
 public:
  // Throws UserError when the disk has too little space for a run to begin; StoreError.
  explicit SealingStore(const fs::path& data);
  void write(const record::Batch& batch) override;

 private:
  fs::path data_;
};

// Free space that a run must find, in MiB, unless METERRIG_FREE_MIB says otherwise.
inline constexpr std::uint64_t free_space_mib = 64;

}  // namespace meterrig::cli
