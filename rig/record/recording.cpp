#include "rig/record/recording.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rig/record/canonical.hpp"
#include "rig/record/chunk_codec.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

std::string_view bytes_of(std::span<const std::int64_t> samples) {
  return {reinterpret_cast<const char*>(samples.data()), samples.size_bytes()};
}

Digest named(const json& name) {
  const auto digest = digest_from(name.get<std::string>());
  if (!digest) throw StoreError(fmt::format("{} is no SHA-256", name.dump()));
  return *digest;
}

}  // namespace

std::string Manifest::text() const {
  json parts = json::array();
  for (const Part& part : chunks) parts.push_back({{"samples", part.samples}, {"sha256", hex(part.sha256)}});
  return canonical({{"encoding", encoding}, {"samples", samples}, {"sha256", hex(sha256)}, {"chunks", parts}});
}

Manifest Manifest::parse(std::string_view text) {
  Manifest manifest;
  try {
    const json object = json::parse(text);
    if (object.at("encoding") != encoding)
      throw StoreError(fmt::format("{} is an encoding that this program does not know", object.at("encoding").dump()));
    manifest.samples = object.at("samples").get<std::uint64_t>();
    manifest.sha256 = named(object.at("sha256"));
    std::uint64_t samples = 0;
    for (const json& part : object.at("chunks")) {
      manifest.chunks.push_back({named(part.at("sha256")), part.at("samples").get<std::size_t>()});
      const std::size_t n = manifest.chunks.back().samples;
      if (n == 0 || n > RecordingWriter::chunk_samples) throw StoreError(fmt::format("a chunk of {} samples", n));
      samples += n;
    }
    if (samples != manifest.samples)
      throw StoreError(fmt::format("chunks of {} samples of {}", samples, manifest.samples));
  } catch (const json::exception& error) {
    throw StoreError(fmt::format("no manifest of a recording: {}", error.what()));
  }
  return manifest;
}

void RecordingWriter::feed(std::span<const std::int64_t> samples) {
  manifest_.samples += samples.size();
  whole_.update(bytes_of(samples));
  while (!samples.empty()) {
    const auto part = samples.first(std::min(samples.size(), chunk_samples - open_.size()));
    open_.insert(open_.end(), part.begin(), part.end());
    samples = samples.subspan(part.size());
    if (open_.size() == chunk_samples) close_chunk();
  }
}

void RecordingWriter::close_chunk() {
  const Digest hash = sample_hash(open_);
  manifest_.chunks.push_back({hash, open_.size()});
  journal_.add_chunk({hash, open_.size(), pack(open_)});
  open_.clear();
}

std::string RecordingWriter::finish() {
  if (!open_.empty()) close_chunk();
  manifest_.sha256 = whole_.digest();
  return journal_.add_blob(manifest_.text());
}

RecordingReader::RecordingReader(JournalStore& store, const std::string& name) : store_(store), name_(name) {
  const auto digest = digest_from(name);
  if (!digest) throw StoreError(fmt::format("`{}` is no SHA-256", name));
  const auto text = store.read_blob(*digest);
  if (!text) throw StoreError(fmt::format("the readings {} are not in the store", name));
  if (sha256({*text}) != *digest)
    throw StoreError(fmt::format("the readings {} are not those that were written", name));
  manifest_ = Manifest::parse(*text);
}

std::vector<std::int64_t> RecordingReader::chunk(std::size_t index) {
  const Manifest::Part& part = manifest_.chunks[index];
  const auto stored = store_.read_chunk(part.sha256);
  if (!stored) throw StoreError(fmt::format("chunk {} of the readings {} is not in the store", index + 1, name_));
  const auto changed = [&](std::string_view how) {
    return StoreError(fmt::format("chunk {} of the readings {} is not what was written: {}", index + 1, name_, how));
  };
  std::vector<std::int64_t> samples;
  try {
    samples = unpack(stored->bytes, part.samples);
  } catch (const StoreError& error) {
    throw changed(error.what());
  }
  if (sample_hash(samples) != part.sha256) throw changed("its SHA-256 is another one");
  return samples;
}

void RecordingReader::read(std::uint64_t from, std::uint64_t to,
                           const std::function<void(std::span<const std::int64_t>)>& take) {
  std::uint64_t first = 0;  // of the chunk
  for (std::size_t i = 0; i < manifest_.chunks.size() && first < to; ++i) {
    const std::uint64_t last = first + manifest_.chunks[i].samples;
    if (last > from) {
      const std::vector<std::int64_t> samples = chunk(i);
      const std::uint64_t begin = std::max(from, first) - first;
      take(std::span(samples).subspan(begin, std::min(to, last) - first - begin));
    }
    first = last;
  }
}

std::vector<std::int64_t> RecordingReader::read(std::uint64_t from, std::uint64_t to) {
  std::vector<std::int64_t> all;
  read(from, to, [&](std::span<const std::int64_t> part) { all.insert(all.end(), part.begin(), part.end()); });
  return all;
}

std::string RecordingReader::fault() {
  Sha256 whole;
  try {
    read(0, samples(), [&](std::span<const std::int64_t> part) { whole.update(bytes_of(part)); });
  } catch (const StoreError& error) {
    return error.what();
  }
  if (whole.digest() == manifest_.sha256) return {};
  return fmt::format("the readings {} are not those that were written: the SHA-256 of all samples is another one",
                     name_);
}

}  // namespace meterrig::record
