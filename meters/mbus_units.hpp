#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// The status byte of a data header by name.
std::vector<std::string> status_names(std::uint8_t status);
// The way back; names of other things are passed over.
std::uint8_t status_byte(std::span<const std::string> names);

// What a slave says in CI 70: "too_many_records"; "error_0C" of a code that the standard doesn't have.
std::string application_error_name(std::uint8_t code);

}  // namespace meterrig::mbus
