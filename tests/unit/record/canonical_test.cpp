#include "rig/record/canonical.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;

TEST(Canonical, NumbersAsEcmascriptPrintsThem) {
  // The values of RFC 8785 appendix B that JSON can hold, and what the journal promises of whole numbers.
  const std::pair<double, const char*> cases[] = {
      {0.0, "0"},
      {-0.0, "0"},
      {5e-324, "5e-324"},
      {-5e-324, "-5e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {9007199254740992.0, "9007199254740992"},
      {295147905179352830000.0, "295147905179352830000"},
      {9.999999999999997e22, "9.999999999999997e+22"},
      {1e23, "1e+23"},
      {1.0000000000000001e23, "1.0000000000000001e+23"},
      {999999999999999700000.0, "999999999999999700000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {9.999999999999997e-7, "9.999999999999997e-7"},
      {0.000001, "0.000001"},
      {333333333.33333332, "333333333.3333333"},
      {333333333.3333334, "333333333.3333334"},
      {-0.0000033333333333333333, "-0.0000033333333333333333"},
      {1424953923781206.2, "1424953923781206.2"},
      {50.0, "50"},
      {31.42, "31.42"},
      {2.5e-7, "2.5e-7"},
      {1e20, "100000000000000000000"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(canonical(json(value)), text);
}

TEST(Canonical, KeysSortedByUtf16AndStringsEscapedAsLittleAsPossible) {
  // RFC 8785 section 3.2.3: the emoji (a surrogate pair) comes before U+FB33, though its UTF-8 bytes are larger.
  const json value{{"\u20ac", 1}, {"\r", 2}, {"\ufb33", 3}, {"1", 4}, {"\U0001F600", 5}, {"\u0080", 6}, {"\u00f6", 7}};
  EXPECT_EQ(canonical(value), "{\"\\r\":2,\"1\":4,\"\xC2\x80\":6,\"ö\":7,\"€\":1,\"\U0001F600\":5,\"\uFB33\":3}");
  EXPECT_EQ(canonical(json("\x01\b\t\n\f\r\"\\/\x7f静")), "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\x7f静\"");
}

TEST(Canonical, RefusesWhatHasNoBytes) {
  EXPECT_THROW(canonical(json(std::nan(""))), std::invalid_argument);
  EXPECT_THROW(canonical(json(std::numeric_limits<double>::infinity())), std::invalid_argument);
  EXPECT_THROW(canonical(json(std::int64_t{9007199254740993})), std::invalid_argument);
  EXPECT_THROW(canonical(json(std::numeric_limits<std::int64_t>::min())), std::invalid_argument);
  EXPECT_THROW(canonical(json("\xff")), std::invalid_argument);
  EXPECT_THROW(canonical(json::binary({1, 2})), std::invalid_argument);
  EXPECT_EQ(canonical(json(std::int64_t{-9007199254740992})), "-9007199254740992");
}

TEST(Canonical, SameBytesFromMemoryAndFromTheStore) {
  for (const double value : {1e16, 1152921504606846976.0, 1e20, 0.1, 50.0, -3.0, 1e300}) {
    const std::string bytes = canonical(json{{"v", value}});
    EXPECT_EQ(canonical(parse_canonical(bytes)), bytes);
    json held{{"v", value}};
    normalise(held);
    EXPECT_EQ(held.dump(), parse_canonical(bytes).dump());
  }
}

TEST(Canonical, Times) {
  EXPECT_EQ(utc_text(test::epoch()), "2026-11-21T08:00:00.000000000Z");
  EXPECT_EQ(utc_text(test::epoch() - 1ns), "2026-11-21T07:59:59.999999999Z");
  EXPECT_EQ(utc_text(Utc{} - 1s), "1969-12-31T23:59:59.000000000Z");
  EXPECT_EQ(short_utc("2026-11-21T08:00:00.000000000Z"), "2026-11-21T08:00:00Z");
  EXPECT_EQ(short_utc("2026-11-21T08:00:10.500000000Z"), "2026-11-21T08:00:10.5Z");
  EXPECT_EQ(short_utc(""), "");
}

}  // namespace
}  // namespace meterrig::record
