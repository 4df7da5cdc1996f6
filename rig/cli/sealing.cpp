#include "rig/cli/sealing.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/io/transport/wall_clock.hpp"
#include "rig/cli/output_files.hpp"

namespace meterrig::cli {

namespace {

// So that seals can be checked when the private key is gone, and by those who may not read it.
void keep_public(const fs::path& data, const record::PublicKey& key) {
  const fs::path file = data / fmt::format("seal-key-{}.pub.pem", key.id());
  if (fs::exists(file)) return;
  try {
    write_file(file, key.pem());
  } catch (const UserError&) {
    // Another program may have been faster, with the same content.
    if (!fs::exists(file)) throw;
  }
}

std::uint64_t needed_mib() {
  const char* const said = std::getenv("METERRIG_FREE_MIB");
  if (!said) return free_space_mib;
  const std::string_view text = said;
  std::uint64_t value = 0;
  if (text.empty() || std::from_chars(text.data(), text.data() + text.size(), value).ptr != text.data() + text.size())
    throw UserError(fmt::format("METERRIG_FREE_MIB: found \"{}\"; expected a number of MiB", text));
  return value;
}

// Before hours of testing, not in the midst of them.
const fs::path& with_space(const fs::path& data) {
  fs::path there = fs::absolute(data);
  while (!fs::exists(there) && there.has_relative_path()) there = there.parent_path();
  std::error_code error;
  const fs::space_info space = fs::space(there, error);
  if (error) return data;
  const std::uint64_t free_mib = space.available >> 20;
  const std::uint64_t needed = needed_mib();
  if (free_mib < needed) {
    throw UserError(fmt::format(
        "{}: {} MiB are free, and a run needs {} MiB; free some space, or use a folder on another disk: --data DIR",
        data.string(), free_mib, needed));
  }
  return data;
}

}  // namespace

fs::path seal_key_file(const fs::path& data) { return data / "seal-key.pem"; }

record::SealKey seal_key(const fs::path& data) {
  const fs::path file = seal_key_file(data);
  const record::SealKey key =
      fs::exists(file) ? record::SealKey::read(file) : record::SealKey::make(file, record::SealAlgorithm::ed25519);
  keep_public(data, key.public_key());
  return key;
}

record::SealKey new_seal_key(const fs::path& data, record::SealAlgorithm algorithm) {
  const fs::path file = seal_key_file(data);
  std::error_code error;
  fs::create_directories(data, error);
  // Seals of an old key that others can read are worth nothing new: it may go without having been read.
  if (!fs::remove(file, error) && error)
    throw UserError(fmt::format("can't replace {}: {}", file.string(), error.message()));
  const record::SealKey key = record::SealKey::make(file, algorithm);
  keep_public(data, key.public_key());
  return key;
}

std::vector<record::PublicKey> known_keys(const fs::path& data, const fs::path& only) {
  if (!only.empty()) return {record::PublicKey::read(only)};
  std::vector<record::PublicKey> keys;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(data, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("seal-key-") && name.ends_with(".pub.pem"))
      keys.push_back(record::PublicKey::read(entry.path()));
  }
  return keys;
}

Utc wall_time() { return std::chrono::floor<std::chrono::seconds>(WallClock().utc()); }

SealingStore::SealingStore(const fs::path& data) : SqliteStore(with_space(data)), data_(data) {}

void SealingStore::write(const record::Batch& batch) {
  SqliteStore::write(batch);
  if (!record::is_closed(batch.events)) return;
  try {
    (void)record::seal_run(*this, batch.run, seal_key(data_), wall_time());
  } catch (const std::exception& error) {
    fmt::print(stderr,
               "meterrig: run {} is recorded, but not sealed: {}\nmeterrig: mend that, then: meterrig results "
               "seal {} --data {}\n",
               batch.run, error.what(), batch.run, data_.string());
  }
}

}  // namespace meterrig::cli
