#include <gtest/gtest.h>

#include "core/exact_decimal.hpp"
#include "step_meter_support.hpp"

// The worked examples of CJ/T 484 annex A, each driven through a virtual meter in frames: Ms and Mep as it shows them,
// and E = (Ms - Mep) - cost to the last digit. Costs are those of the examples, reckoned by hand.
namespace meterrig::bench {
namespace {

// 0.01 yuan as "500.00"; 1e-5 yuan as "15.25797".
std::string yuan(std::int64_t value, int decimals) { return scaled_text(std::to_string(value), -decimals); }

// A meter whose period begins with this table, and whose balance is `before`; what it is charged beyond goes by water
// of a table of its own, to the cent.
struct Customer {
  Customer(const std::string& table, std::int64_t before_cents, const std::string& defect = "") : station(defect) {
    const std::int64_t surplus = station.balance() - before_cents;
    if (surplus > 0) {
      EXPECT_EQ(station.write("price_table", table_hex({900, 901}, std::vector<int>(3, static_cast<int>(surplus)))),
                "ok");
      station.litres(1'000);
    }
    EXPECT_EQ(station.write("price_table", table), "ok");
    station.settle_daily();
    EXPECT_EQ(station.read("period_volume"), "0.000 m3");
    start = station.balance();
    EXPECT_EQ(start, before_cents);
  }
  // E over all that passed since the beginning; `cost` in 1e-5 yuan.
  std::string error(std::int64_t cost) { return yuan((start - station.balance()) * 1000 - cost, 5); }

  StepStation station;
  std::int64_t start = 0;
};

struct Example {
  const char* name;
  const std::string& table;
  int litres;
  std::int64_t cost;  // 1e-5 yuan
  std::int64_t before;
  const char* after;
  const char* error;
  const char* defect = "";
};

class SingleRuns : public testing::TestWithParam<Example> {};

TEST_P(SingleRuns, ToTheLastDigit) {
  const Example& run = GetParam();
  Customer customer(run.table, run.before, run.defect);
  customer.station.litres(run.litres);
  EXPECT_EQ(customer.station.read("period_volume"), yuan(run.litres, 3) + " m3");
  EXPECT_EQ(customer.station.read("balance"), run.after);
  EXPECT_EQ(customer.error(run.cost), run.error);
}

INSTANTIATE_TEST_SUITE_P(AnnexA, SingleRuns,
                         testing::Values(Example{"A1", table_a, 25'000, 100'00000, 500'00, "400.00", "0.00000"},
                                         Example{"A2", table_a, 10'000, 25'00000, 500'00, "475.00", "0.00000"},
                                         Example{"A3", table_a, 10'001, 25'00375, 500'00, "475.00", "-0.00375"},
                                         Example{"A4", table_a, 20'000, 62'50000, 500'00, "437.50", "0.00000"},
                                         Example{"A5", table_a, 20'001, 62'50750, 500'00, "437.50", "-0.00750"},
                                         Example{"A5begun", table_a, 20'001, 62'50750, 500'00, "437.49", "0.00250",
                                                 "cjt484-a.error-g2"},
                                         Example{"A6below", table_a, 3, 750, 500'00, "500.00", "-0.00750"},
                                         Example{"A6first", table_a, 4, 1000, 500'00, "499.99", "0.00000"},
                                         Example{"A6b", table_b, 3'457, 15'25797, 100'00, "84.75", "-0.00797"}),
                         [](const auto& one) { return std::string(one.param.name); });

// seven times 0.007 m3 from 10.00 yuan.
std::vector<std::string> chain(const std::string& defect) {
  Customer customer(table_b, 10'00, defect);
  std::vector<std::string> all;
  for (int i = 1; i <= 7; ++i) {
    customer.station.litres(7);
    all.push_back(customer.station.read("balance") + " " + customer.error(i * 1449));
  }
  return all;
}

TEST(AnnexA, A7CarryOverAChain) {
  EXPECT_EQ(chain(""), (std::vector<std::string>{"9.99 -0.00449", "9.98 -0.00898", "9.96 -0.00347", "9.95 -0.00796",
                                                 "9.93 -0.00245", "9.92 -0.00694", "9.90 -0.00143"}));
  EXPECT_EQ(chain("cjt484-5.4.8.2-d2"),
            (std::vector<std::string>{"9.99 -0.00449", "9.98 -0.00898", "9.97 -0.01347", "9.96 -0.01796",
                                      "9.95 -0.02245", "9.94 -0.02694", "9.93 -0.03143"}));
}

TEST(AnnexA, A8StartsWithinAStep) {
  Customer customer(table_a, 500'00);
  customer.station.litres(8'000);
  EXPECT_EQ(customer.station.read("balance"), "480.00");
  customer.station.litres(5'000);
  EXPECT_EQ(customer.station.read("balance"), "463.75") << "C(13) - C(8) = 16.25";
  EXPECT_EQ(customer.error(20'00000 + 16'25000), "0.00000");
}

TEST(AnnexA, A9TableSwitchKeepsTheUsageAndWhatItCost) {
  Customer customer(table_a, 500'00);
  customer.station.litres(9'500);
  EXPECT_EQ(customer.station.read("balance"), "476.25");
  const std::string next = table_hex({12, 24}, {280, 420, 840}) + "05281226";  // 2026-12-28 05 h
  EXPECT_EQ(customer.station.write("standby_price_table", next), "ok");
  customer.station.run_across("2026-12-28T04:59:50");
  EXPECT_EQ(customer.station.read("period_volume"), "9.500 m3");
  customer.station.litres(3'500);
  EXPECT_EQ(customer.station.read("balance"), "465.05");
  EXPECT_EQ(customer.error(34'95000), "0.00000");
}

TEST(AnnexA, A10SettlementBeginsTheStepsAgain) {
  Customer customer(table_a, 500'00);
  customer.station.litres(12'000);
  EXPECT_EQ(customer.station.read("balance"), "467.50");
  customer.station.run_across("2026-12-27T23:59:50");
  customer.station.litres(3'200);
  EXPECT_EQ(customer.station.read("balance"), "459.50");
  EXPECT_EQ(customer.error(40'50000), "0.00000");
}

// A-11; a meter that clears what is below a cent when it is bought for is caught here as well.
TEST(AnnexA, A11CarryAcrossAPeriodAndAStep) {
  const auto carried = [](const std::string& defect, bool buys) {
    Customer customer(table_b, 10'00, defect);
    customer.station.litres(4);
    if (buys) {
      EXPECT_EQ(customer.station.write("purchase", "0000123402"), "ok");
      customer.start += 12'34;
    }
    customer.station.run_across("2026-12-27T23:59:50");
    customer.station.litres(1'000);
    customer.station.litres(1);
    return customer.error(2'08242);
  };
  EXPECT_EQ(carried("", false), "-0.00242");
  EXPECT_EQ(carried("", true), "-0.00242") << "Mep = Ms + bought - cost";
  EXPECT_EQ(carried("cjt484-5.4.8.2-d2", false), "-0.01242");
  EXPECT_EQ(carried("cjt484-a.error-x1", true), "-0.01242");
}

TEST(AnnexA, A12ManyLitresAreNoFloatingPoint) {
  Customer customer(table_hex({10, 20}, {207, 414, 621}), 500'00);
  customer.station.litres(10'000);
  EXPECT_EQ(customer.station.read("balance"), "479.30");
  EXPECT_EQ(customer.error(20'70000), "0.00000");
}

TEST(AnnexA, DefectsOfPurchases) {
  StepStation twice("cjt484-a.error-x2");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(twice.write("purchase", "0000123402"), "ok");
  EXPECT_EQ(twice.balance(), 524'68);
  StepStation lost("cjt484-a.error-x3");
  EXPECT_EQ(lost.write("purchase", "0000123402"), "ok");
  EXPECT_EQ(lost.balance(), 512'34);
  lost.write("price_table", table_hex({1, 2}, {999999, 999999, 999999}));
  lost.litres(52);
  EXPECT_EQ(lost.balance(), 512'34 - 519'99);
  EXPECT_EQ(lost.write("purchase", "0000500003"), "ok");
  EXPECT_EQ(lost.balance(), 512'34 - 519'99) << "bought in credit";
}

TEST(AnnexA, AStandbyTableIsTakenBackAsItRead) {
  StepStation station;
  const std::string none = station.read("standby_price_table");
  EXPECT_TRUE(none.ends_with("00000000"));
  EXPECT_EQ(station.write("standby_price_table", table_a + "05281126"), "ok");
  EXPECT_EQ(station.write("standby_price_table", none), "ok");
  EXPECT_EQ(station.read("standby_price_table"), none);
  station.run_across("2026-11-28T04:59:50");
  EXPECT_EQ(station.read("price_table"), table_b) << "nothing is enabled any more";
}

}  // namespace
}  // namespace meterrig::bench
