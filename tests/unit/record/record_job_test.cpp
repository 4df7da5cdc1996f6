#include "fold_support.hpp"

// What the job says in the record: certificates of others, what is waived, what is only recommended.
namespace meterrig::record {
namespace {

using test::fold;
using test::json;
using test::leak;
using test::quiescent;
using test::result_of;

TEST(RecordFold, ACertificateBelongsToItsAttemptAndResult) {
  test::Bench bench;
  bench.start();
  bench.begin(1, leak);
  const std::string digest = bench.journal.add_blob("a paper");
  bench.journal.append("certificate", test::with(test::at(1, leak), {{"number", "IP-7"},
                                                                     {"laboratory", "乙实验室"},
                                                                     {"date", "2026-11-02"},
                                                                     {"verdict", "pass"},
                                                                     {"file", "papers/ip.pdf"},
                                                                     {"remark", ""},
                                                                     {"sha256", digest}}));
  bench.end(1, leak, "pass");
  const json record = fold(bench);
  const json& result = result_of(record, 1, leak);
  ASSERT_EQ(result["certificates"].size(), 1u);
  EXPECT_EQ(result["certificates"][0]["number"], "IP-7");
  EXPECT_EQ(result["certificates"][0]["sha256"], digest);
  EXPECT_EQ(result["attempt_records"][0]["certificates"], result["certificates"]);
  EXPECT_EQ(result_of(record, 2, leak)["certificates"], json::array());
  EXPECT_THROW(bench.journal.append("certificate", test::with(test::at(1, leak), {{"number", "IP-7"}})),
               std::invalid_argument);
}

// Everything passes but `leak` of sample 2, which ends as said.
json concluded(const json& leak_clause, const char* verdict) {
  test::Bench bench;
  json opening = test::opening();
  opening["clauses"][1].update(leak_clause);
  bench.start(opening);
  for (const int sample : {1, 2}) bench.whole(sample, quiescent, "pass");
  bench.whole(1, leak, "pass");
  bench.whole(2, leak, verdict);
  bench.finish();
  return fold(bench).at("conclusion");
}

TEST(RecordFold, ARecommendationThatIsOnlyRecordedLeavesNothingOpen) {
  EXPECT_EQ(concluded({{"recommended", true}}, "recorded")["conforms"], true);
  EXPECT_EQ(concluded({{"recommended", true}}, "inconclusive")["open"], json{leak});
  EXPECT_EQ(concluded(json::object(), "recorded")["conforms"], nullptr);
}

TEST(RecordFold, WhatIsWaivedIsNamed) {
  const json conclusion = concluded({{"waived", "contract review 12"}}, "not_applicable");
  EXPECT_EQ(conclusion["conforms"], true);
  const std::string en = conclusion["text"]["en"], zh = conclusion["text"]["zh"];
  EXPECT_NE(en.find("Waived by agreement: " + leak + "."), std::string::npos) << en;
  EXPECT_NE(zh.find("按协议免检：" + leak), std::string::npos) << zh;
}

}  // namespace
}  // namespace meterrig::record
