#include <gtest/gtest.h>

#include "fold_support.hpp"
#include "rig/record/measurement_text.hpp"

// What a run wrote to a sample, the points of its figures, and money, in the record.
namespace meterrig::record {
namespace {

using nlohmann::json;
using test::at;
using test::leak;
using test::quiescent;
using test::with;

struct Story {
  Story() {
    bench.start();
    bench.begin(1, quiescent);
  }
  void write(const std::string& item, const json& old, const std::string& value, const std::string& id = quiescent) {
    json body = with(at(1, id), {{"item", item}, {"new", value}});
    if (!old.is_null()) body["old"] = old;
    bench.journal.append("meter_write", body);
  }
  void restore(const std::string& item, const std::string& value, const std::string& id = quiescent) {
    bench.journal.append("meter_restored", with(at(1, id), {{"item", item}, {"value", value}}));
  }
  json settings() {
    bench.end(1, quiescent, "pass");
    bench.finish();
    return test::fold(bench).at("duts").at(0).at("settings");
  }
  test::Bench bench;
};

TEST(Settings, WrittenAndPutBack) {
  Story story;
  story.write("price_table", "0201", "0302");
  story.write("price_table", "0302", "0403");
  story.restore("price_table", "0201");
  EXPECT_EQ(story.settings(), json::array({{{"item", "price_table"},
                                            {"old", "0201"},
                                            {"value", "0201"},
                                            {"writes", 2},
                                            {"clauses", {quiescent}},
                                            {"put_back", true}}}));
}

TEST(Settings, WhatOneClauseLeftNoLaterOneMendsUnknowingly) {
  Story story;
  story.write("clock", "2026-11-21T08:00:00", "2028-01-01T00:00:00");
  story.bench.begin(1, leak);
  story.write("clock", "2028-01-01T00:00:07", "2029-01-01T00:00:00", leak);
  story.restore("clock", "2028-01-01T00:00:20", leak);
  const json one = story.settings().at(0);
  EXPECT_EQ(one.at("old"), "2026-11-21T08:00:00");
  EXPECT_EQ(one.at("value"), "2028-01-01T00:00:20");
  EXPECT_EQ(one.at("clauses"), (json{quiescent, leak}));
  EXPECT_FALSE(one.at("put_back").get<bool>());
}

TEST(Settings, PurchasesHaveNoOldValueAndStay) {
  Story story;
  story.write("purchase", nullptr, "0000123402");
  story.write("valve", "closed", "opening authorised");
  const json all = story.settings();
  ASSERT_EQ(all.size(), 1u) << "a command to the valve is no setting";
  EXPECT_TRUE(all[0].at("old").is_null());
  EXPECT_FALSE(all[0].at("put_back").get<bool>());
}

TEST(Points, StandWithTheirClause) {
  Story story;
  const json point{{"figure", "price_over_usage"},
                   {"series", "measured"},
                   {"x", "0.998"},
                   {"x_unit", "m3"},
                   {"y", "2.07"},
                   {"y_unit", "yuan/m3"},
                   {"label", {{"zh", "一"}, {"en", "one"}}}};
  story.bench.journal.append("point", with(at(1, quiescent), point));
  story.bench.end(1, quiescent, "pass");
  story.bench.finish();
  const json record = test::fold(story.bench);
  EXPECT_EQ(test::result_of(record, 1, quiescent).at("points"), json::array({point}));
  EXPECT_EQ(test::result_of(record, 1, leak).at("points"), json::array());
}

TEST(Money, ReadsAsPeopleWriteIt) {
  const json error{{"name", "settlement_error"},
                   {"kind", "exact"},
                   {"value", "-0.00797"},
                   {"unit", "yuan"},
                   {"limit", {{"less_than", "0.01"}, {"magnitude_of", "E"}, {"source", "rig_default"}}},
                   {"decision", "pass"},
                   {"verdict", "pass"}};
  EXPECT_EQ(measurement_text(error), "settlement_error E = -0.00797 yuan, limit |E| < 0.01 yuan (rig_default)");
  Story story;
  story.bench.journal.append("measurement", with(at(1, quiescent), error));
  story.bench.end(1, quiescent, "pass");
  story.bench.finish();
  const json record = test::fold(story.bench);
  EXPECT_EQ(test::result_of(record, 1, quiescent).at("measurements").at(0).at("value"), "-0.00797");
}

}  // namespace
}  // namespace meterrig::record
