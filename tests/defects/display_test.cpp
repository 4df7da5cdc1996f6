#include <gtest/gtest.h>

#include "tests/defects/whole_run.hpp"

// 5.4.8.3 (its lead sentence) and 5.4.8.4 of CJ/T 484: what is shown, and what of it outlives a supply gap.
namespace meterrig::defects {
namespace {

using nlohmann::json;

const std::string stored = "CJT484-5.4.8.3.0", shown = "CJT484-5.4.8.4/6.4.8.3";

json record_with(std::vector<std::string> defects) {
  return record_of({.duts = {"lxs15-1"},
                    .only = {stored, shown},
                    .defects = std::move(defects),
                    .plan = "cjt484-type",
                    .rig = "water"});
}

TEST(Display, OfAGoodMeter) {
  const json record = record_with({});
  EXPECT_TRUE(exceptions_of(record, 0).empty()) << reasons_of(result_of(record, 0, shown));
  EXPECT_TRUE(exceptions_of(record_with({"cjt484-5.4.8.4-g1@1"}), 0).empty());
  EXPECT_TRUE(ended_safe(record));
}

TEST(Display, OfACreditAndOfDearPrices) {
  for (const char* defect : {"cjt484-5.4.8.4-d1@1", "cjt484-5.4.8.4-d2@1"}) {
    const json record = record_with({defect});
    EXPECT_EQ(exceptions_of(record, 0), (std::map<std::string, std::string>{{shown, "fail"}})) << defect;
    EXPECT_TRUE(shows(result_of(record, 0, shown), "wrong_pages")) << defect;
  }
}

TEST(Display, APurchaseOutlivesASupplyGap) {
  const json record = record_with({"cjt484-5.4.8.3.0-d1@1"});
  EXPECT_EQ(exceptions_of(record, 0), (std::map<std::string, std::string>{{stored, "fail"}}));
  EXPECT_TRUE(shows(result_of(record, 0, stored), "lost_in_power_cycle"));
}

}  // namespace
}  // namespace meterrig::defects
