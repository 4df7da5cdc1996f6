#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meters/mbus_records.hpp"
#include "meters/mbus_units.hpp"
#include "meters/telegram.hpp"

// Data of one record as text (EN 13757-3, annex A: types A to J).
namespace meterrig::mbus {

struct Value {
  std::string text;        // empty: no number, or nothing was sent
  std::string departure;   // why it is empty
  bool is_number = false;  // then it has the VIF's unit
};
// `data` has the size that the coding asks for; for variable length it begins with the length byte. Numbers are times
// 10^exponent.
Value value_of(Coding coding, Kind kind, int exponent, std::span<const std::uint8_t> data);

// The way back: data that value_of() reads as the item's value, of the size that the coding asks for and with the
// length byte where it has one. Throws EncodeError.
std::vector<std::uint8_t> data_of(Coding coding, Kind kind, int exponent, const TelegramItem& item);

// Bytes behind a length byte LVAR. Null: reserved.
std::optional<std::size_t> variable_size(std::uint8_t lvar);

// ISO 8859-1, last character first, as UTF-8.
std::string latin1_text(std::span<const std::uint8_t> bytes);

}  // namespace meterrig::mbus
