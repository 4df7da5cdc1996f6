#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rig/record/journal.hpp"

namespace meterrig::record {

// What a recording is: a manifest, which is a blob of the store and whose SHA-256 is the recording's name, and chunks
// of samples. docs/journal.md has the bytes.
struct Manifest {
  static constexpr const char* encoding = "meterrig-recording-1";
  struct Part {
    Digest sha256{};  // of its samples
    std::size_t samples = 0;
  };
  std::uint64_t samples = 0;
  Digest sha256{};  // of all samples
  std::vector<Part> chunks;

  std::string text() const;
  // Throws StoreError for what is no manifest.
  static Manifest parse(std::string_view text);
};

// Writes a waveform of any length as evidence, in pieces of any size, holding one chunk. Samples are those of
// core/waveform/samples.hpp: counts of 0.1 nA.
class RecordingWriter {
 public:
  static constexpr std::size_t chunk_samples = 65'536;

  explicit RecordingWriter(Journal& journal) : journal_(journal) {}
  void feed(std::span<const std::int64_t> samples);
  // The name for the event, `sha256:…`. Durable with the commit of that event.
  std::string finish();

 private:
  void close_chunk();
  Journal& journal_;
  Manifest manifest_;
  Sha256 whole_;
  std::vector<std::int64_t> open_;
};

// Reads a recording back, in any order, a chunk in memory at a time. Each chunk is held against its hash, so what is
// read is what was written; StoreError else.
class RecordingReader {
 public:
  // `name`: `sha256:…` of the manifest. StoreError when the store does not have it, or it is no recording.
  RecordingReader(JournalStore& store, const std::string& name);
  const Manifest& manifest() const noexcept { return manifest_; }
  std::uint64_t samples() const noexcept { return manifest_.samples; }
  // Samples [from, to), cut to what there is, piece by piece in order.
  void read(std::uint64_t from, std::uint64_t to, const std::function<void(std::span<const std::int64_t>)>& take);
  std::vector<std::int64_t> read(std::uint64_t from, std::uint64_t to);
  // Everything, against the hash of the whole as well. The text says what is wrong; empty when nothing is.
  std::string fault();

 private:
  std::vector<std::int64_t> chunk(std::size_t index);
  JournalStore& store_;
  std::string name_;
  Manifest manifest_;
};

}  // namespace meterrig::record
