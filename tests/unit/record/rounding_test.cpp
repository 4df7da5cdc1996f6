#include "rig/record/rounding.hpp"

#include <gtest/gtest.h>

#include "rig/record/measurement_text.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

// GB/T 8170-2008 and its examples: half to even only where nothing follows the five, on the absolute value, once.
TEST(Rounding, HalfToEven) {
  EXPECT_EQ(rounded(10.5002, 0), "11");
  EXPECT_EQ(rounded(10.5, 0), "10");
  EXPECT_EQ(rounded(11.5, 0), "12");
  EXPECT_EQ(rounded(1.050, 1), "1.0");
  EXPECT_EQ(rounded(0.35, 1), "0.4");
  EXPECT_EQ(rounded(-0.35, 1), "-0.4");
  EXPECT_EQ(rounded(8.53459, 2), "8.53");
  EXPECT_EQ(rounded(0.125, 2), "0.12");
  EXPECT_EQ(rounded(9.996, 2), "10.00");
  EXPECT_EQ(rounded(-0.001, 2), "0.00");
  EXPECT_EQ(rounded(2e-7, 8), "0.00000020");
  EXPECT_EQ(rounded(1e21, 0), "1000000000000000000000");
  EXPECT_EQ(rounded(0, 2), "0.00");
  EXPECT_EQ(rounded(50, 1), "50.0");
}

TEST(Rounding, AnUncertaintyHasTwoDigitsAndIsNotMadeSmaller) {
  EXPECT_EQ(uncertainty_text(1.1607), "1.2");
  EXPECT_EQ(uncertainty_text(0.0694), "0.070");
  EXPECT_EQ(uncertainty_text(0.0996), "0.10");
  EXPECT_EQ(uncertainty_text(16), "16");
  EXPECT_EQ(uncertainty_text(15.2), "16");
  EXPECT_EQ(uncertainty_text(34.64), "35");
  EXPECT_EQ(uncertainty_text(0.021), "0.021");
}

json measurement(double value, double uncertainty, double limit) {
  return {{"name", "i"},
          {"value", value},
          {"unit", "uA"},
          {"expanded_uncertainty", uncertainty},
          {"limit", {{"at_most", limit}, {"source", "standard"}}}};
}

TEST(Rounding, AValueHasTheDigitsOfItsUncertainty) {
  EXPECT_EQ(value_text(measurement(31.4159, 1.16, 50)), "31.4");
  EXPECT_EQ(value_text(measurement(31.4159, 0.0694, 50)), "31.416");
  EXPECT_EQ(value_text({{"value", 3}, {"limit", nullptr}}), "3");
  EXPECT_EQ(measurement_text(measurement(31.4159, 1.16, 50)), "i 31.4 ± 1.2 uA, limit ≤ 50 (standard)");
}

// The limit was held against the full value.
TEST(Rounding, NeverPutsAValueOnAnotherSideOfItsLimit) {
  EXPECT_EQ(value_text(measurement(50.04, 1.16, 50)), "50.04");
  EXPECT_EQ(value_text(measurement(49.96, 1.16, 50)), "49.96");
  EXPECT_EQ(value_text(measurement(50, 1.16, 50)), "50.0");
}

}  // namespace
}  // namespace meterrig::record
