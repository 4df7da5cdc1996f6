#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/defects/whole_run.hpp"

// The defect matrix of CJ/T 484: each defective water meter fails exactly the clauses that its fault reaches, for the
// reason that it gives; each borderline-good meter passes; its neighbour never notices.
namespace meterrig::defects {
namespace {

using nlohmann::json;

json run_of(const std::vector<std::string>& defects, const std::vector<std::string>& duts = {"lxs15-1", "lxs15-2"}) {
  return record_of({.duts = duts, .defects = defects, .plan = "cjt484-auto", .rig = "water"});
}

// Of those clauses that the plan has.
std::map<std::string, std::string> expected_of(const bench::DefectRow& row, const json& record) {
  std::map<std::string, std::string> expected;
  for (const auto& [id, verdict] : row.expected)
    for (const json& result : record.at("duts").at(0).at("results"))
      if (result.at("id") == id) expected[id] = verdict;
  return expected;
}

std::vector<bench::DefectRow> water_meters() {
  std::vector<bench::DefectRow> rows = bench::defect_rows();
  std::erase_if(rows, [](const bench::DefectRow& row) { return row.meter != "water" || row.kind == "fault"; });
  // The clauses of this plan let the pulse simulator give the water, which turns no wheel to be read directly.
  std::erase_if(rows,
                [](const bench::DefectRow& row) { return row.conditions.find("direct_reading") != std::string::npos; });
  return rows;
}

class WaterMatrix : public ::testing::TestWithParam<bench::DefectRow> {};

TEST_P(WaterMatrix, FailsWhatItsFaultReaches) {
  const json record = run_of({GetParam().name + "@1"});
  EXPECT_EQ(exceptions_of(record, 0), expected_of(GetParam(), record));
  EXPECT_TRUE(exceptions_of(record, 1).empty()) << "the neighbour";
  EXPECT_TRUE(ended_safe(record));
}

INSTANTIATE_TEST_SUITE_P(Cjt484, WaterMatrix, ::testing::ValuesIn(water_meters()), [](const auto& one) {
  std::string name = one.param.name;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

struct Reason {
  const char* defect;  // behind "cjt484-"
  const char* clause;
  const char* shows;  // the measurement, or words of the cause
};
constexpr std::array reasons = std::to_array<Reason>({
    {"5.3.4-d1", "CJT484-5.3.4/6.3.4", "cumulative_off"},
    {"5.3.5-d1", "CJT484-5.3.5/6.3.7", "period_lost"},
    {"5.3.5-d2", "CJT484-5.3.5/6.3.7", "period_lost"},
    {"5.4.1-d1", "CJT484-5.4.1/6.4.1", "period_off"},
    {"5.4.2a-d1", "CJT484-5.4.2a/6.4.2c", "wrong_dates"},
    {"5.4.2a-d4", "CJT484-5.4.2a/6.4.2c", "lost_in_power_cycle"},
    {"5.4.2b-d2", "CJT484-5.4.2b/6.4.2a", "clock_error"},
    {"5.4.2b-d3", "CJT484-5.4.2b/6.4.2a", "was set meanwhile"},
    {"5.4.2b-d3", "CJT484-5.4.2c/6.4.2b", "was set meanwhile"},
    {"5.4.2c-d1", "CJT484-5.4.2c/6.4.2b", "clock_error"},
    {"5.4.3-d4", "CJT484-5.4.3/6.4.3", "wrong_settlements"},
    {"5.4.3-d5", "CJT484-5.4.3/6.4.3", "settlements_at_other_times"},
    {"5.4.4-d2", "CJT484-5.4.4/6.4.4", "illegal_values_taken"},
    {"5.4.4-d3", "CJT484-5.4.4/6.4.4", "legal_values_lost"},
    {"5.4.5-d3", "CJT484-5.4.5/6.4.5", "wrong_values"},
    {"5.4.5-d4", "CJT484-5.4.5/6.4.5", "wrong_values_at_the_boundary"},
    {"5.4.6a-d1", "CJT484-5.4.6a/6.4.6a", "period_lost"},
    {"5.4.6b-d3", "CJT484-5.4.6b/6.4.6b", "wrong_records"},
    {"5.4.6b-d4", "CJT484-5.4.6b/6.4.6b", "wrong_records_after_power_cycle"},
    {"5.4.7-d3", "CJT484-5.4.7/6.4.7", "illegal_values_taken"},
    {"5.4.7-d4", "CJT484-5.4.7/6.4.7", "legal_values_lost"},
    {"5.4.8.2-d2", "CJT484-5.4.8.2/6.4.8.1", "settlement_error"},
    {"5.4.8.2-d3", "CJT484-5.4.8.2/6.4.8.1", "settlement_error"},
    {"a.price-d2", "CJT484-A.price/6.4.8.1", "wrong_prices"},
    {"a.price-d3", "CJT484-A.price/6.4.8.1", "wrong_prices"},
    {"a.error-d1", "CJT484-A.error/6.4.8.1", "settlement_error"},
    {"a.error-d4", "CJT484-A.error/6.4.8.1", "settlement_error"},
    {"a.error-x1", "CJT484-A.error/6.4.8.1", "settlement_error"},
    {"a.error-x2", "CJT484-A.error/6.4.8.1", "purchases_counted_again"},
    {"a.error-x3", "CJT484-A.error/6.4.8.1", "settlement_error"},
    {"5.4.8.3a-d1", "CJT484-5.4.8.3a/6.4.8.2a", "wrong_tables_over_date"},
    {"5.4.8.3a-d4", "CJT484-5.4.8.3a/6.4.8.2a", "settlement_error"},
    {"5.4.8.3b-d1", "CJT484-5.4.8.3b/6.4.8.2b", "step_volumes"},
    {"5.4.8.3b-d2", "CJT484-5.4.8.3b/6.4.8.2b", "not_read_back"},
    {"5.4.8.3c-d1", "CJT484-5.4.8.3c/6.4.8.2c", "legal_values_lost"},
    {"5.4.8.3c-d2", "CJT484-5.4.8.3c/6.4.8.2c", "illegal_values_taken"},
    {"5.4.9.1-d2", "CJT484-5.4.9.1", "tampered_taken"},
    {"5.4.9.1-d4", "CJT484-5.4.9.1", "replayed_taken"},
});

TEST(WaterMatrixReasons, AreThoseOfTheFault) {
  for (const Reason& reason : reasons) {
    const json record = record_of({.duts = {"lxs15-1"},
                                   .only = {reason.clause},
                                   .defects = {std::string("cjt484-") + reason.defect + "@1"},
                                   .plan = "cjt484-auto",
                                   .rig = "water"});
    const json& result = result_of(record, 0, reason.clause);
    EXPECT_TRUE(shows(result, reason.shows)) << reason.defect << ": " << reasons_of(result);
  }
}

}  // namespace
}  // namespace meterrig::defects
