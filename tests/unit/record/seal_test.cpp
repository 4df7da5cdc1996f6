#include "rig/record/seal.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sample_run.hpp"

namespace meterrig::record {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "meterrig-seal-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path key() const { return path_ / "seal-key.pem"; }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

class Sealed : public ::testing::Test {
 protected:
  Sealed() { bench_.every_type(); }
  void seal() { seal_ = seal_run(bench_.store, "r1", key_, test::epoch()); }
  std::vector<StoredEvent>& events() { return bench_.store.raw("r1"); }
  Head& head() { return bench_.store.raw_head("r1"); }
  Seal& stored() { return bench_.store.raw_seals("r1").front(); }
  // As `results verify` looks: first the chain, then the seal.
  Damage found() {
    const ChainReport chain = bench_.store.verify("r1");
    if (!chain.ok()) return chain.damage;
    return by_seal().damage;
  }
  SealReport by_seal() { return check_seals(bench_.store, "r1", known_); }
  // What somebody does who knows the rule: hashes and head are right again.
  void rewrite_chain() {
    Digest hash = chain_start("r1");
    for (std::size_t i = 0; i < events().size(); ++i) {
      events()[i].seq = i + 1;
      events()[i].hash = hash = chain_next(hash, events()[i].bytes);
    }
    head() = {events().size(), hash};
  }

  Folder folder_;
  SealKey key_ = SealKey::make(folder_.key(), SealAlgorithm::ed25519);
  std::vector<PublicKey> known_{key_.public_key()};
  test::Bench bench_;
  Seal seal_;
};

TEST_F(Sealed, IsValidAndSignedOnce) {
  EXPECT_EQ(by_seal().text, "not sealed");
  seal();
  EXPECT_EQ(found(), Damage::none);
  EXPECT_EQ(by_seal().text, "sealed by key " + key_.public_key().id() + " (Ed25519) 2026-11-21T08:00:00Z, valid");
  EXPECT_EQ(seal_.head, head());
  const Seal again = seal_run(bench_.store, "r1", key_, test::epoch() + std::chrono::hours(1));
  EXPECT_EQ(again.signed_at, seal_.signed_at);
  EXPECT_EQ(bench_.store.read_seals("r1").size(), 1U);
}

TEST_F(Sealed, EveryFlippedByteOfEveryEventIsFound) {
  seal();
  std::size_t flips = 0;
  for (StoredEvent& event : events()) {
    for (char& byte : event.bytes) {
      byte = static_cast<char>(byte ^ 1);
      const ChainReport report = bench_.store.verify("r1");
      ASSERT_EQ(report.damage, Damage::changed) << report.text;
      ASSERT_EQ(report.seq, event.seq);
      byte = static_cast<char>(byte ^ 1);
      ++flips;
    }
  }
  EXPECT_GT(flips, 4000U);
  EXPECT_EQ(found(), Damage::none);
}

// The chain is whole again after each of these: only the seal can tell.
TEST_F(Sealed, EveryEventThatWasRewrittenWithItsChainIsFound) {
  seal();
  const std::vector<StoredEvent> whole = events();
  for (std::size_t i = 0; i < whole.size(); ++i) {
    events() = whole;
    char& last = events()[i].bytes[events()[i].bytes.find("T08:00:0") + 8];  // another second
    last = static_cast<char>(last ^ 1);
    rewrite_chain();
    ASSERT_TRUE(bench_.store.verify("r1").ok());
    EXPECT_EQ(by_seal().damage, Damage::changed) << whole[i].bytes;
  }
}

TEST_F(Sealed, ATailCutOffWithItsHeadIsMissing) {
  seal();
  const std::vector<StoredEvent> whole = events();
  for (std::size_t keep = 0; keep < whole.size(); ++keep) {
    events().assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(keep));
    rewrite_chain();
    ASSERT_TRUE(bench_.store.verify("r1").ok());
    const SealReport report = by_seal();
    EXPECT_EQ(report.damage, Damage::missing) << report.text;
  }
  EXPECT_EQ(by_seal().text, "against its seal event 24 is missing: the run had 24 events");
}

TEST_F(Sealed, AnEventAfterTheSealedEndIsAdded) {
  seal();
  events().push_back({25, R"({"seq":25,"t":"2026-11-21T09:00:00.000000000Z","text":"more","type":"note"})", {}});
  rewrite_chain();
  ASSERT_TRUE(bench_.store.verify("r1").ok());
  EXPECT_EQ(by_seal().damage, Damage::added);
}

TEST_F(Sealed, ARunThatGoesOnIsSealedAgainAtItsNextEnd) {
  seal();
  Journal journal = Journal::reopen(bench_.store, bench_.clock, "r1", bench_.store.head("r1"));
  journal.append("run_resumed", {{"by", "Li"}});
  journal.commit();
  EXPECT_EQ(by_seal().text, "sealed up to event 24 by key " + key_.public_key().id() + "; the run went on");
  EXPECT_FALSE(by_seal().seal);
  EXPECT_THROW((void)seal_run(bench_.store, "r1", key_, test::epoch()), UserError);
  journal.append("run_ended", {{"state", "finished"}, {"verdict", "pass"}});
  journal.commit();
  seal();
  EXPECT_EQ(by_seal().seal->head.seq, 26U);
  events()[3].bytes.replace(events()[3].bytes.find("Li"), 2, "Wu");
  rewrite_chain();
  EXPECT_EQ(by_seal().damage, Damage::changed) << "the earlier seal still holds for what it covers";
}

TEST_F(Sealed, ARunWrittenAnewAndSealedWithAnotherKeyIsFound) {
  const SealKey foreign = SealKey::make(folder_ / "foreign.pem", SealAlgorithm::ed25519);
  events()[6].bytes.replace(events()[6].bytes.find("31.42"), 5, "21.42");
  rewrite_chain();
  (void)seal_run(bench_.store, "r1", foreign, test::epoch());
  EXPECT_EQ(found(), Damage::changed);
  EXPECT_EQ(by_seal().text, "the seal is changed: it was made with key " + foreign.public_key().id() + ", not with " +
                                key_.public_key().id());
  EXPECT_TRUE(check_seals(bench_.store, "r1", {}).ok()) << "only who knows the right key can tell";
}

TEST_F(Sealed, EveryFlippedByteOfWhatTheStoreKeepsBesideIsFound) {
  seal();
  const auto every_byte = [this](auto& bytes, const char* what) {
    for (auto& byte : bytes) {
      byte = static_cast<std::remove_reference_t<decltype(byte)>>(byte ^ 1);
      EXPECT_EQ(found(), Damage::changed) << what;
      byte = static_cast<std::remove_reference_t<decltype(byte)>>(byte ^ 1);
    }
  };
  for (StoredEvent& event : events()) every_byte(event.hash, "hash of an event");
  every_byte(head().hash, "head");
  for (auto& [digest, bytes] : bench_.store.raw_blobs()) every_byte(bytes, "evidence");
  every_byte(stored().signature, "signature");
  every_byte(stored().public_key, "public key");
  every_byte(stored().head.hash, "sealed head");
  bench_.store.raw_blobs().clear();
  EXPECT_EQ(found(), Damage::missing);
}

TEST_F(Sealed, EventsThatMovedAreFound) {
  seal();
  const std::vector<StoredEvent> whole = events();
  events().erase(events().begin() + 4);
  EXPECT_EQ(found(), Damage::missing);
  events() = whole;
  std::swap(events()[4], events()[9]);
  EXPECT_EQ(found(), Damage::reordered);
  events() = whole;
  events().insert(events().begin() + 3, whole[1]);
  for (std::size_t i = 0; i < events().size(); ++i) events()[i].seq = i + 1;
  EXPECT_EQ(found(), Damage::added);
}

TEST_F(Sealed, WhatAReportPrintsIsHeldAgainstTheRun) {
  seal();
  const std::string printed = printed_seal("r1", seal_);
  EXPECT_TRUE(printed.starts_with("meterrig-seal:1:r1:24:" + hex(head().hash) + ":Ed25519:")) << printed;
  EXPECT_TRUE(check_printed_seal(bench_.store, "r1", printed, known_).ok());
  EXPECT_TRUE(check_printed_seal(bench_.store, "r1", printed, {}).ok()) << "the store's own seal has the key";
  std::string other = printed;
  other[other.rfind(':') + 3] = other[other.rfind(':') + 3] == 'A' ? 'B' : 'A';
  EXPECT_EQ(check_printed_seal(bench_.store, "r1", other, known_).damage, Damage::changed);
  // The store's own seal goes away and the run is written anew: the paper knows.
  bench_.store.raw_seals("r1").clear();
  EXPECT_FALSE(check_printed_seal(bench_.store, "r1", printed, {}).ok()) << "nobody has its key";
  events().pop_back();
  rewrite_chain();
  EXPECT_TRUE(bench_.store.verify("r1").ok() && by_seal().ok());
  EXPECT_EQ(check_printed_seal(bench_.store, "r1", printed, known_).damage, Damage::missing);
  for (const char* const wrong : {"", "meterrig-seal:1:r1", "meterrig-seal:2:r1:1:00:Ed25519:a:b"})
    EXPECT_THROW((void)check_printed_seal(bench_.store, "r1", wrong, known_), UserError) << wrong;
}

TEST(SealOfARun, OnlyAnEndIsSealedAndOnlyWhatWasWritten) {
  const Folder folder;
  const SealKey key = SealKey::make(folder.key(), SealAlgorithm::sm2);
  test::Bench bench;
  bench.start();
  bench.journal.commit();
  EXPECT_THROW((void)seal_run(bench.store, "r1", key, test::epoch()), UserError);
  bench.finish();
  bench.store.raw("r1").front().bytes[9] ^= 1;
  EXPECT_THROW((void)seal_run(bench.store, "r1", key, test::epoch()), UserError);
  bench.store.raw("r1").front().bytes[9] ^= 1;
  (void)seal_run(bench.store, "r1", key, test::epoch());
  const SealReport report = check_seals(bench.store, "r1", {});
  EXPECT_TRUE(report.seal && report.text.find("(SM2)") != std::string::npos) << report.text;
}

TEST(SealKeyFile, IsForItsOwnerAlone) {
  const Folder folder;
  const SealKey key = SealKey::make(folder.key(), SealAlgorithm::ed25519);
  struct stat its {};
  ASSERT_EQ(stat(folder.key().c_str(), &its), 0);
  EXPECT_EQ(its.st_mode & 07777, 0600U);
  EXPECT_EQ(SealKey::read(folder.key()).public_key(), key.public_key());
  EXPECT_EQ(SealKey::make(folder.key(), SealAlgorithm::sm2).public_key(), key.public_key()) << "the first one stays";
  fs::permissions(folder.key(), fs::perms::group_read, fs::perm_options::add);
  try {
    (void)SealKey::read(folder.key());
    FAIL() << "a key that others can read seals nothing";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("chmod 600 " + folder.key().string()), std::string::npos) << error.what();
  }
  EXPECT_THROW((void)SealKey::make(folder / "nowhere/key.pem", SealAlgorithm::ed25519), UserError);
  std::ofstream(folder / "public.pem") << key.public_key().pem();
  EXPECT_EQ(PublicKey::read(folder / "public.pem"), key.public_key());
  EXPECT_EQ(PublicKey::from_der(key.public_key().der()), key.public_key());
  EXPECT_FALSE(PublicKey::from_der(key.public_key().der() + "x"));
  EXPECT_THROW((void)PublicKey::read(folder.key()), UserError) << "that is the private one";
}

TEST(SealKeyFile, SignsInBothAlgorithms) {
  const Folder folder;
  for (const SealAlgorithm algorithm : {SealAlgorithm::ed25519, SealAlgorithm::sm2}) {
    const SealKey key = SealKey::make(folder / std::string(word(algorithm)).c_str(), algorithm);
    EXPECT_EQ(key.public_key().algorithm(), algorithm);
    EXPECT_EQ(key.public_key().id().size(), 16U);
    const std::string signature = key.sign("text");
    EXPECT_TRUE(key.public_key().verifies("text", signature));
    EXPECT_FALSE(key.public_key().verifies("texT", signature));
    EXPECT_FALSE(key.public_key().verifies("text", ""));
  }
}

}  // namespace
}  // namespace meterrig::record
