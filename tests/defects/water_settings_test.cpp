#include <gtest/gtest.h>

#include <algorithm>

#include "rig/record/record_fold.hpp"
#include "tests/defects/whole_run.hpp"

// What a water meter is left with: settings put back, also after a stop in their middle, and purchases, which are not.
namespace meterrig::defects {
namespace {

using nlohmann::json;

const std::string error_clause = "CJT484-A.error/6.4.8.1", price_clause = "CJT484-A.price/6.4.8.1";

json run_of(const std::string& clause, const std::string& parameter = "", const std::string& value = "") {
  return record_of({.duts = {"lxs15-1"},
                    .only = {clause},
                    .plan = "cjt484-auto",
                    .rig = "water",
                    .change = [=](cli::RunFiles& files) {
                      for (plan::PlannedClause& planned : files.plan.clauses)
                        if (!parameter.empty()) support::change_parameter(planned, parameter, value);
                    }});
}

std::string verdict_of(const json& record, const std::string& clause) {
  const json& result = result_of(record, 0, clause);
  return result.at("verdict") == "pass" ? "pass" : reasons_of(result);
}

// Item -> whether it was put back.
std::map<std::string, bool> put_back(const json& record) {
  std::map<std::string, bool> all;
  for (const json& one : record.at("duts").at(0).at("settings")) all[one.at("item")] = one.at("put_back");
  return all;
}

bool left_with(const json& record, const std::string& words) {
  const json& texts = record.at("duts").at(0).at("left_with");
  return std::any_of(texts.begin(), texts.end(), [&](const json& text) {
    return text.at("en").get<std::string>().find(words) != std::string::npos;
  });
}

TEST(WaterSettings, AnnexALeavesPurchasesAndNothingElse) {
  const json record = run_of(error_clause);
  EXPECT_EQ(verdict_of(record, error_clause), "pass");
  const std::map<std::string, bool> expected{{"clock", true},           {"price_table", true},
                                             {"purchase", false},       {"settlement_cycle", true},
                                             {"settlement_time", true}, {"standby_price_table", true}};
  EXPECT_EQ(put_back(record), expected);
  EXPECT_TRUE(left_with(record, "3 purchase(s) of "));
  EXPECT_FALSE(left_with(record, "sample left with another"));
}

TEST(WaterSettings, ABalanceThatDoesNotPayIsBoughtFirst) {
  const json paid = run_of(price_clause);
  EXPECT_FALSE(left_with(paid, "purchase")) << "500.00 yuan are enough";
  const json bought = run_of(price_clause, "balance_yuan", "\"700.01\"");
  EXPECT_EQ(verdict_of(bought, price_clause), "pass");
  EXPECT_TRUE(left_with(bought, "1 purchase(s) of 200.01 yuan"));
}

TEST(WaterSettings, ErrorsOfMoneyAreExactTexts) {
  const json record = run_of(error_clause);
  std::vector<std::string> errors;
  for (const json& m : result_of(record, 0, error_clause).at("measurements")) {
    if (m.at("name") != "settlement_error") continue;
    errors.push_back(m.at("value"));
    EXPECT_EQ(m.at("unit"), "yuan");
    EXPECT_EQ(m.at("limit"), (json{{"less_than", "0.01"}, {"magnitude_of", "E"}, {"source", "rig_default"}}));
  }
  ASSERT_EQ(errors.size(), 12u);
  EXPECT_EQ(errors[0], "-0.00793");  // 0.999 m3: 2.06793
  EXPECT_EQ(errors[1], "0.00000");
  EXPECT_EQ(errors[2], "-0.00414");
  EXPECT_EQ(errors[6], "-0.00797");  // 3.457 m3: 15.25797, as in annex A's example
}

TEST(WaterSettings, TheFigureHasEachPriceAndTheStaircase) {
  const json record = run_of(price_clause);
  std::vector<std::string> measured, expected;
  for (const json& point : result_of(record, 0, price_clause).at("points")) {
    EXPECT_EQ(point.at("figure"), "price_over_usage");
    auto& all = point.at("series") == "measured" ? measured : expected;
    all.push_back(point.at("x").get<std::string>() + " " + point.at("y").get<std::string>());
  }
  EXPECT_EQ(measured, (std::vector<std::string>{"0.500 2.07", "0.998 2.07", "1.000 2.07", "1.002 4.14", "1.500 4.14",
                                                "1.998 4.14", "2.000 4.14", "2.002 6.21", "2.500 6.21"}));
  EXPECT_EQ(expected, (std::vector<std::string>{"0.000 2.07", "1.000 2.07", "1.000 4.14", "2.000 4.14", "2.000 6.21",
                                                "2.500 6.21"}));
}

// (semantics: the sample afterwards)
class StopInTheMiddle : public testing::TestWithParam<const char*> {};

TEST_P(StopInTheMiddle, LeavesTheMetersDataAsTheyWere) {
  cli::RunOptions words;
  words.plan = "cjt484-auto";
  words.rig = "water";
  words.duts = {"lxs15-1"};
  words.only = {GetParam()};
  cli::RunFiles files = support::files_of(words);
  // Before the first and the second of them goes out, and while the meter deals with it.
  for (const auto& [writes, later] : {std::pair{1, 0}, {1, 12}, {2, 0}, {2, 12}}) {
    support::VirtualRig rig(files);
    support::Session session(rig);
    while (!session.over() && session.count("meter_write") < static_cast<std::size_t>(writes))
      session.to_turn(session.turns() + 1);
    session.to_turn(session.turns() + static_cast<std::uint64_t>(later));
    ASSERT_FALSE(session.over());
    session.run().stop("test");
    session.to_end();
    const json record = record::fold_record(session.run().journal().events());
    EXPECT_EQ(result_of(record, 0, GetParam()).at("verdict"), "void");
    for (const auto& [item, back] : put_back(record)) EXPECT_TRUE(back) << item << " after " << writes << " writes";
    EXPECT_FALSE(left_with(record, "sample left with another"));
  }
}

INSTANTIATE_TEST_SUITE_P(OfOffers, StopInTheMiddle,
                         testing::Values("CJT484-5.4.8.3b/6.4.8.2b", "CJT484-5.4.8.3c/6.4.8.2c", "CJT484-5.4.9.1",
                                         "CJT484-5.4.7/6.4.7", "CJT484-5.4.4/6.4.4"));

}  // namespace
}  // namespace meterrig::defects
