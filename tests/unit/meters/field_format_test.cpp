#include "meters/field_format.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "meters/telegram.hpp"

namespace meterrig {
namespace {

using Kind = FieldFormat::Kind;

struct Case {
  FieldFormat format;
  const char* bytes;
  const char* text;
};

// Both ways: the forms that CJ/T 188-2004 (table of formats), DL/T 645-2007 annex A and EN 13757-3 annex A use.
TEST(FieldFormat, ReadsAndWrites) {
  const FieldFormat volume{.kind = Kind::bcd, .decimals = 2};
  const FieldFormat current{.kind = Kind::bcd, .decimals = 3, .is_signed = true};
  const FieldFormat high{.kind = Kind::bcd, .decimals = 2, .high_first = true};
  const FieldFormat hundreds{.kind = Kind::bcd, .decimals = -2};
  const FieldFormat thousands{.kind = Kind::binary, .decimals = -3};
  const FieldFormat whole{.kind = Kind::binary};
  const FieldFormat integer{.kind = Kind::binary, .decimals = 1, .is_signed = true};
  const FieldFormat clock{.kind = Kind::time, .layout = "ssmmhhDDMMYYCC"};
  const FieldFormat weekday{.kind = Kind::time, .layout = "WWDDMMYY"};
  const FieldFormat hour{.kind = Kind::time, .layout = "mmhh"};
  const FieldFormat letters{.kind = Kind::text};
  const FieldFormat valve{.words = {{"55", "open"}, {"99", "close"}}};
  for (const Case& c : std::initializer_list<Case>{{volume, "45230100", "123.45"},
                                                   {volume, "00000000", "0.00"},
                                                   {volume, "99999999", "999999.99"},
                                                   {current, "341285", "-51.234"},
                                                   {current, "999979", "799.999"},
                                                   {high, "00012345", "123.45"},
                                                   {whole, "FFFF", "65535"},
                                                   {hundreds, "12", "1200"},
                                                   {thousands, "0500", "5000"},
                                                   {integer, "FFFF", "-0.1"},
                                                   {integer, "0080", "-3276.8"},
                                                   {integer, "FF7F", "3276.7"},
                                                   {clock, "00300821112620", "2026-11-21T08:30:00"},
                                                   {weekday, "06211126", "2026-11-21"},
                                                   {hour, "5923", "23:59"},
                                                   {valve, "55", "open"},
                                                   {letters, "434241", "ABC"}}) {
    const auto bytes = bytes_from_hex(c.bytes);
    EXPECT_EQ(field_text(c.format, bytes), c.text) << c.bytes;
    EXPECT_EQ(to_hex(field_bytes(c.format, bytes.size(), {"item", c.text, ""})), c.bytes) << c.text;
  }
}

TEST(FieldFormat, TextHasItsLastCharacterFirstAndEndsWithZeros) {
  const FieldFormat letters{.kind = Kind::text};
  const auto bytes = field_bytes(letters, 4, {"item", "ABC", ""});
  EXPECT_EQ(to_hex(bytes), "00434241");
  EXPECT_EQ(field_text(letters, bytes), "ABC");
  EXPECT_FALSE(field_text(letters, bytes_from_hex("0141")));
}

// An invalid field is a result, never a number.
TEST(FieldFormat, BytesThatAreNoValue) {
  const FieldFormat volume{.kind = Kind::bcd, .decimals = 2};
  const FieldFormat clock{.kind = Kind::time, .layout = "ssmmhhDDMMYY"};
  EXPECT_FALSE(field_text(volume, bytes_from_hex("FF230100")));
  EXPECT_FALSE(field_text(clock, bytes_from_hex("003008211326")));  // month 13
  EXPECT_FALSE(field_text(clock, bytes_from_hex("003024211126")));  // hour 24
  EXPECT_FALSE(field_text(clock, bytes_from_hex("000000300226")));  // 30 February
  EXPECT_FALSE(field_text(clock, bytes_from_hex("0030082111")));    // a byte is missing
}

std::string refusal(const FieldFormat& format, std::size_t size, const std::string& text) {
  try {
    field_bytes(format, size, {"item", text, ""});
  } catch (const UserError& wrong) {
    return wrong.what();
  }
  return "(taken)";
}

TEST(FieldFormat, TextThatDoesNotFitIsRefusedWithWhatWould) {
  const FieldFormat volume{.kind = Kind::bcd, .decimals = 2};
  const FieldFormat current{.kind = Kind::bcd, .decimals = 3, .is_signed = true};
  const FieldFormat valve{.words = {{"55", "open"}, {"99", "close"}}};
  const FieldFormat clock{.kind = Kind::time, .layout = "ssmmhhDDMMYY"};
  EXPECT_EQ(refusal(volume, 4, "1000000"),
            "\"item\" \"1000000\" is out of range, expected 8 digits, 2 of them decimals");
  EXPECT_EQ(refusal(volume, 4, "1.234"), "\"item\" \"1.234\" has 3 decimals, at most 2");
  EXPECT_EQ(refusal(volume, 4, "1.2"), "(taken)");
  EXPECT_EQ(refusal(volume, 4, "-1"), "\"item\" \"-1\" is out of range, expected 8 digits, 2 of them decimals");
  EXPECT_EQ(refusal(volume, 4, ""), "\"item\" has no value");
  EXPECT_EQ(refusal(volume, 4, "1e3"), "\"item\" \"1e3\" is no decimal number");
  EXPECT_EQ(refusal(current, 3, "800"),
            "\"item\" \"800\" is out of range, expected 6 digits, 3 of them decimals, and a sign");
  EXPECT_EQ(refusal(valve, 1, "opn"), "\"item\" \"opn\", expected \"open\" or \"close\"; did you mean \"open\"?");
  EXPECT_EQ(refusal(clock, 6, "2026-02-30T08:00:00"), "\"2026-02-30T08:00:00\" is no day of the calendar");
  EXPECT_EQ(refusal(clock, 6, "2026-02-03"), "\"item\" \"2026-02-03\" is no time, expected 20YY-MM-DDThh:mm:ss");
  EXPECT_EQ(refusal({.kind = Kind::binary}, 1, "256"), "\"item\" \"256\" is out of range, expected 0 to 255");
  EXPECT_EQ(refusal({.kind = Kind::binary, .is_signed = true}, 1, "-129"),
            "\"item\" \"-129\" is out of range, expected -128 to 127");
}

}  // namespace
}  // namespace meterrig
