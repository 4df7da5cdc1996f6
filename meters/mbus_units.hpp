#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Value information of EN 13757-3, 6.4: what a VIF or VIFE means, as tables.
namespace meterrig::mbus {

enum class Kind {
  number,
  duration,    // the two low bits of the code choose s, min, h or d
  identifier,  // a number without sign that is not measured
  date,        // type G
  date_time,   // types F, I, J
};

struct Quantity {
  std::string_view name;
  std::string_view unit;  // UCUM
  int exponent = 0;       // value = number in the record * 10^exponent
  Kind kind = Kind::number;
};

enum class VifTable { primary, fb, fd };

// `code` without its extension bit. Null: reserved.
std::optional<Quantity> quantity(VifTable table, std::uint8_t code);

// What an orthogonal VIFE does to the quantity before it (EN 13757-3, table 15).
struct Modifier {
  std::string_view name_suffix;
  std::string_view unit_suffix;
  int exponent = 0;
};
std::optional<Modifier> modifier(std::uint8_t code);

// Codes below this one report why the meter could not serve the record (table 16).
inline constexpr std::uint8_t record_errors_end = 0x20;

std::string medium_name(std::uint8_t medium);

}  // namespace meterrig::mbus
