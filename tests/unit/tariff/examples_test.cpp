#include <gtest/gtest.h>

#include <cmath>

#include "core/tariff/account.hpp"
#include "core/tariff/decimal_text.hpp"
#include "tests/unit/tariff/tables.hpp"

// Worked examples of CJ/T 484 annex A, each to the last digit; balances are those of a meter that charges whole cents.
namespace meterrig::tariff {
namespace {

struct Example {
  const char* name;
  PriceTable table;
  const char* volume;
  const char* cost;
  const char* before;
  const char* after;
  const char* error;
};

const std::vector<Example> examples{
    {"A-1", table_a, "25.000", "100.00000", "500.00", "400.00", "0.00000"},
    {"A-2", table_a, "10.000", "25.00000", "500.00", "475.00", "0.00000"},
    {"A-3", table_a, "10.001", "25.00375", "500.00", "475.00", "-0.00375"},
    {"A-4", table_a, "20.000", "62.50000", "500.00", "437.50", "0.00000"},
    {"A-5", table_a, "20.001", "62.50750", "500.00", "437.50", "-0.00750"},
    {"A-5 rounded up", table_a, "20.001", "62.50750", "500.00", "437.49", "0.00250"},
    {"A-6 below a cent", table_a, "0.003", "0.00750", "500.00", "500.00", "-0.00750"},
    {"A-6 first cent", table_a, "0.004", "0.01000", "500.00", "499.99", "0.00000"},
    {"A-6b", table_b, "3.457", "15.25797", "100.00", "84.75", "-0.00797"},
};

TEST(TariffExamples, SingleRunsFromTheBeginningOfAPeriod) {
  for (const Example& run : examples) {
    SCOPED_TRACE(run.name);
    const Cost cost = Staircase(run.table).cost(volume_of(run.volume));
    EXPECT_EQ(cost_text(cost), run.cost);
    const Cost error = settlement_error(money_of(run.before), money_of(run.after), cost);
    EXPECT_EQ(cost_text(error), run.error);
    EXPECT_EQ(zone_of(error), Zone::pass);
  }
}

TEST(TariffExamples, PartsOfARunAreThoseOfAnnexA) {
  const auto parts = Staircase(table_a).parts(0, volume_of("25.000"));
  const std::vector<StepCost> expected{
      {1, 0, 10'000, 250, 2'500'000}, {2, 10'000, 20'000, 375, 3'750'000}, {3, 20'000, 25'000, 750, 3'750'000}};
  EXPECT_EQ(parts, expected);
  const auto third = Staircase(table_b).parts(0, volume_of("3.457")).back();
  EXPECT_EQ(cost_text(third.cost), "9.04797");
}

// Seven runs of 0.007 m3: a meter that clears what is below a cent after each run passes the first two.
TEST(TariffExamples, A7CarryOverAChain) {
  struct Segment {
    const char* cost;
    const char* good;
    const char* error_of_good;
    const char* truncating;
    const char* error_of_truncating;
  };
  const std::vector<Segment> segments{
      {"0.01449", "9.99", "-0.00449", "9.99", "-0.00449"}, {"0.02898", "9.98", "-0.00898", "9.98", "-0.00898"},
      {"0.04347", "9.96", "-0.00347", "9.97", "-0.01347"}, {"0.05796", "9.95", "-0.00796", "9.96", "-0.01796"},
      {"0.07245", "9.93", "-0.00245", "9.95", "-0.02245"}, {"0.08694", "9.92", "-0.00694", "9.94", "-0.02694"},
      {"0.10143", "9.90", "-0.00143", "9.93", "-0.03143"},
  };
  Account account(Staircase(table_b), money_of("10.00"));
  Cents truncating = money_of("10.00");
  for (std::size_t i = 0; i < segments.size(); ++i) {
    SCOPED_TRACE(i + 1);
    const Segment& segment = segments[i];
    const Litres before = account.period_usage();
    account.use(volume_of("0.007"));
    EXPECT_EQ(cost_text(account.cost()), segment.cost);
    EXPECT_EQ(money_text(money_of("10.00") - charge_of(account.cost()).whole), segment.good);
    EXPECT_EQ(cost_text(account.error(money_of(segment.good))), segment.error_of_good);
    EXPECT_EQ(account.zone(money_of(segment.good)), Zone::pass);
    truncating -= charge_of(account.prices().cost_between(before, account.period_usage())).whole;
    EXPECT_EQ(money_text(truncating), segment.truncating);
    EXPECT_EQ(cost_text(account.error(truncating)), segment.error_of_truncating);
    EXPECT_EQ(account.zone(truncating), i < 2 ? Zone::pass : Zone::fail);
  }
}

TEST(TariffExamples, A8StartsWithinAStep) {
  const Staircase prices(table_a);
  EXPECT_EQ(cost_text(prices.cost(13'000)), "36.25000");
  EXPECT_EQ(cost_text(prices.cost(8'000)), "20.00000");
  EXPECT_EQ(cost_text(prices.cost_between(8'000, 13'000)), "16.25000");
  EXPECT_EQ(cost_text(prices.cost(5'000)), "12.50000");  // as if it began at 0
  Account account(prices, money_of("500.00"), 8'000);
  account.use(5'000);
  EXPECT_EQ(cost_text(account.cost()), "16.25000");
  EXPECT_EQ(cost_text(account.balance()), "483.75000");
}

TEST(TariffExamples, A9TableSwitchKeepsTheUsageAndWhatItCost) {
  const Staircase old_prices(table_a), new_prices({{12, 24}, {280, 420, 840}});
  Account account(old_prices, money_of("500.00"));
  account.use(volume_of("9.500"));
  EXPECT_EQ(cost_text(account.cost()), "23.75000");
  account.switch_table(new_prices);
  EXPECT_EQ(account.period_usage(), 9'500);
  account.use(volume_of("3.500"));
  EXPECT_EQ(cost_text(new_prices.cost_between(9'500, 13'000)), "11.20000");
  EXPECT_EQ(cost_text(account.cost()), "34.95000");

  const Cost reset = old_prices.cost(9'500) + new_prices.cost(3'500);
  const Cost all_new = new_prices.cost(13'000), all_old = old_prices.cost(13'000);
  EXPECT_EQ(cost_text(reset), "33.55000");
  EXPECT_EQ(cost_text(all_new), "37.80000");
  EXPECT_EQ(cost_text(all_old), "36.25000");
  for (const Cost wrong : {reset, all_new, all_old}) {
    EXPECT_GE(std::abs(wrong - account.cost()), 130'000);
    EXPECT_EQ(account.zone(money_of("500.00") - charge_of(wrong).whole), Zone::fail);
  }
}

TEST(TariffExamples, A10SettlementBeginsTheStepsAgain) {
  Account account(Staircase(table_a), money_of("500.00"));
  account.use(volume_of("12.000"));
  EXPECT_EQ(cost_text(account.cost()), "32.50000");
  account.settle();
  EXPECT_EQ(account.period_usage(), 0);
  account.use(volume_of("3.200"));
  EXPECT_EQ(cost_text(account.cost()), "40.50000");
  const Cost never_settled = account.prices().cost(volume_of("15.200"));
  EXPECT_EQ(cost_text(never_settled), "44.50000");
  EXPECT_EQ(cost_text(account.error(money_of("500.00") - charge_of(never_settled).whole)), "4.00000");
}

TEST(TariffExamples, A11CarryAcrossAPeriodAndAStep) {
  Account account(Staircase(table_b), money_of("10.00"));
  account.use(volume_of("0.004"));
  EXPECT_EQ(charge_of(account.cost()), (Charge{0, 828}));
  account.settle();
  account.use(volume_of("1.000"));
  EXPECT_EQ(cost_text(account.cost()), "2.07828");
  account.use(volume_of("0.001"));
  EXPECT_EQ(cost_text(account.cost()), "2.08242");
  EXPECT_EQ(cost_text(account.error(money_of("7.92"))), "-0.00242");
  EXPECT_EQ(account.zone(money_of("7.92")), Zone::pass);
  EXPECT_EQ(cost_text(account.error(money_of("7.93"))), "-0.01242");  // cleared at the settlement or at the step
  EXPECT_EQ(account.zone(money_of("7.93")), Zone::fail);
}

// A meter that adds up in binary floating point loses a cent; one cent is outside of the strict limit.
TEST(TariffExamples, A12BinaryFloatingPointLosesACent) {
  Account account(Staircase({{}, {207}}), money_of("500.00"));
  double binary = 0;
  for (int i = 0; i < 10'000; ++i) {
    account.use(1);
    binary += 0.001 * 2.07;
  }
  EXPECT_EQ(cost_text(account.cost()), "20.70000");
  EXPECT_EQ(binary, 20.699999999998155);
  const Cents shown = money_of("500.00") - static_cast<Cents>(std::floor(binary * 100));
  EXPECT_EQ(money_text(shown), "479.31");
  EXPECT_EQ(cost_text(account.error(shown)), "-0.01000");
  EXPECT_EQ(account.zone(shown), Zone::fail);
  EXPECT_EQ(account.zone(shown - 1), Zone::pass);
}

}  // namespace
}  // namespace meterrig::tariff
