#include "tests/support/settlement_year.hpp"

#include <gtest/gtest.h>

#include <algorithm>

// A year of settlements, each held against a reckoning of its own.
namespace meterrig::defects {
namespace {

TEST(SettlementYear, EachSettlementAndEachCentIsThatOfTheCustomersReckoning) {
  const support::SettlementYear year = support::live_a_year();
  for (const std::string& fault : year.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(year.settlements, 365 + 12 + 4 + 1);
  EXPECT_EQ(year.purchases, 3 * 12);
  EXPECT_GT(year.litres, 365 * 1'000);
  EXPECT_GT(year.charged, 2000'00);
}

bool any_of_them_says(const support::SettlementYear& year, const std::string& what) {
  return std::any_of(year.faults.begin(), year.faults.end(),
                     [&](const std::string& fault) { return fault.find(what) != std::string::npos; });
}

TEST(SettlementYear, TellsEachKindOfFault) {
  EXPECT_TRUE(any_of_them_says(support::live_a_year("cjt484-5.4.8.2-d2"), "balance is"));
  EXPECT_TRUE(any_of_them_says(support::live_a_year("cjt484-5.4.3-d5"), "time mark"));
  EXPECT_TRUE(any_of_them_says(support::live_a_year("cjt484-5.4.5-d3"), "settled volume"));
}

}  // namespace
}  // namespace meterrig::defects
