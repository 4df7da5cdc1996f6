#include <gtest/gtest.h>

#include <array>

#include "tests/defects/whole_run.hpp"

// The defect matrix: each defective meter fails exactly the clauses that its fault reaches, for the reason that its
// fault gives; each borderline-good meter passes everything; its neighbour never notices.
namespace meterrig::defects {
namespace {

struct Reason {
  const char* defect;       // behind "cjt503-"
  const char* requirement;  // of CJ/T 503-2016
  const char* shows;        // the measurement, or words of the cause
};
constexpr std::array reasons = std::to_array<Reason>({
    {"5.3.5-d2", "5.3.18", "closing_time"},
    {"5.3.5-d2", "5.3.14", "opened_without_manual_action"},
    {"5.3.5-d2", "5.3.15", "wrong_indications"},
    {"5.3.5-d2", "5.3.5", "leakage"},
    {"5.3.5-d2", "5.3.13", "valve_closed_at_minimum"},
    {"5.3.5-d2", "5.3.12", "closing_time"},
    {"5.3.5-d2", "5.3.6", "leakage"},
    {"5.3.5-d4", "5.3.5", "leakage"},
    {"5.3.5-d4", "5.3.12", "leakage"},
    {"5.3.5-d4", "5.3.6", "leakage"},
    {"5.3.5-x1", "5.3.5", "leakage"},
    {"5.3.5-x1", "5.3.12", "leakage"},
    {"5.3.5-x1", "5.3.6", "leakage"},
    {"5.3.6-d1", "5.3.6", "leakage"},
    {"5.3.6-d2", "5.3.6", "opening_actions"},
    {"5.3.7-d2", "5.3.7", "pressure_drop"},
    {"5.3.7-d3", "5.3.7", "pressure_drop"},
    {"5.3.7-x1", "5.3.7", "pressure_drop"},
    {"5.3.7-x1", "5.3.5", "leakage"},
    {"5.3.7-x1", "5.3.12", "leakage"},
    {"5.3.7-x1", "5.3.6", "leakage"},
    {"5.3.8-d3", "5.3.8", "quiescent_current"},
    {"5.3.8-d5", "5.3.8", "quiescent_current"},
    {"5.3.8-x1", "5.3.8", "quiescent_current"},
    {"5.3.8-x2", "5.3.8", "quiescent_current"},
    {"5.3.9-d2", "5.3.9", "valve_current"},
    {"5.3.9-d4", "5.3.9", "communication_current"},
    {"5.3.9-x1", "5.3.9", "valve_current"},
    {"5.3.10a-d1", "5.3.10a", "conversion_error"},
    {"5.3.10a-d2", "5.3.10a", "conversion_error"},
    {"5.3.10b-d1", "5.3.10b", "reading_difference"},
    {"5.3.11-d1", "5.3.11", "changed_items"},
    {"5.3.11-d3", "5.3.11", "changed_items"},
    {"5.3.11-x1", "5.3.11", "changed_items"},
    {"5.3.11-x2", "5.3.11", "it is the meter"},
    {"5.3.12-d2", "5.3.12", "closing_time"},
    {"5.3.12-d3", "5.3.12", "closing_time"},
    {"5.3.12-x1", "5.3.12", "closing_time"},
    {"5.3.13-d2", "5.3.13", "valve_closed_at_minimum"},
    {"5.3.13-d3", "5.3.13", "changed_items_after_brown_out"},
    {"5.3.13-x1", "5.3.13", "valve_closed_at_minimum"},
    {"5.3.13-x2", "5.3.13", "warning_at_undervoltage"},
    {"5.3.14-d1", "5.3.18", "opened_by_itself"},
    {"5.3.14-d1", "5.3.14", "opened_without_manual_action"},
    {"5.3.14-d2", "5.3.14", "opened_without_authorisation"},
    {"5.3.15-d1", "5.3.15", "wrong_indications"},
    {"5.3.17-d2", "5.3.17", "successful_readings"},
    {"5.3.17-d3", "5.3.17", "successful_readings"},
    {"5.3.17-x1", "5.3.17", "successful_readings"},
    {"5.3.17-x2", "5.3.17", "successful_readings"},
    {"5.3.18-d1", "5.3.9", "valve_current"},
    {"5.3.18-d1", "5.3.18", "closing_time"},
    {"5.3.18-d3", "5.3.18", "foreign_reactions"},
});

// Where the amount is known from the defect itself: the measurement must find it.
struct Amount {
  const char* defect;
  const char* clause;
  const char* measurement;
  double value;
  double within;
};
constexpr std::array amounts = std::to_array<Amount>({
    {"cjt503-5.3.5-d4", "CJT503-5.3.5/6.7", "leakage", 0.50, 0.02},
    {"cjt503-5.3.5-g1", "CJT503-5.3.5/6.7", "leakage", 0.28, 0.01},
    {"cjt503-5.3.6-d1", "CJT503-5.3.6/6.8", "leakage", 0.65, 0.02},
    {"cjt503-5.3.6-g1", "CJT503-5.3.6/6.8", "leakage", 0.29, 0.01},
    {"cjt503-5.3.7-d2", "CJT503-5.3.7/6.9", "pressure_drop", 60, 12},
    {"cjt503-5.3.8-d3", "CJT503-5.3.8/6.10", "quiescent_current", 56, 0.3},
    {"cjt503-5.3.8-d5", "CJT503-5.3.8/6.10", "quiescent_current", 57, 0.3},
    {"cjt503-5.3.8-g1", "CJT503-5.3.8/6.10", "quiescent_current", 49.2, 0.3},
    {"cjt503-5.3.8-g2", "CJT503-5.3.8/6.10", "quiescent_current", 50, 0},
    {"cjt503-5.3.8-g4", "CJT503-5.3.8/6.10", "quiescent_current", 12, 0.1},
    {"cjt503-5.3.9-d2", "CJT503-5.3.9/6.11", "valve_current", 430, 5},
    {"cjt503-5.3.9-d4", "CJT503-5.3.9/6.11", "communication_current", 260, 5},
    {"cjt503-5.3.10a-d2", "CJT503-5.3.10a/6.12a", "conversion_error", 3, 1},
    {"cjt503-5.3.12-g1", "CJT503-5.3.12/6.14", "closing_time", 4.8, 0.3},
});

std::vector<bench::DefectRow> meters() {
  std::vector<bench::DefectRow> rows;
  for (bench::DefectRow& row : bench::defect_rows())
    if (row.kind != "fault" && row.name.starts_with("cjt503-")) rows.push_back(std::move(row));
  return rows;
}

class Matrix : public ::testing::TestWithParam<bench::DefectRow> {};

TEST_P(Matrix, FailsWhatItReachesAndNothingElse) {
  const bench::DefectRow& row = GetParam();
  const nlohmann::json record = record_of({.defects = {row.name + "@2"}});
  const std::map<std::string, std::string> expected(row.expected.begin(), row.expected.end());
  EXPECT_EQ(exceptions_of(record, 1), expected);
  EXPECT_EQ(exceptions_of(record, 0), (std::map<std::string, std::string>{})) << "the healthy neighbour";
  EXPECT_TRUE(ended_safe(record));
  for (const auto& [clause, verdict] : expected) {
    const nlohmann::json& result = result_of(record, 1, clause);
    const auto reason = std::find_if(reasons.begin(), reasons.end(), [&](const Reason& r) {
      return row.name == std::string("cjt503-") + r.defect &&
             clause.starts_with(std::string("CJT503-") + r.requirement + "/");
    });
    ASSERT_NE(reason, reasons.end()) << "no reason is given for " << clause;
    EXPECT_TRUE(shows(result, reason->shows)) << reason->shows << " is not in " << reasons_of(result);
  }
  for (const Amount& amount : amounts) {
    if (row.name != amount.defect) continue;
    double nearest = 1e9;
    for (const nlohmann::json& m : result_of(record, 1, amount.clause).at("measurements"))
      if (m.at("name") == amount.measurement && m.at("value").is_number())
        nearest = std::min(nearest, std::abs(m.at("value").get<double>() - amount.value));
    EXPECT_LE(nearest, amount.within) << amount.measurement << " should be " << amount.value;
  }
}

INSTANTIATE_TEST_SUITE_P(Cjt503, Matrix, ::testing::ValuesIn(meters()), [](const auto& one) {
  std::string name = one.param.name.substr(7);
  for (char& c : name)
    if (c == '.' || c == '-') c = '_';
  return name;
});

TEST(MatrixTable, HasARowForEachDefectAndNoOther) {
  std::size_t expected = 0;
  for (const bench::DefectRow& row : meters()) {
    expected += row.expected.size();
    EXPECT_TRUE(row.kind != "borderline" || row.expected.empty()) << row.name;
  }
  EXPECT_EQ(reasons.size(), expected);
}

}  // namespace
}  // namespace meterrig::defects
