#include "core/exact_decimal.hpp"

#include <gtest/gtest.h>

namespace meterrig {
namespace {

std::string order(std::string_view a, std::string_view b) {
  const auto found = compare_decimals(a, b);
  return !found ? "none" : *found < 0 ? "<" : *found > 0 ? ">" : "=";
}

TEST(CompareDecimals, ToTheLastDigit) {
  EXPECT_EQ(order("0.01", "0.01000"), "=");
  EXPECT_EQ(order("0.00999999999999999999999999999999999", "0.01"), "<");
  EXPECT_EQ(order("0.1", "0.10000000000000000000000000000000001"), "<");
  EXPECT_EQ(order("9", "10"), "<");
  EXPECT_EQ(order("007.5", "7.50"), "=");
  EXPECT_EQ(order("0.05", "0.5"), "<");
  EXPECT_EQ(order("2.10", "2.09"), ">");
}

TEST(CompareDecimals, Signs) {
  EXPECT_EQ(order("-0.01", "0.01"), "<");
  EXPECT_EQ(order("0", "-0.00"), "=");
  EXPECT_EQ(order("-2", "-1.5"), "<");
  EXPECT_EQ(order("-0.1", "-0.10"), "=");
  EXPECT_EQ(order("-10", "-9"), "<");
}

TEST(CompareDecimals, WhatIsNoDecimalHasNoOrder) {
  for (const char* text : {"", "-", ".5", "5.", "1e3", "+1", "1,5", "1.2.3", "--1", " 1"}) {
    EXPECT_EQ(order(text, "1"), "none") << text;
    EXPECT_EQ(order("1", text), "none") << text;
  }
}

}  // namespace
}  // namespace meterrig
