#include "rig/record/chain.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

// Computed with Python's hashlib from the text of docs/journal.md.
TEST(Chain, GoldenHead) {
  EXPECT_EQ(hex(chain_start("r1")), "475a66f18022fd5190d38d0dcdf1fdaf0c5eb9c52a642739a3f21449fa34fcfb");
  EXPECT_EQ(hex(sha256({"ab", "c"})), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  test::Bench bench;
  bench.journal.append("note", {{"text", {{"zh", "静"}, {"en", "x"}}}, {"station", "s1"}, {"u", 50.0}, {"i", 0.1}});
  bench.journal.append("run_ended", {{"state", "finished"}, {"verdict", "pass"}});
  const Batch batch = bench.journal.pending();
  ASSERT_EQ(batch.events.size(), 2U);
  EXPECT_EQ(batch.events[0].bytes,
            "{\"i\":0.1,\"seq\":1,\"station\":\"s1\",\"t\":\"2026-11-21T08:00:00.000000000Z\",\"text\":{\"en\":\"x\","
            "\"zh\":\"静\"},\"type\":\"note\",\"u\":50}");
  EXPECT_EQ(hex(bench.journal.head().hash), "fd1a18b3f9c7f17cc6f22a3ca5a8454abf520b4c1639e7d29f81b97579951f64");
}

class Damaged : public ::testing::Test {
 protected:
  Damaged() {
    bench_.healthy();
    events_ = bench_.store.read_events("r1");
    head_ = bench_.store.head("r1");
  }
  ChainReport verify() const { return verify_chain("r1", events_, head_); }
  void expect(Damage damage, std::uint64_t seq) const {
    const ChainReport report = verify();
    EXPECT_EQ(word(report.damage), word(damage)) << report.text;
    EXPECT_EQ(report.seq, seq) << report.text;
  }
  void renumber() {
    for (std::size_t i = 0; i < events_.size(); ++i) events_[i].seq = i + 1;
  }
  // What somebody does who knows the rule: every hash is right again.
  void rechain() {
    Digest hash = chain_start("r1");
    for (StoredEvent& event : events_) event.hash = hash = chain_next(hash, event.bytes);
  }
  test::Bench bench_;
  std::vector<StoredEvent> events_;
  Head head_;
};

TEST_F(Damaged, IntactIsIntact) {
  EXPECT_TRUE(verify().ok());
  EXPECT_EQ(verify().head, head_);
  EXPECT_TRUE(verify_chain("r1", events_, std::nullopt).ok());
  EXPECT_EQ(verify_chain("r2", events_, head_).seq, 1U) << "the chain begins at the id of the run";
}

TEST_F(Damaged, EveryFlippedByteIsFoundInItsEvent) {
  std::size_t flips = 0;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    for (std::size_t at = 0; at < events_[i].bytes.size(); ++at) {
      for (const int mask : {0x01, 0x80}) {
        char& byte = events_[i].bytes[at];
        const char before = byte;
        byte = static_cast<char>(byte ^ mask);
        const ChainReport report = verify();
        ASSERT_EQ(report.damage, Damage::changed) << "event " << i + 1 << " byte " << at << ": " << report.text;
        ASSERT_EQ(report.seq, i + 1) << "byte " << at;
        byte = before;
        ++flips;
      }
    }
  }
  EXPECT_GT(flips, 4000U);
}

TEST_F(Damaged, EveryFlippedBitOfAHashIsFound) {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    for (std::uint8_t& byte : events_[i].hash) {
      byte ^= 1;
      expect(Damage::changed, i + 1);
      byte ^= 1;
    }
  }
}

TEST_F(Damaged, AMissingEventIsNamed) {
  const auto whole = events_;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    events_ = whole;
    events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(i));
    const auto torn = events_;
    expect(Damage::missing, i + 1);
    rechain();
    expect(Damage::missing, i + 1);
    events_ = torn;
    renumber();
    expect(Damage::missing, i + 1);
    rechain();
    expect(Damage::missing, i + 1);
  }
}

TEST_F(Damaged, TwoEventsThatChangedPlacesAreNamed) {
  const auto whole = events_;
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    for (std::size_t j = i + 1; j < whole.size(); ++j) {
      events_ = whole;
      std::swap(events_[i], events_[j]);
      expect(Damage::reordered, i + 1);
      renumber();
      expect(Damage::reordered, i + 1);
      rechain();
      expect(Damage::reordered, i + 1);
    }
  }
}

TEST_F(Damaged, AnAddedEventIsNamed) {
  const auto whole = events_;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    events_ = whole;
    StoredEvent foreign = whole[i];
    foreign.bytes.replace(foreign.bytes.find("2026"), 4, "2025");
    foreign.hash = chain_next(i == 0 ? chain_start("r1") : whole[i - 1].hash, foreign.bytes);
    foreign.hash[0] ^= 1;
    events_.insert(events_.begin() + static_cast<std::ptrdiff_t>(i), foreign);
    renumber();
    expect(Damage::added, i + 1);
  }
  events_ = whole;
  events_.insert(events_.begin() + 3, whole[1]);
  renumber();
  expect(Damage::added, 4);
}

TEST_F(Damaged, WhatIsWellChainedButBeyondTheHeadIsAdded) {
  bench_.journal.append("note", {{"text", "later"}});
  bench_.journal.commit();
  events_ = bench_.store.read_events("r1");
  expect(Damage::added, head_.seq + 1);
  EXPECT_TRUE(verify_chain("r1", events_, std::nullopt).ok()) << "only the head can tell";
}

TEST_F(Damaged, ANumberOfTheStoreThatIsNotTheEventsOwn) {
  events_[3].seq = 40;
  EXPECT_FALSE(verify().ok());
  EXPECT_EQ(verify().seq, 4U);
}

TEST_F(Damaged, AChainWrittenAnewIsFoundByThePrintedHead) {
  const std::size_t at = events_[2].bytes.find("31.42");
  ASSERT_NE(at, std::string::npos) << events_[2].bytes;
  events_[2].bytes.replace(at, 5, "21.42");
  rechain();
  EXPECT_TRUE(verify_chain("r1", events_, Head{events_.back().seq, events_.back().hash}).ok());
  expect(Damage::changed, events_.size());
}

TEST(Verify, HoldsTheStoreAgainstAPrintedHead) {
  test::Bench bench;
  bench.healthy();
  const Head head = bench.journal.head();
  EXPECT_TRUE(bench.store.verify("r1", head).ok());
  // Somebody cuts the end off, and the store's own head with it.
  bench.store.raw("r1").pop_back();
  bench.store.raw_head("r1") = {head.seq - 1, bench.store.raw("r1").back().hash};
  EXPECT_TRUE(bench.store.verify("r1").ok()) << "the store alone can't know";
  EXPECT_EQ(bench.store.verify("r1", head).damage, Damage::missing);
}

TEST(Verify, ReadsTheEvidenceToo) {
  test::Bench bench;
  bench.start();
  bench.begin(1, test::quiescent);
  const std::string hash = bench.journal.add_blob("raw readings");
  const json series{{"name", "i"},       {"unit", "uA"}, {"start", "2026-11-21T08:00:00Z"},
                    {"interval_s", 0.1}, {"samples", 3}, {"sha256", hash}};
  bench.journal.append("reading_series", test::with(test::at(1, test::quiescent), series));
  bench.end(1, test::quiescent, "pass");
  EXPECT_TRUE(bench.store.verify("r1").ok());
  EXPECT_EQ(bench.store.read_blob(sha256({"raw readings"})), "raw readings");
  bench.journal.append("reading_series", test::with(series, {{"sha256", "sha256:" + std::string(64, '0')}}));
  bench.journal.commit();
  const ChainReport report = bench.store.verify("r1");
  EXPECT_EQ(report.damage, Damage::missing);
  EXPECT_EQ(report.seq, 5U);
}

}  // namespace
}  // namespace meterrig::record
