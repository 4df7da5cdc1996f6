#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "meters/telegram.hpp"

// What every protocol needs to make bytes of a telegram's named items: the way back from telegram.hpp.
namespace meterrig {

// Why a telegram can't be encoded, by a name that docs/telegrams.md publishes.
enum class EncodeFault {
  missing_item,
  unknown_item,
  unknown_unit,
  bad_value,
  out_of_range,
  too_many_decimals,
  not_encodable,
};
std::string_view name_of(EncodeFault fault);

class EncodeError : public std::invalid_argument {
 public:
  EncodeError(EncodeFault fault, const std::string& explanation) : std::invalid_argument(explanation), fault_(fault) {}
  EncodeFault fault() const noexcept { return fault_; }

 private:
  EncodeFault fault_;
};

// How numbers are to be coded where the protocol leaves the choice (M-Bus): as integers of 4 bytes, of 8 where they
// need them, or as BCD of 8 digits, of 12.
enum class NumberCoding { integer, bcd };

// The items of a telegram, each to be taken once, by name; of several with one name the first comes first.
class ItemSource {
 public:
  explicit ItemSource(std::span<const TelegramItem> items) : items_(items), taken_(items.size()) {}
  // Whether an item of this name is still there.
  bool has(std::string_view name) { return find(name) < items_.size(); }
  // Null when there is none of this name.
  const TelegramItem* take_if(std::string_view name);
  // The same for an item that must be there: null is noted, and expect_none_left() will tell.
  const TelegramItem* take_wanted(std::string_view name);
  // Throws EncodeError at once.
  const TelegramItem& take(std::string_view name);
  bool any_left() const { return any_left_but({}); }
  bool any_left_but(std::string_view name) const;
  // In the telegram's order; null when none is left.
  const TelegramItem* take_next();
  // Throws EncodeError: unknown_item if one is left that was not asked for, missing_item if one was wanted in vain.
  void expect_none_left() const;

 private:
  std::size_t find(std::string_view name);

  std::span<const TelegramItem> items_;
  std::vector<bool> taken_;
  std::vector<std::string> asked_, missing_;
};

// Digits behind the point.
std::size_t decimals_of(std::string_view number);

// All of these throw EncodeError that quotes the item: bad_value, too_many_decimals, out_of_range, unknown_unit, and
// missing_item where it has no value.

// The integer that is the item's value times 10^decimals, without leading zeros: "-12.5" and 2 give "-1250"; with
// negative decimals the value must be a multiple: "1200" and -2 give "12".
std::string integer_text(const TelegramItem& item, int decimals);
// The way back from bcd_text().
std::vector<std::uint8_t> bcd_bytes(const TelegramItem& item, int decimals, std::size_t size, bool is_signed = false);
// The integer that is the item's value times 10^decimals, from `least` to `most`.
std::int64_t integer_in(const TelegramItem& item, std::int64_t least, std::int64_t most, int decimals = 0);
// The IEEE 754 single whose float32_text() with this exponent is the item's value; bad_value if none is exactly it.
std::uint32_t float32_bits(const TelegramItem& item, int exponent = 0);
// Pairs of hexadecimal digits in their order; `size` bytes, or as many as there are.
std::vector<std::uint8_t> hex_bytes(const TelegramItem& item);
std::vector<std::uint8_t> hex_bytes(const TelegramItem& item, std::size_t size);
// The same with the last pair first: addresses and identifiers.
std::vector<std::uint8_t> hex_bytes_reversed(const TelegramItem& item, std::size_t size);
// For an item whose unit is none of these.
EncodeError other_unit(const TelegramItem& item, std::vector<std::string> units);
// A unit that is given must be this one.
void expect_unit(const TelegramItem& item, std::string_view unit);

// Two BCD digits a letter: s m h, W weekday from 0, D M, Y year of the century, C century.
struct TimePattern {
  std::string_view order;  // of the bytes on the line
  std::string_view text;   // as ISO 8601, as far as it goes: "20Y-M-DTh:m"
};
// Whether each BCD byte is within 59 s, 23 h, 31 days and so on.
bool is_time(const TimePattern& pattern, std::span<const std::uint8_t> bytes);
// Of bytes that are BCD.
std::string time_text(const TimePattern& pattern, std::span<const std::uint8_t> bytes);
// Bytes that the text doesn't have stay 00. Not `within_limits`, 99 may stand for "every".
std::vector<std::uint8_t> time_bytes(const TimePattern& pattern, const TelegramItem& item, bool within_limits = true);

// The number of bytes FE that the telegram's ranges show in front of the frame.
std::size_t preamble_of(const Telegram& telegram);
// Hexadecimal text of the telegram's head, the byte that is written first first.
std::vector<std::uint8_t> head_bytes(std::string_view name, const std::string& text, std::size_t size);
std::uint8_t head_byte(std::string_view name, const std::string& text);
// Without one, 0.
std::uint8_t sequence_byte(const Telegram& telegram);

}  // namespace meterrig
