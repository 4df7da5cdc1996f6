#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "meters/cjt188_items.hpp"
#include "meters/encoding.hpp"

// The layouts behind the data identifiers, one description for both ways: shared by the files of cjt188, not for
// others.
namespace meterrig::cjt188 {

enum class Form { bcd, with_unit, clock, hex, address, valve, status };

struct Field {
  std::string_view name;
  Form form = Form::hex;
  std::uint8_t size = 0;
  int decimals = 0;
  Quantity quantity = Quantity::any;  // with_unit: what its unit byte has to tell
  std::string_view unit;              // bcd: what the standard fixes
};
inline constexpr std::uint8_t unit_size = 1;

// A clock, ss mm hh DD MM YY CC.
inline constexpr TimePattern clock_pattern{"smhDMYC", "CY-M-DTh:m:s"};

struct ValveCommand {
  std::uint8_t code;
  std::string_view name;
};
inline constexpr ValveCommand valve_commands[]{{0x55, "valve_open"}, {0x99, "valve_close"}};

enum class Layout { standard, vendor, vendor_high_first, vendor_unit_first };

struct Record {
  std::uint16_t first = 0, last = 0;
  bool is_reply = true;
  std::uint8_t first_type = 0, last_type = 0;
  std::span<const Field> fields;
  Layout layout = Layout::standard;
};

std::size_t size_of(std::span<const Field> fields);
bool unit_fits(std::uint8_t code, Quantity quantity);

// Whose content it is.
struct Subject {
  std::uint8_t meter_type = 0;
  bool is_reply = false;
  std::uint16_t identifier = 0;
};
// The layouts that its content may have, the standard's own first. None: the content is not published, or there is
// none.
std::vector<const Record*> records_of(const Subject& subject);

}  // namespace meterrig::cjt188
