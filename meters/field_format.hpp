#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meters/telegram.hpp"

namespace meterrig {

// How a meter profile says that bytes of a frame are a value, and back. Values are exact decimals as text, never binary
// floating point.
struct FieldFormat {
  enum class Kind {
    bcd,  // packed decimal digits, `decimals` behind the point; `is_signed`: the top bit of the highest byte is minus
    binary,  // an integer, two's complement when `is_signed`
    hex,     // digits in the order that people write them, most significant byte first
    text,    // ASCII
    time,    // BCD parts in the order of `layout`
  };
  Kind kind = Kind::hex;
  int decimals = 0;
  bool is_signed = false;
  bool high_first = false;  // the order of the value's bytes on the line
  // Parts of a time in the order of the line, two letters a byte: CC century, YY, MM, DD, WW day of the week, hh, mm,
  // ss. "ssmmhhDDMMYYCC" is the clock of CJ/T 188.
  std::string layout = {};
  // Words for single values, by what the bytes say without them: {"55": "open", "99": "close"}.
  std::map<std::string, std::string> words = {};
};

// Null: these bytes are no value of this form. A time reads "2026-11-21T08:00:00", as far as its layout has the parts;
// a year without a century is of the 21st.
std::optional<std::string> field_text(const FieldFormat& format, std::span<const std::uint8_t> bytes);

// Why field_text() has nothing, by its name in docs/telegrams.md: no_value (all FF), no_time (all zero), invalid_time,
// invalid_bcd, unprintable_text.
std::string why_no_value(const FieldFormat& format, std::span<const std::uint8_t> bytes);

// The inverse. Throws UserError that names the item and says what the form takes, for a value that is none or does not
// fit `size` bytes.
std::vector<std::uint8_t> field_bytes(const FieldFormat& format, std::size_t size, const TelegramItem& item);

}  // namespace meterrig
