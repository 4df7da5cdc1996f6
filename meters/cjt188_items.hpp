#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meters/telegram.hpp"

// What CJ/T 188 puts behind its data identifiers: tables 5, 7 and 12 to 14 of the 2004 edition, and those identifiers
// of the 2018 edition whose content is known.
namespace meterrig::cjt188 {

enum class Quantity { energy, power, volume, flow, any };

// One row of the unit table. `tens` is the power of ten by which the value is to be multiplied: 0AH is MWh x 100.
struct UnitCode {
  std::uint8_t code = 0;
  Quantity quantity = Quantity::any;
  std::string_view unit;  // UCUM
  int tens = 0;
};
std::span<const UnitCode> unit_codes();
// Null when the 2004 table doesn't have the code: makers use others, and not all in the same sense.
const UnitCode* find_unit(std::uint8_t code);

// Whose reply has no content: it is the frame's address.
inline constexpr std::uint16_t read_address_identifier = 0x810A;

// One data identifier or a run of them, and the control function that it goes with.
struct Identifier {
  std::uint16_t first = 0, last = 0;
  std::uint8_t function = 0;
  int edition = 2004;
  bool open = false;  // its content is not published: it is shown as it is
};
const Identifier* find_identifier(std::uint16_t identifier);

// ST0 ST1 by name: "valve_open", "battery_low", "vendor_status_15".
std::vector<std::string> status_names(std::uint8_t st0, std::uint8_t st1);
// The way back, ST0 first. Throws EncodeError: a name that no bit has, or not exactly one state of the valve.
std::array<std::uint8_t, 2> status_bytes(std::span<const std::string> names);

// The content behind DI and SER.
struct Content {
  std::uint8_t meter_type = 0;
  bool is_reply = false;
  std::uint16_t identifier = 0;
  std::span<const std::uint8_t> bytes;
  std::size_t from = 0;  // the place of bytes[0] in the input
};
// Adds items, status, ranges and departures; a content that fits no layout is error bad_record.
void read_content(const Content& content, Telegram& telegram);

}  // namespace meterrig::cjt188
