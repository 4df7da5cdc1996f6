#include "rig/record/recording.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "rig/record/chunk_codec.hpp"
#include "rig/record/sqlite_store.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Samples = std::vector<std::int64_t>;

// A current with noise, a burst and an overload.
Samples current(std::size_t n, std::uint64_t seed = 1) {
  Samples samples(n);
  std::uint64_t state = seed;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    samples[i] = 180'000 + static_cast<std::int64_t>(state >> 54) - 512;
    if (i % 5000 < 6) samples[i] += 120'000'000;
  }
  if (n > 10) samples[n / 2] = INT64_MAX;
  return samples;
}

std::string write(Journal& journal, const Samples& samples, std::size_t piece = 7001) {
  RecordingWriter writer(journal);
  for (std::size_t at = 0; at < samples.size(); at += piece)
    writer.feed(std::span(samples).subspan(at, std::min(piece, samples.size() - at)));
  const std::string name = writer.finish();
  journal.append("reading_series", test::with(test::at(1, test::quiescent), {{"name", "quiescent_current"},
                                                                             {"unit", "A"},
                                                                             {"start", "2026-11-21T08:00:00Z"},
                                                                             {"interval_s", 0.001},
                                                                             {"samples", samples.size()},
                                                                             {"sha256", name},
                                                                             {"encoding", Manifest::encoding}}));
  return name;
}

TEST(ChunkCodec, GivesBackWhateverWasPacked) {
  for (const Samples& samples :
       {Samples{}, Samples{INT64_MIN, INT64_MAX, 0, -1, INT64_MAX}, Samples(70'000, 1), current(1), current(65'536)}) {
    EXPECT_EQ(unpack(pack(samples), samples.size()), samples);
  }
  EXPECT_LT(pack(current(65'536)).size(), 65'536U * 2) << "10 bits of noise in 64-bit samples";
}

TEST(ChunkCodec, RefusesWhatIsNotWhatWasPacked) {
  std::string packed = pack(current(1000));
  EXPECT_THROW(unpack(packed, 999), StoreError);
  EXPECT_THROW(unpack(packed, 1001), StoreError);
  EXPECT_THROW(unpack(packed.substr(0, packed.size() / 2), 1000), StoreError);
  EXPECT_THROW(unpack("not zstd", 1), StoreError);
}

class RecordingTest : public ::testing::Test {
 protected:
  RecordingTest() { bench_.start(); }
  test::Bench bench_;
};

TEST_F(RecordingTest, AnyRangeComesBack) {
  for (const std::size_t n : {std::size_t{1}, RecordingWriter::chunk_samples, RecordingWriter::chunk_samples + 1,
                              3 * RecordingWriter::chunk_samples - 5}) {
    const Samples samples = current(n);
    const std::string name = write(bench_.journal, samples);
    bench_.journal.commit();
    RecordingReader reader(bench_.store, name);
    EXPECT_EQ(reader.samples(), n);
    EXPECT_EQ(reader.read(0, n), samples);
    for (const auto& [from, to] : std::vector<std::pair<std::size_t, std::size_t>>{
             {0, 1}, {n - 1, n}, {n / 3, n / 2}, {65'530, 65'540}, {n, n + 5}, {5, 5}, {0, n + 100}}) {
      const std::size_t end = std::min(to, n);
      const Samples expected(samples.begin() + std::min(from, end), samples.begin() + end);
      EXPECT_EQ(reader.read(from, to), expected) << from << " to " << to << " of " << n;
    }
  }
  EXPECT_TRUE(bench_.store.verify("r1").ok());
}

TEST_F(RecordingTest, TheNameDoesNotDependOnThePieces) {
  const Samples samples = current(150'000);
  EXPECT_EQ(write(bench_.journal, samples, 1), write(bench_.journal, samples, 150'000));
  EXPECT_NE(write(bench_.journal, samples), write(bench_.journal, current(150'000, 2)));
}

// What a reader can recompute without us: docs/journal.md.
TEST_F(RecordingTest, TheManifestSaysWhatTheDocumentationSays) {
  const Samples samples = current(65'540);
  const std::string name = write(bench_.journal, samples);
  bench_.journal.commit();
  const auto text = bench_.store.read_blob(*digest_from(name));
  ASSERT_TRUE(text);
  EXPECT_EQ("sha256:" + hex(sha256({*text})), name);
  const json manifest = json::parse(*text);
  const auto hash = [&](std::size_t from, std::size_t n) {
    return hex(sha256({std::string_view(reinterpret_cast<const char*>(samples.data() + from), n * 8)}));
  };
  EXPECT_EQ(manifest, json({{"encoding", "meterrig-recording-1"},
                            {"samples", 65'540},
                            {"sha256", hash(0, 65'540)},
                            {"chunks", json::array({{{"samples", 65'536}, {"sha256", hash(0, 65'536)}},
                                                    {{"samples", 4}, {"sha256", hash(65'536, 4)}}})}}));
}

TEST_F(RecordingTest, DamageIsFound) {
  const Samples samples = current(100'000);
  const std::string name = write(bench_.journal, samples);
  bench_.journal.commit();
  auto& chunks = bench_.store.raw_chunks();
  ASSERT_EQ(chunks.size(), 2U);
  const Digest first = RecordingReader(bench_.store, name).manifest().chunks[0].sha256;
  const Chunk good = chunks.at(first);

  Samples other = samples;
  other.resize(65'536);
  ++other[777];
  chunks.at(first).bytes = pack(other);
  ChainReport report = bench_.store.verify("r1");
  EXPECT_EQ(report.damage, Damage::changed);
  EXPECT_EQ(report.seq, 2U);
  EXPECT_NE(report.text.find("chunk 1"), std::string::npos) << report.text;
  RecordingReader reader(bench_.store, name);
  EXPECT_THROW(reader.read(0, 10), StoreError);
  EXPECT_EQ(reader.read(65'536, 65'537).size(), 1U) << "the other chunk is what was written";

  chunks.at(first).bytes = "nonsense";
  EXPECT_EQ(bench_.store.verify("r1").damage, Damage::changed);
  chunks.erase(first);
  EXPECT_EQ(bench_.store.verify("r1").damage, Damage::missing);
  chunks.emplace(first, good);
  EXPECT_TRUE(bench_.store.verify("r1").ok());
}

TEST_F(RecordingTest, TheEventMustTellTheSamples) {
  RecordingWriter writer(bench_.journal);
  writer.feed(current(100));
  const json event{{"name", "i"},
                   {"unit", "A"},
                   {"start", "2026-11-21T08:00:00Z"},
                   {"interval_s", 0.1},
                   {"samples", 99},
                   {"sha256", writer.finish()},
                   {"encoding", Manifest::encoding}};
  bench_.journal.append("reading_series", event);
  bench_.journal.commit();
  EXPECT_EQ(bench_.store.verify("r1").damage, Damage::changed);
}

TEST_F(RecordingTest, WhatIsNoRecordingIsRefused) {
  const std::string blob = bench_.journal.add_blob("{\"encoding\":\"another-1\"}");
  const std::string text = bench_.journal.add_blob("no json");
  bench_.journal.commit();
  EXPECT_THROW(RecordingReader(bench_.store, blob), StoreError);
  EXPECT_THROW(RecordingReader(bench_.store, text), StoreError);
  EXPECT_THROW(RecordingReader(bench_.store, "sha256:" + std::string(64, '0')), StoreError);
  EXPECT_THROW(RecordingReader(bench_.store, "latest"), StoreError);
}

TEST_F(RecordingTest, AStoreThatFailsLosesNothing) {
  // More than the journal keeps, so that it writes ahead; that fails, and so does the first commit.
  Samples samples(4'000'000);
  std::uint64_t state = 7;
  for (auto& sample : samples) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    sample = static_cast<std::int64_t>(state >> 44);
  }
  const std::uint64_t calls = bench_.store.calls();
  bench_.store.fail_at(1);
  const std::string name = write(bench_.journal, samples, 100'000);
  EXPECT_GT(bench_.store.calls(), calls + 1) << "a long recording is written ahead";
  bench_.store.fail_at(1);
  EXPECT_THROW(bench_.journal.commit(), StoreError);
  bench_.journal.commit();
  EXPECT_EQ(RecordingReader(bench_.store, name).fault(), "");
}

// What is acknowledged is there with its chunks, however the program ends.
TEST(RecordingKill, AcknowledgedRecordingsSurvive) {
  std::string directory = (fs::temp_directory_path() / "meterrig-recording-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    VirtualClock clock{test::epoch()};
    SqliteStore store(directory);
    Journal journal(store, clock, "r1");
    journal.append("run_started", test::opening());
    for (std::uint64_t i = 1;; ++i) {
      write(journal, current(200'000, i));
      journal.commit();
      const std::uint64_t acknowledged = journal.acknowledged();
      if (::write(ends[1], &acknowledged, sizeof acknowledged) < 0) _exit(1);
    }
  }
  close(ends[1]);
  std::uint64_t acknowledged = 0;
  for (int i = 0; i < 5; ++i) ASSERT_EQ(read(ends[0], &acknowledged, sizeof acknowledged), 8);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(ends[0], &acknowledged, sizeof acknowledged) == 8) {
  }
  close(ends[0]);
  {
    SqliteStore store(directory);
    EXPECT_GE(store.head("r1").seq, acknowledged);
    EXPECT_TRUE(store.verify("r1").ok()) << store.verify("r1").text;
    EXPECT_GE(parse_events(store.read_events("r1")).size(), 6U);
  }
  fs::remove_all(directory);
}

}  // namespace
}  // namespace meterrig::record
