#include <gtest/gtest.h>

#include <stdexcept>

#include "core/tariff/account.hpp"
#include "core/tariff/decimal_text.hpp"
#include "tests/unit/tariff/tables.hpp"

// Tables, steps, zones and what is refused.
namespace meterrig::tariff {
namespace {

template <typename Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return "nothing was refused";
}

TEST(PriceTables, FaultsAreNamedAllAtOnce) {
  struct Case {
    PriceTable table;
    std::vector<std::string> faults;
  };
  const std::vector<Case> cases{
      {table_a, {}},
      {{{}, {0}}, {}},
      {{{1, 999'999}, {1, 999'999, 0}}, {}},
      {{{20, 10}, {1, 2, 3}}, {"step volume 2 is 10 m3, below step volume 1; expected it above 20 m3"}},
      {{{10, 10}, {1, 2, 3}}, {"step volume 2 is 10 m3, the same as step volume 1; expected it above 10 m3"}},
      {{{0, 10}, {1, 2, 3}}, {"step volume 1 is 0 m3, where the period begins; expected it above 0"}},
      {{{10, 1'000'000}, {1, 2, 3}},
       {"step volume 2 is 1000000 m3; expected 0 to 999999 (six digits, CJ/T 484 table 2)"}},
      {{{-1}, {1, 2}}, {"step volume 1 is -1 m3; expected 0 to 999999 (six digits, CJ/T 484 table 2)"}},
      {{{10, 20}, {1, 2}}, {"step volumes: 2, prices: 2; expected one price more than step volumes"}},
      {{{10}, {1, 2, 3}}, {"step volumes: 1, prices: 3; expected one price more than step volumes"}},
      {{{}, {}}, {"step volumes: 0, prices: 0; expected one price more than step volumes"}},
      {{{10}, {1'000'000, -5}},
       {"price 1 is 10000.00 yuan/m3; expected 0.00 to 9999.99 (six digits, CJ/T 484 table 2)",
        "price 2 is -0.05 yuan/m3; expected 0.00 to 9999.99 (six digits, CJ/T 484 table 2)"}},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(faults_of(c.table), c.faults);
    if (c.faults.empty()) {
      EXPECT_EQ(Staircase(c.table).table(), c.table);
      continue;
    }
    const std::string said = refusal([&] { Staircase{c.table}; });
    for (const std::string& fault : c.faults) EXPECT_NE(said.find(fault), std::string::npos) << said;
  }
}

// At exactly a step volume a meter may show either price: CJ/T 484 does not say which.
TEST(Staircases, StepAndPriceAtEachPlace) {
  const Staircase prices(table_a);
  EXPECT_EQ(prices.steps_at(0), (StepsAt{1, 1}));
  EXPECT_EQ(prices.steps_at(9'999), (StepsAt{1, 1}));
  EXPECT_EQ(prices.steps_at(10'000), (StepsAt{1, 2}));
  EXPECT_EQ(prices.steps_at(10'001), (StepsAt{2, 2}));
  EXPECT_EQ(prices.steps_at(20'000), (StepsAt{2, 3}));
  EXPECT_EQ(prices.steps_at(20'001), (StepsAt{3, 3}));
  EXPECT_EQ(prices.steps_at(volume_max), (StepsAt{3, 3}));
  EXPECT_TRUE(prices.price_fits(9'999, 250));
  EXPECT_FALSE(prices.price_fits(9'999, 375));
  EXPECT_TRUE(prices.price_fits(10'000, 250));
  EXPECT_TRUE(prices.price_fits(10'000, 375));
  EXPECT_FALSE(prices.price_fits(10'000, 750));
  EXPECT_FALSE(prices.price_fits(10'001, 250));
  EXPECT_EQ(prices.highest_price(), 750);
  EXPECT_EQ(Staircase({{1, 2}, {900, 100, 500}}).highest_price(), 900);
}

TEST(Staircases, PartsTouchOnlyTheStepsOfTheRun) {
  const Staircase prices(table_a);
  EXPECT_EQ(prices.parts(8'000, 13'000),
            (std::vector<StepCost>{{1, 8'000, 10'000, 250, 500'000}, {2, 10'000, 13'000, 375, 1'125'000}}));
  EXPECT_EQ(prices.parts(10'000, 20'000), (std::vector<StepCost>{{2, 10'000, 20'000, 375, 3'750'000}}));
  EXPECT_TRUE(prices.parts(10'000, 10'000).empty());
}

// The bound of units.hpp, and that of the standard's largest meter: 9999.99 yuan/m3 x 99999.9 m3.
TEST(Staircases, LargestCosts) {
  const Staircase dearest({{999'999}, {price_max, price_max}});
  EXPECT_EQ(dearest.cost(volume_max), price_max * volume_max);
  EXPECT_EQ(cost_text(dearest.cost(volume_max)), "9999989999990.00001");
  EXPECT_EQ(cost_text(dearest.cost(99'999'900)), "999998000.00100");
}

TEST(Staircases, RefuseWhatIsNoUsage) {
  const Staircase prices(table_a);
  EXPECT_EQ(refusal([&] { prices.cost(-1); }), "volume -0.001 m3: expected 0 to 999999999.999");
  EXPECT_EQ(refusal([&] { prices.cost(volume_max + 1); }), "volume 1000000000.000 m3: expected 0 to 999999999.999");
  EXPECT_EQ(refusal([&] { prices.steps_at(-1); }), "volume -0.001 m3: expected 0 to 999999999.999");
  EXPECT_EQ(refusal([&] { prices.parts(-1, 0); }), "volume -0.001 m3: expected 0 to 999999999.999");
  const std::string falls =
      "the usage falls from 13.000 to 8.000 m3; expected the usage at the end, which is at least "
      "that at the beginning";
  EXPECT_EQ(refusal([&] { prices.cost_between(13'000, 8'000); }), falls);
  EXPECT_EQ(refusal([&] { prices.parts(13'000, 8'000); }), falls);
}

TEST(Settlements, TheLimitIsStrict) {
  for (const Cost error : {0, 999, -999}) EXPECT_EQ(zone_of(error), Zone::pass) << error;
  for (const Cost error : {1000, -1000, 1'000'000}) EXPECT_EQ(zone_of(error), Zone::fail) << error;
  EXPECT_EQ(zone_of(INT64_MIN), Zone::fail);
  EXPECT_EQ(zone_of(INT64_MAX), Zone::fail);
}

// |E| from 0.01 to below 0.01 + 6.21 x 0.1 m3 says nothing of a meter that shows tenths.
TEST(Settlements, ACoarseReadoutIsNoFail) {
  const Price highest = 621;
  const Litres tenth = 100;
  for (const Cost error : {999, -999}) EXPECT_EQ(zone_of(error, highest, tenth), Zone::pass);
  for (const Cost error : {1000, -1000, 63'099, -63'099})
    EXPECT_EQ(zone_of(error, highest, tenth), Zone::resolution_limited);
  for (const Cost error : {63'100, -63'100}) EXPECT_EQ(zone_of(error, highest, tenth), Zone::fail);
  EXPECT_EQ(zone_of(1000, highest, 0), Zone::fail);
}

TEST(Settlements, WholeCentsAreRoundedDown) {
  EXPECT_EQ(charge_of(0), (Charge{0, 0}));
  EXPECT_EQ(charge_of(1'525'797), (Charge{1525, 797}));
  EXPECT_EQ(charge_of(999), (Charge{0, 999}));
  EXPECT_EQ(charge_of(-1), (Charge{-1, 999}));
  EXPECT_EQ(charge_of(-1000), (Charge{-1, 0}));
  EXPECT_EQ(charge_of(INT64_MIN).whole, -9'223'372'036'854'776);
}

TEST(Settlements, RefuseWhat64BitsDoNotHold) {
  const std::string large = "an amount of money beyond 92233720368547.75807 yuan; expected less water or money";
  EXPECT_EQ(refusal([] { settlement_error(INT64_MAX, -1, 0); }), large);
  EXPECT_EQ(refusal([] { settlement_error(INT64_MAX / 1000 + 1, 0, 0); }), large);
  EXPECT_EQ(refusal([] { settlement_error(-9'000'000'000'000'000, 0, 900'000'000'000'000'000); }), large);
  EXPECT_EQ(refusal([] { zone_of(1000, price_max, INT64_MAX / 1000); }), large);
  EXPECT_EQ(refusal([] { zone_of(0, -1, 1); }), "price -0.01 yuan/m3, resolution 0.001 m3: expected neither below 0");
  EXPECT_EQ(refusal([] { zone_of(0, 1, -1); }), "price 0.01 yuan/m3, resolution -0.001 m3: expected neither below 0");
}

TEST(Accounts, PurchasesBelongToWhatWasPaidIn) {
  Account account(Staircase(table_a), money_of("10.00"));
  account.use(1'001);
  account.purchase(money_of("50.00"));
  EXPECT_EQ(account.paid_in(), 6'000);
  EXPECT_EQ(cost_text(account.balance()), "57.49750");
  EXPECT_EQ(cost_text(account.error(money_of("57.50"))), "-0.00250");
  EXPECT_EQ(account.zone(money_of("57.51")), Zone::fail);
  account.purchase(money_of("-57.50"));
  EXPECT_EQ(cost_text(account.balance()), "-0.00250");
}

TEST(Accounts, ACoarseReadoutCountsWithTheDearestTable) {
  Account account(Staircase(table_a), 0);
  account.switch_table(Staircase(PriceTable{{}, {100}}));
  EXPECT_EQ(account.zone(-75, 100), Zone::resolution_limited);  // 0.01 + 7.50 x 0.1 is 0.76 yuan
  EXPECT_EQ(account.zone(-76, 100), Zone::fail);
  account.switch_table(Staircase(PriceTable{{}, {800}}));
  EXPECT_EQ(account.zone(-80, 100), Zone::resolution_limited);
}

TEST(Accounts, WhatIsRefusedChangesNothing) {
  Account account(Staircase(PriceTable{{}, {price_max}}), 0, 5);
  EXPECT_EQ(refusal([&] { account.use(-1); }), "volume -0.001 m3 on a usage of 0.005 m3: expected 0 to 999999999.994");
  EXPECT_EQ(refusal([&] { account.use(INT64_MAX); }).substr(0, 33), "volume 9223372036854775.807 m3 on");
  EXPECT_EQ(account.period_usage(), 5);
  EXPECT_EQ(refusal([&] { Account(Staircase(table_a), 0, -1); }), "volume -0.001 m3: expected 0 to 999999999.999");
  account.settle();
  for (int period = 0; period < 9; ++period) {
    account.use(volume_max);
    account.settle();
  }
  const Cost nine = 9 * price_max * volume_max;
  EXPECT_EQ(account.cost(), nine);
  EXPECT_NE(refusal([&] { account.use(volume_max); }).find("beyond 92233720368547.75807 yuan"), std::string::npos);
  EXPECT_EQ(account.cost(), nine);
  EXPECT_EQ(account.period_usage(), 0);
  account.purchase(INT64_MAX);
  EXPECT_NE(refusal([&] { account.purchase(1); }).find("beyond"), std::string::npos);
  EXPECT_EQ(account.paid_in(), INT64_MAX);
  EXPECT_NE(refusal([&] { account.balance(); }).find("beyond"), std::string::npos);
}

TEST(DecimalText, ReadsToTheLastDigit) {
  EXPECT_EQ(volume_of("12.345"), 12'345);
  EXPECT_EQ(volume_of("0.5"), 500);
  EXPECT_EQ(volume_of("007"), 7'000);
  EXPECT_EQ(volume_of("999999999.999"), volume_max);
  EXPECT_EQ(price_of("2.07"), 207);
  EXPECT_EQ(price_of("9999.99"), price_max);
  EXPECT_EQ(price_of("3"), 300);
  EXPECT_EQ(step_volume_of("999999"), 999'999);
  EXPECT_EQ(money_of("-12.3"), -1'230);
  EXPECT_EQ(money_of("499.87"), 49'987);
}

TEST(DecimalText, RefusesWithAReason) {
  EXPECT_EQ(refusal([] { price_of("2.070"); }),
            R"(price "2.070": expected at most 2 decimals: CJ/T 484 table 2 has prices in 0.01 yuan/m3)");
  EXPECT_EQ(refusal([] { volume_of("0.0001"); }),
            R"(volume "0.0001": expected at most 3 decimals: one litre, 0.001 m3, is the finest volume)");
  EXPECT_EQ(refusal([] { step_volume_of("1.5"); }),
            R"(step volume "1.5": expected no decimals: CJ/T 484 table 2 has step volumes in whole m3)");
  EXPECT_EQ(refusal([] { money_of("0.001"); }),
            R"(amount "0.001": expected at most 2 decimals: 0.01 yuan is the finest amount)");
  EXPECT_EQ(refusal([] { price_of("10000"); }), R"(price "10000": expected 9999.99 yuan/m3 at most)");
  EXPECT_EQ(refusal([] { step_volume_of("1000000"); }), R"(step volume "1000000": expected 999999 m3 at most)");
  EXPECT_EQ(refusal([] { volume_of("99999999999999999999999999"); }),
            R"(volume "99999999999999999999999999": expected 999999999.999 m3 at most)");
  for (const char* wrong : {"", ".", "1.", ".5", "+1", "-1", "1e3", "1,5", " 1", "1 ", "1.2.3", "0x10", "١", "nan"})
    EXPECT_NE(refusal([&] { volume_of(wrong); }).find("expected m3 in digits with a decimal point, such as 12.345"),
              std::string::npos)
        << wrong;
  for (const char* wrong : {"-", "--1", "-.5", "- 1"})
    EXPECT_NE(refusal([&] { money_of(wrong); }).find("expected yuan in digits"), std::string::npos) << wrong;
}

TEST(DecimalText, PrintsAllDecimals) {
  EXPECT_EQ(volume_text(12'345), "12.345");
  EXPECT_EQ(volume_text(5), "0.005");
  EXPECT_EQ(price_text(price_max), "9999.99");
  EXPECT_EQ(money_text(-5), "-0.05");
  EXPECT_EQ(cost_text(-797), "-0.00797");
  EXPECT_EQ(cost_text(0), "0.00000");
  EXPECT_EQ(cost_text(INT64_MIN), "-92233720368547.75808");
}

}  // namespace
}  // namespace meterrig::tariff
