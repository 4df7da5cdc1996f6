#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "tests/unit/plan/support.hpp"

// Table 4 of CJ/T 484 (revision): its 39 rows as they are read, and the plans that hold them.
namespace meterrig::plan {
namespace {

using enum Membership;

struct Row {
  int number;
  std::vector<const char*> ids;
  Membership type, factory;
  const char* printed = "";  // where the print is wrong
};

const std::vector<Row>& table4() {
  static const std::vector<Row> rows{
      {1, {"5.1.1/6.2.7"}, required_without_row, unstated},
      {2, {"5.1.2/6.2.4"}, required_without_row, unstated},
      {3, {"5.1.3/6.2.3"}, required, required, "5.1.3 / 6.1.3"},
      {4, {"5.1.4/6.2.1"}, required, required},
      {5, {"5.1.5/6.2.9"}, required, not_required},
      {6, {"5.1.6/6.2.2"}, required, required},
      {7, {"5.1.8/6.2.5"}, required, not_required},
      {8, {"5.1.9/6.2.11"}, required, not_required},
      {9, {"5.2.5/6.2.8"}, required, not_required},
      {10, {"5.2.6/6.1.1"}, required, required},
      {11, {"5.2.7/6.1.2"}, required, not_required},
      {12, {"5.2.8/6.1.3"}, required, required},
      {13, {"5.2.9/6.2.10"}, required, not_required},
      {14, {"5.2.13/6.2.12"}, required, not_required},
      {15, {"5.2.10/6.2.13"}, required, not_required, "5.2.10 / 6.3.13"},
      {16, {"5.2.11/6.2.14"}, required, not_required, "5.2.11 / 6.3.14"},
      {17, {"5.3.1/6.3.1"}, required, not_required},
      {18, {"5.3.2/6.3.2"}, required, not_required},
      {19, {"5.3.3/6.3.3"}, required, not_required},
      {20, {"5.3.4/6.3.4"}, required, not_required},
      {21, {"5.3.13/6.3.5"}, required, not_required},
      {22, {"5.3.14/6.3.6"}, required, not_required},
      {23, {"5.3.5/6.3.7"}, required, not_required},
      {24, {"5.3.6/6.3.8"}, required, not_required},
      {25, {"5.3.7/6.3.9"}, required, not_required},
      {26, {"5.3.8/6.3.10"}, required, not_required},
      {27, {"5.3.9/6.3.11"}, required, not_required},
      {28, {"5.3.10/6.3.12"}, required, not_required},
      {29, {"5.3.11/6.3.13"}, required, not_required},
      {30, {"5.3.12/6.3.14"}, required, not_required},
      {31, {"5.2.12/6.3.15"}, required, required},
      {32, {"5.4.1/6.4.1"}, required, required},
      {33, {"5.4.2a/6.4.2c", "5.4.2b/6.4.2a", "5.4.2c/6.4.2b"}, required, required},
      {34, {"5.4.3/6.4.3"}, required, required},
      {35, {"5.4.4/6.4.4"}, required, required},
      {36, {"5.4.5/6.4.5"}, required, required, "5.5.5 / 6.4.5"},
      {37, {"5.4.6a/6.4.6a", "5.4.6b/6.4.6b"}, required, required, "5.6.6 / 6.4.6"},
      {38, {"5.4.7/6.4.7"}, required, required, "5.6.7 / 6.4.7"},
      {39,
       {"5.4.8.2/6.4.8.1", "A.price/6.4.8.1", "A.error/6.4.8.1", "5.4.8.3.0", "5.4.8.3a/6.4.8.2a", "5.4.8.3b/6.4.8.2b",
        "5.4.8.3c/6.4.8.2c", "5.4.8.4/6.4.8.3"},
       required,
       not_required,
       "5.6.8 / 6.4.8"},
  };
  return rows;
}

TEST(Table4, TheCatalogueHasEachRowWithItsTicksAndWhatIsMisprinted) {
  Loader loader = shipped();
  std::map<std::string, const Row*> of;
  for (const Row& row : table4())
    for (const char* id : row.ids) of[std::string("CJT484-") + id] = &row;
  for (const auto& [id, row] : of) EXPECT_EQ(loader.catalogue().clause(id).id, id);
  for (const Clause& clause : loader.catalogue().standard("cjt484").clauses) {
    const auto found = of.find(clause.id);
    EXPECT_EQ(clause.row, found == of.end() ? 0 : found->second->number) << clause.id;
    EXPECT_EQ(clause.printed, found == of.end() ? "" : found->second->printed) << clause.id;
    if (found == of.end()) continue;
    EXPECT_EQ(clause.type, found->second->type) << clause.id;
    EXPECT_EQ(clause.factory, found->second->factory) << clause.id;
  }
  EXPECT_EQ(table4().size(), 39u);
}

TEST(Table4, ThePlansHaveExactlyTheMembership) {
  Loader loader = shipped();
  const Plan type = loader.plan("cjt484-type");
  const Plan factory = loader.plan("cjt484-factory");
  for (const Clause& clause : loader.catalogue().standard("cjt484").clauses) {
    const bool in_type = clause.type == required || clause.type == required_without_row;
    EXPECT_EQ(type.contains(clause.id), in_type) << clause.id;
    EXPECT_EQ(factory.contains(clause.id), clause.factory == required) << clause.id;
  }
  for (const Row& row : table4())
    for (const char* id : row.ids) EXPECT_TRUE(type.contains(std::string("CJT484-") + id)) << id;
  EXPECT_EQ(type.inspection, "type");
  EXPECT_EQ(factory.inspection, "factory");
}

TEST(Table4, TheFactoryPlanHasItsThirteenRowsAndTheRulesOfClause7) {
  const Plan factory = shipped().plan("cjt484-factory");
  std::map<int, int> rows;
  for (const PlannedClause& planned : factory.clauses) ++rows[planned.clause.row];
  EXPECT_EQ(rows, (std::map<int, int>{{0, 3},
                                      {3, 1},
                                      {4, 1},
                                      {6, 1},
                                      {10, 1},
                                      {12, 1},
                                      {31, 1},
                                      {32, 1},
                                      {33, 3},
                                      {34, 1},
                                      {35, 1},
                                      {36, 1},
                                      {37, 2},
                                      {38, 1}}));
  EXPECT_NE(factory.job.waiving("CJT484-5.4.2c/6.4.2b"), nullptr);
}

// Whoever waits for a treatment must not be cut off by the clause's own limit of time (six times its estimate).
TEST(Table4, ATreatmentMayTakeAsLongAsItsPromptWaits) {
  Loader loader = shipped();
  int treatments = 0;
  for (const Clause& clause : loader.catalogue().standard("cjt484").clauses) {
    if (clause.procedure != "treatment") continue;
    ++treatments;
    EXPECT_LE(clause.number("treatment_timeout_s"), 6 * clause.number("treatment_s")) << clause.id;
  }
  EXPECT_EQ(treatments, 21);
}

}  // namespace
}  // namespace meterrig::plan
