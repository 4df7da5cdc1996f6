#include "rig/record/acts.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "rig/record/approval.hpp"
#include "rig/record/person.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

// A key that lives as long as the tests.
const SealKey& machine_key() {
  static const SealKey key = [] {
    std::string name = (std::filesystem::temp_directory_path() / "meterrig-acts-XXXXXX").string();
    const std::filesystem::path folder = mkdtemp(name.data());
    SealKey made = SealKey::make(folder / "key.pem", SealAlgorithm::ed25519);
    std::filesystem::remove_all(folder);
    return made;
  }();
  return key;
}

json by(std::string_view name, const json& more = json::object()) {
  json body{{"by", name}, {"reason", nullptr}};
  body.update(more);
  return body;
}

json because(std::string_view name, std::string_view reason) { return by(name, {{"reason", reason}}); }

class Acts : public ::testing::Test {
 protected:
  Acts() {
    bench_.healthy();
    (void)seal_run(bench_.store, "r1", machine_key(), test::epoch());
  }
  void add(std::string_view type, json body, const std::vector<Blob>& blobs = {}) {
    body["type"] = type;
    Approval after = approval();
    apply_act(after, body);
    acts_.push_back(add_act(bench_.store, "r1", acts_, type, body, blobs, machine_key(), test::epoch()));
  }
  Approval approval() { return fold_acts(acts_, bench_.store.head("r1").seq); }
  ApprovalState state() { return approval().newest().state; }
  void approve(std::string_view number) {
    const Digest digest = sha256({"<html>"});
    const json documents =
        json::array({{{"format", "html"}, {"language", "both"}, {"sha256", "sha256:" + hex(digest)}}});
    json body = by("Zhang", {{"documents", documents}});
    if (!number.empty()) body["number"] = number;
    add("approved", body, {{digest, "<html>"}});
  }
  void whole_approval() {
    add("tested", by("Li Wei"));
    add("reviewed", by("Wang"));
    approve("R-1");
  }
  ActsReport check() { return check_acts(bench_.store, "r1", known_); }
  ActLog& log() { return bench_.store.raw_acts("r1"); }
  // Why an act may not be.
  std::string refused(std::string_view type, json body) {
    body["type"] = type;
    try {
      Approval after = approval();
      apply_act(after, body);
      return "";
    } catch (const UserError& error) {
      return error.what();
    }
  }

  std::vector<PublicKey> known_{machine_key().public_key()};
  test::Bench bench_;
  std::vector<json> acts_;
};

TEST_F(Acts, ThreePersonsTestReviewAndApprove) {
  EXPECT_EQ(state(), ApprovalState::open);
  EXPECT_NE(refused("reviewed", by("Wang")).find("who tested signs first"), std::string::npos);
  add("tested", by("Li Wei"));
  EXPECT_EQ(state(), ApprovalState::tested);
  for (const char* const same : {"Li Wei", "li wei", " LI  WEI ", "ＬＩ　ＷＥＩ", "Li\u200BWei"})
    EXPECT_NE(refused("reviewed", by(same)).find("three different persons"), std::string::npos) << same;
  EXPECT_NE(refused("approved", by("Zhang", {{"number", "R-1"}})), "");
  add("reviewed", by("Wang"));
  for (const char* const same : {"Li Wei", "WANG"})
    EXPECT_NE(refused("approved", by(same, {{"number", "R-1"}})).find("three different persons"), std::string::npos);
  EXPECT_NE(refused("approved", by("Zhang")).find("--number"), std::string::npos);
  EXPECT_NE(refused("approved", by("Zhang", {{"number", "R-1-A1"}})).find("an amendment"), std::string::npos);
  approve("R-1");
  EXPECT_EQ(state(), ApprovalState::approved);
  EXPECT_EQ(approval().newest().number, "R-1");
  EXPECT_EQ(approval().approved("R-1")->files.size(), 1U);
  EXPECT_EQ(check().text.substr(0, 14), "3 acts, intact");
}

TEST_F(Acts, AnApprovedReportIsOnlySuperseded) {
  whole_approval();
  for (const auto& [type, body] : std::vector<std::pair<const char*, json>>{{"tested", by("A")},
                                                                            {"reviewed", by("A")},
                                                                            {"returned", because("A", "b")},
                                                                            {"approved", by("A", {{"number", "R-2"}})},
                                                                            {"corrected", because("A", "b")},
                                                                            {"attached", by("A")}})
    EXPECT_NE(refused(type, body).find("meterrig amend"), std::string::npos) << type;
  add("amended", by("Li Wei", {{"reason", "wrong client"}, {"changes", {"client"}}, {"number", "R-1-A1"}}));
  EXPECT_EQ(approval().newest().number, "R-1-A1");
  EXPECT_EQ(
      approval().newest().amendment,
      json({{"number", "R-1-A1"}, {"of", "R-1"}, {"index", 1}, {"reason", "wrong client"}, {"changes", {"client"}}}));
  EXPECT_EQ(approval().documents.front().state, ApprovalState::approved) << "until the amendment is";
  EXPECT_EQ(state(), ApprovalState::open);
  add("tested", by("Li Wei"));
  EXPECT_NE(refused("reviewed", by("liwei")), "");
  add("reviewed", by("Wang"));
  EXPECT_NE(refused("approved", by("Zhang", {{"number", "R-9"}})).find("R-1-A1"), std::string::npos);
  approve("");
  EXPECT_EQ(approval().documents.front().state, ApprovalState::superseded);
  EXPECT_EQ(approval().approved("")->number, "R-1-A1");
  EXPECT_EQ(approval().approved("R-1")->files.size(), 1U) << "the old one stays readable";
  EXPECT_EQ(approval().approved("R-7"), nullptr);
  EXPECT_TRUE(check().ok()) << check().text;
}

TEST_F(Acts, BackOneStepAndAnewAfterACorrection) {
  EXPECT_NE(refused("returned", because("A", "b")), "");
  EXPECT_NE(refused("amended", because("A", "b")).find("meterrig correct"), std::string::npos);
  add("tested", by("Li Wei"));
  EXPECT_NE(refused("returned", by("Wang")).find("--reason"), std::string::npos);
  add("returned", because("Wang", "value of sample 2"));
  EXPECT_EQ(state(), ApprovalState::open);
  add("corrected", because("Li Wei", "a slip"));
  add("tested", by("Li Wei"));
  add("reviewed", by("Wang"));
  add("returned", because("Zhang", "what of sample 1?"));
  EXPECT_EQ(state(), ApprovalState::tested);
  add("attached", by("Wu", {{"sha256", bench_.journal.add_blob("photo")}, {"caption", "left"}}),
      {{sha256({"photo"}), "photo"}});
  EXPECT_EQ(state(), ApprovalState::open) << "what was signed is no longer what is there";
  EXPECT_EQ(approval().corrections.size(), 1U);
  EXPECT_EQ(approval().attachments.front().at("caption"), "left");
  EXPECT_TRUE(check().ok()) << check().text;
}

TEST_F(Acts, ARunThatGoesOnIsSignedAnew) {
  add("tested", by("Li Wei"));
  Journal journal = Journal::reopen(bench_.store, bench_.clock, "r1", bench_.store.head("r1"));
  journal.append("run_resumed", json::object());
  journal.append("run_ended", {{"state", "finished"}, {"verdict", "pass"}});
  journal.commit();
  EXPECT_EQ(state(), ApprovalState::open);
  EXPECT_THROW(add("tested", by("Li Wei")), UserError) << "its new end is not sealed";
  (void)seal_run(bench_.store, "r1", machine_key(), test::epoch());
  add("tested", by("Li Wei"));
  EXPECT_EQ(state(), ApprovalState::tested);
  EXPECT_TRUE(check().ok()) << check().text;
}

TEST_F(Acts, NumbersAreUniqueInAStore) {
  whole_approval();
  Journal other(bench_.store, bench_.clock, "r2");
  other.append("run_started", test::opening("r2"));
  other.append("run_ended", {{"state", "finished"}, {"verdict", "pass"}});
  other.commit();
  (void)seal_run(bench_.store, "r2", machine_key(), test::epoch());
  EXPECT_THROW(
      (void)add_act(bench_.store, "r2", {}, "approved", by("Z", {{"number", "R-1"}}), {}, machine_key(), test::epoch()),
      UserError);
  EXPECT_THROW((void)add_act(bench_.store, "r1", {}, "tested", by("Z"), {}, machine_key(), test::epoch()), StoreError)
      << "somebody was faster";
}

TEST_F(Acts, EveryFlippedByteIsFound) {
  whole_approval();
  ASSERT_TRUE(check().ok());
  std::size_t flips = 0;
  const auto every_byte = [&](auto& bytes, std::uint64_t act) {
    for (auto& byte : bytes) {
      byte = static_cast<std::remove_reference_t<decltype(byte)>>(byte ^ 1);
      const ActsReport report = check();
      EXPECT_EQ(report.damage, Damage::changed) << act << ": " << report.text;
      EXPECT_EQ(report.text.substr(0, 5), "act " + std::to_string(act)) << report.text;
      byte = static_cast<std::remove_reference_t<decltype(byte)>>(byte ^ 1);
      ++flips;
    }
  };
  for (StoredAct& stored : log().acts) {
    every_byte(stored.act.bytes, stored.act.seq);
    every_byte(stored.act.hash, stored.act.seq);
    every_byte(stored.public_key, stored.act.seq);
    every_byte(stored.signature, stored.act.seq);
    every_byte(stored.number, stored.act.seq);
  }
  every_byte(log().head->hash, 3);
  EXPECT_GT(flips, 1000U);
  bench_.store.raw_blobs().at(sha256({"<html>"}))[2] = 'x';
  EXPECT_EQ(check().damage, Damage::changed);
  bench_.store.raw_blobs().clear();
  EXPECT_EQ(check().damage, Damage::missing);
}

TEST_F(Acts, WhatWasTakenAwayMovedOrSignedByAnotherMachineIsFound) {
  whole_approval();
  const ActLog whole = log();
  const auto found = [&](const std::function<void(ActLog&)>& meddle) {
    log() = whole;
    meddle(log());
    return check().damage;
  };
  EXPECT_EQ(found([](ActLog& it) { it.acts.pop_back(); }), Damage::missing);
  EXPECT_EQ(found([](ActLog& it) { it.acts.erase(it.acts.begin()); }), Damage::missing);
  EXPECT_EQ(found([](ActLog& it) { it.acts.clear(); }), Damage::missing);
  EXPECT_EQ(found([](ActLog& it) { std::swap(it.acts[0], it.acts[1]); }), Damage::reordered);
  EXPECT_EQ(found([](ActLog& it) {
              it.acts.push_back(it.acts[1]);
              it.acts.back().act.seq = 4;
            }),
            Damage::added);
  EXPECT_EQ(found([](ActLog& it) { it.acts[2].number = "R-2"; }), Damage::changed);
  log() = whole;
  const std::vector<Seal> seals = bench_.store.raw_seals("r1");
  bench_.store.raw_seals("r1").clear();
  EXPECT_EQ(check().text, "act 1 is changed: the seal that it rests on is missing");
  bench_.store.raw_seals("r1") = seals;
  known_.front() = PublicKey::from_der(known_.front().der()).value();
  EXPECT_TRUE(check().ok());
  std::string name = (std::filesystem::temp_directory_path() / "meterrig-acts-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  known_.front() = SealKey::make(folder / "k", SealAlgorithm::sm2).public_key();
  std::filesystem::remove_all(folder);
  EXPECT_EQ(check().damage, Damage::changed) << "written anew, and signed with another key";
}

TEST(Person, OnePersonHasOneKey) {
  EXPECT_EQ(person_key("Li Wei"), person_key("  li\twei"));
  EXPECT_EQ(person_key("李 伟"), person_key("李伟"));
  EXPECT_EQ(person_key("Groß"), person_key("GROSS"));
  EXPECT_NE(person_key("Li Wei"), person_key("Li Wen"));
  for (const char* const none : {"", "  ", "\u3000", "\u200B", "\xff"}) EXPECT_EQ(person_key(none), "") << none;
}

// Of the one who signed and of nobody else, as long as what was signed is what is there.
TEST_F(Acts, SignaturesThatHold) {
  const auto signers = [this] {
    const ReportDocument document = approval().newest();
    std::vector<std::string> names;
    for (const json* one : {&document.tested, &document.reviewed, &document.approved})
      names.push_back(one->is_null() ? "-" : one->at("by").get<std::string>());
    return names;
  };
  using Names = std::vector<std::string>;
  add("tested", by("Li Wei"));
  add("reviewed", by("Wang Fang"));
  EXPECT_EQ(signers(), (Names{"Li Wei", "Wang Fang", "-"}));
  add("returned", because("Zhang", "a value is missing"));
  EXPECT_EQ(signers(), (Names{"Li Wei", "-", "-"})) << "one step back";
  add("reviewed", by("Wang Fang"));
  add("corrected", because("Li Wei", "slip of the hand"));
  EXPECT_EQ(signers(), (Names{"-", "-", "-"}));
  add("tested", by("Li Wei"));
  EXPECT_EQ(signers(), (Names{"Li Wei", "-", "-"}));
  add("reviewed", by("Chen"));
  approve("R-7");
  EXPECT_EQ(signers(), (Names{"Li Wei", "Chen", "Zhang"}));
}

TEST(Persons, AreTheSameWhateverStandsBetweenTheirLetters) {
  for (const char* const same : {"Li Wei.", "li  wei", "LI-WEI", "Ｌｉ Ｗｅｉ", "Li\u00a0Wei", "(Li Wei)"})
    EXPECT_EQ(person_key(same), person_key("Li Wei")) << same;
  EXPECT_NE(person_key("Li Wei 2"), person_key("Li Wei"));
  EXPECT_NE(person_key("李伟"), person_key("李玮"));
  EXPECT_EQ(person_key(" . "), "");
}

}  // namespace
}  // namespace meterrig::record
