#include <gtest/gtest.h>

#include "step_meter_support.hpp"

// Money and price tables of the step-tariff water meter, to the last digit: the worked examples of CJ/T 484 annex A.
namespace meterrig::bench {
namespace {

// What is charged for this much water from the start of a period, 0.01 yuan.
std::int64_t charged(StepStation& station, int litres) {
  const std::int64_t before = station.balance();
  station.litres(litres);
  return before - station.balance();
}

std::int64_t charged_for(const std::string& table, int litres, const std::string& defect = "") {
  StepStation station(defect);
  EXPECT_EQ(station.write("price_table", table), "ok");
  return charged(station, litres);
}

TEST(StepMoney, AnnexA) {
  EXPECT_EQ(charged_for(table_a, 25'000), 100'00);
  EXPECT_EQ(charged_for(table_a, 10'000), 25'00);
  EXPECT_EQ(charged_for(table_a, 10'001), 25'00);
  EXPECT_EQ(charged_for(table_a, 20'000), 62'50);
  EXPECT_EQ(charged_for(table_a, 20'001), 62'50);
  EXPECT_EQ(charged_for(table_a, 3), 0);
  EXPECT_EQ(charged_for(table_a, 4), 1);
  EXPECT_EQ(charged_for(table_b, 3'457), 15'25);
}

TEST(StepMoney, ManyLitresAreNoFloatingPoint) {
  EXPECT_EQ(charged_for(table_hex({10, 20}, {207, 414, 621}), 10'000), 20'70);
}

std::vector<std::int64_t> chain(const std::string& defect, bool interrupted = false) {
  StepStation station(defect);
  std::vector<std::int64_t> left;
  for (int i = 0; i < 7; ++i) {
    station.litres(7);
    if (interrupted) station.power_cycle();
    left.push_back(station.balance() - 490'00);
  }
  return left;
}
using Cents = std::vector<std::int64_t>;

TEST(StepMoney, ChainOfSmallAmountsKeepsItsRemainder) {
  const Cents good{999, 998, 996, 995, 993, 992, 990};
  EXPECT_EQ(chain(""), good);
  EXPECT_EQ(chain("", true), good) << "through supply gaps";
  EXPECT_EQ(chain("cjt484-5.4.8.2-g1"), good);
  EXPECT_EQ(chain("cjt484-5.4.8.2-d2"), (Cents{999, 998, 997, 996, 995, 994, 993}));
  EXPECT_EQ(chain("cjt484-5.4.8.2-d3"), (Cents{998, 996, 994, 992, 990, 988, 986}));
}

TEST(StepMoney, StartsFromAnyPeriodUsage) {
  StepStation station;
  station.write("price_table", table_a);
  EXPECT_EQ(charged(station, 8'000), 20'00);
  EXPECT_EQ(charged(station, 5'000), 16'25);
}

std::int64_t with_switch(const std::string& defect) {
  StepStation station(defect);
  station.write("price_table", table_a);
  const std::int64_t before = station.balance();
  station.litres(9'500);
  const std::string next = table_hex({12, 24}, {280, 420, 840});
  EXPECT_EQ(station.write("standby_price_table", next + "05281126"), "ok");  // 2026-11-28 05 h
  EXPECT_EQ(station.read("price_table"), table_a);
  EXPECT_EQ(station.read("standby_price_table"), next + (defect == "cjt484-5.4.8.3b-d2" ? "" : "05281126"));
  EXPECT_EQ(station.write("clock", "2026-11-28T04:59:50"), "ok");
  EXPECT_EQ(station.read("price_table"), table_a) << "not before";
  elapse(station.clock, 20s);
  EXPECT_EQ(station.read("price_table"), defect == "cjt484-5.4.8.3a-d1" ? table_a : next);
  EXPECT_EQ(station.read("period_volume"), "9.500 m3");
  station.litres(3'500);
  return before - station.balance();
}

TEST(StepMoney, StandbyTableInMidPeriod) {
  EXPECT_EQ(with_switch(""), 34'95);
  EXPECT_EQ(with_switch("cjt484-5.4.8.3a-g1"), 34'95);
  EXPECT_EQ(with_switch("cjt484-5.4.8.3a-d1"), 36'25);
  EXPECT_EQ(with_switch("cjt484-5.4.8.3a-d4"), 37'80);
  EXPECT_EQ(with_switch("cjt484-5.4.8.3b-d2"), 34'95);
}

TEST(StepMoney, StandbyTableIsEnabledAtTheStartAfterAGap) {
  StepStation station;
  const std::string next = table_hex({3, 4}, {100, 200, 300});
  station.write("standby_price_table", next + "00221126");
  station.cut();
  elapse(station.clock, 25h);
  station.power();
  elapse(station.clock, 3s);
  EXPECT_EQ(station.read("price_table"), next);
  EXPECT_EQ(station.read("current_price"), "1.00");
}

TEST(StepMoney, AWholeSwitchIsFiveSecondsLateInTheBorderlineMeter) {
  StepStation station("cjt484-5.4.8.3a-g1");
  station.write("standby_price_table", table_a + "05281126");
  station.write("clock", "2026-11-28T04:59:59");
  elapse(station.clock, 2s);
  EXPECT_EQ(station.read("price_table"), table_b);
  elapse(station.clock, 5s);
  EXPECT_EQ(station.read("price_table"), table_a);
}

TEST(StepMoney, SettlementBeginsThePriceAnewAndKeepsTheRemainder) {
  StepStation station;
  station.write("price_table", table_a);
  const std::int64_t before = station.balance();
  station.litres(12'000);
  station.settle_daily();
  station.litres(3'200);
  EXPECT_EQ(before - station.balance(), 40'50);

  StepStation small;
  small.litres(4);
  small.settle_daily();
  EXPECT_EQ(small.read("period_volume"), "0.000 m3");
  small.litres(1'000);
  EXPECT_EQ(500'00 - small.balance(), 2'07);
  small.litres(1);
  EXPECT_EQ(500'00 - small.balance(), 2'08);
}

TEST(StepMoney, PriceFollowsThePeriod) {
  StepStation station;
  const auto at = [&](int litres) {
    station.litres(litres);
    return station.read("current_step") + " " + station.read("current_price");
  };
  EXPECT_EQ(at(500), "1 2.07");
  EXPECT_EQ(at(500), "1 2.07") << "at the boundary";
  EXPECT_EQ(at(1), "2 4.14");
  EXPECT_EQ(station.shown("step_and_price"), "1 4.14");
  EXPECT_EQ(at(999), "2 4.14");
  EXPECT_EQ(at(1), "3 6.21");
  EXPECT_EQ(station.shown("step"), "3");
  station.settle_daily();
  EXPECT_EQ(at(0), "1 2.07");
}

std::string price_after(const std::string& defect, int litres) {
  StepStation station(defect);
  station.litres(litres);
  return station.read("current_price");
}

TEST(StepMoney, DefectsOfThePrice) {
  EXPECT_EQ(price_after("cjt484-a.price-d2", 500), "6.21");
  EXPECT_EQ(price_after("cjt484-a.price-d3", 1'500), "2.07");
  StepStation midnight("cjt484-a.price-d3");
  midnight.litres(1'500);
  midnight.run_across("2026-11-24T23:59:50");
  EXPECT_EQ(midnight.read("current_price"), "4.14");
  EXPECT_EQ(price_after("cjt484-a.price-g1", 999), "2.07");
  EXPECT_EQ(price_after("cjt484-a.price-g1", 1'000), "4.14");
}

TEST(StepMoney, DefectsOfTheSettlement) {
  EXPECT_EQ(charged_for(table_a, 25'000, "cjt484-a.error-d1"), 187'50);
  EXPECT_EQ(charged_for(table_a, 20'001, "cjt484-a.error-g2"), 62'51);
  StepStation late("cjt484-a.error-d4");
  late.write("price_table", table_a);
  EXPECT_EQ(charged(late, 25'000), 96'25);
  elapse(late.clock, 60s);
  EXPECT_EQ(late.balance(), 403'75);
  EXPECT_EQ(charged(late, 1), 3'75) << "the next burst charges what was held back";
}

TEST(StepMoney, PurchasesAndCredit) {
  StepStation station;
  EXPECT_EQ(station.write("purchase", "0000123402"), "ok");
  EXPECT_EQ(station.balance(), 512'34);
  EXPECT_EQ(station.write("purchase", "0000123402"), "refused") << "the same number";
  EXPECT_EQ(station.read("purchased_money"), "12.34");
  EXPECT_EQ(station.read("total_purchased_money"), "512.34");
  EXPECT_EQ(station.write("purchase", "9999999903"), "refused");
  station.write("price_table", table_hex({1, 2}, {999999, 999999, 999999}));
  station.litres(52);
  EXPECT_EQ(station.balance(), 512'34 - 519'99);
  EXPECT_EQ(station.read("balance_sign"), "credit");
  EXPECT_EQ(station.shown("balance"), "-7.65");
  EXPECT_EQ(station.read("remaining_money"), "0.00");
}

TEST(StepMoney, AMeterThatSettlesNoneHasNoneOfIt) {
  Sample sample = water_sample();
  sample.settles_money = false;
  StepStation station("", sample);
  EXPECT_EQ(station.write("price_table", table_a), "refused");
  EXPECT_EQ(station.write("purchase", "0000123402"), "refused");
  EXPECT_THROW(station.read("balance"), MeterRefused);
  EXPECT_EQ(station.shown("balance"), "(none)");
  station.litres(1'500);
  EXPECT_EQ(station.shown("period"), "1.5");
}

TEST(StepMoney, PriceTablesOfEverySize) {
  StepStation station;
  const auto takes = [&](const std::string& table) {
    const std::string reply = station.write("price_table", table);
    EXPECT_EQ(station.read("price_table") == table, reply == "ok") << table;
    return reply;
  };
  EXPECT_EQ(takes(table_hex({1, 999'999}, {1, 999'999, 999'999})), "ok");
  EXPECT_EQ(takes(table_hex({1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})), "ok");
  EXPECT_EQ(takes(table_hex({5, 4}, {1, 2, 3})), "ok") << "falling volumes";
  EXPECT_EQ(takes(table_hex({1}, {1, 2})), "refused");
  EXPECT_EQ(takes(table_hex({}, {1})), "refused");
  EXPECT_EQ(takes(table_hex({1, 2}, {1, 2})), "refused");
  EXPECT_EQ(takes(table_hex({1, 2}, {1, 2, 3, 4})), "refused");
  EXPECT_EQ(takes("02010000020000010000020000"
                  "0A0000"),
            "refused")
      << "a nibble";
  EXPECT_EQ(takes("0A010000"), "refused");
}

TEST(StepMoney, EnableDatesAreDates) {
  StepStation station;
  const auto takes = [&](const std::string& date) { return station.write("standby_price_table", table_a + date); };
  EXPECT_EQ(station.read("standby_price_table"), table_b + "00000000");
  EXPECT_EQ(takes("00290228"), "ok");
  EXPECT_EQ(takes("00290229"), "refused") << "2029 is no leap year";
  EXPECT_EQ(takes("00300223"), "refused");
  EXPECT_EQ(takes("24010126"), "refused");
  EXPECT_EQ(takes("000101"), "refused");
  EXPECT_EQ(takes("0001012A"), "refused");
  EXPECT_EQ(station.read("standby_price_table"), table_a + "00290228");
  StepStation wrong("cjt484-5.4.8.3c-d2");
  EXPECT_EQ(wrong.write("standby_price_table", table_a + "00290229"), "ok");
  EXPECT_EQ(wrong.read("standby_price_table"), table_a + "00290229");
  EXPECT_EQ(wrong.write("standby_price_table", table_a + "00300223"), "refused");
}

TEST(StepMoney, DefectsOfTheTables) {
  StepStation one("cjt484-5.4.8.3b-d1");
  EXPECT_EQ(one.read("price_table"), table_hex({1}, {207, 414}));
  EXPECT_EQ(one.write("price_table", table_a), "refused");
  EXPECT_EQ(StepStation("cjt484-5.4.8.3b-g1").read("price_table"), table_hex({1, 2, 3, 4}, {207, 414, 621, 828, 1035}));
  StepStation narrow("cjt484-5.4.8.3c-d1");
  narrow.write("price_table", table_hex({1, 2}, {999'999, 1, 2}));
  EXPECT_EQ(narrow.read("price_table"), table_hex({1, 2}, {16'959, 1, 2}));
  StepStation part("cjt484-5.4.7-d3");
  EXPECT_EQ(part.write("price_table", table_a.substr(0, 26) + "50070A"), "refused");
  EXPECT_EQ(part.read("price_table"), table_hex({10, 20}, {250, 375, 621}));
  StepStation whole;
  EXPECT_EQ(whole.write("price_table", table_a.substr(0, 26) + "50070A"), "refused");
  EXPECT_EQ(whole.read("price_table"), table_b);
}

}  // namespace
}  // namespace meterrig::bench
