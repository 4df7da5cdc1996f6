#include "meters/mbus_units.hpp"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

namespace meterrig::mbus {
namespace {

// Codes from `first` to `last`; each is ten times the one before it, `exponent` is that of the first.
struct Row {
  std::uint8_t first, last;
  std::string_view name, unit;
  int exponent = 0;
  Kind kind = Kind::number;
};

constexpr std::array primary{
    Row{0x00, 0x07, "cumulative_energy", "kW.h", -6},
    Row{0x08, 0x0F, "cumulative_energy", "MJ", -6},
    Row{0x10, 0x17, "cumulative_volume", "m3", -6},
    Row{0x18, 0x1F, "mass", "kg", -3},
    Row{0x20, 0x23, "on_time", "", 0, Kind::duration},
    Row{0x24, 0x27, "working_time", "", 0, Kind::duration},
    Row{0x28, 0x2F, "power", "kW", -6},
    Row{0x30, 0x37, "power", "MJ/h", -6},
    Row{0x38, 0x3F, "flow", "m3/h", -6},
    Row{0x40, 0x47, "flow", "m3/min", -7},
    Row{0x48, 0x4F, "flow", "m3/s", -9},
    Row{0x50, 0x57, "mass_flow", "kg/h", -3},
    Row{0x58, 0x5B, "supply_temperature", "Cel", -3},
    Row{0x5C, 0x5F, "return_temperature", "Cel", -3},
    Row{0x60, 0x63, "temperature_difference", "K", -3},
    Row{0x64, 0x67, "external_temperature", "Cel", -3},
    Row{0x68, 0x6B, "pressure", "bar", -3},
    Row{0x6C, 0x6C, "date", "", 0, Kind::date},
    Row{0x6D, 0x6D, "clock", "", 0, Kind::date_time},
    Row{0x6E, 0x6E, "heat_cost_units", ""},
    Row{0x70, 0x73, "averaging_duration", "", 0, Kind::duration},
    Row{0x74, 0x77, "actuality_duration", "", 0, Kind::duration},
    Row{0x78, 0x78, "fabrication_number", "", 0, Kind::identifier},
    Row{0x79, 0x79, "enhanced_identification", "", 0, Kind::identifier},
    Row{0x7A, 0x7A, "bus_address", "", 0, Kind::identifier},
    Row{0x7E, 0x7E, "any_vif", ""},
    Row{0x7F, 0x7F, "manufacturer_specific", ""},
};

// Behind FB.
constexpr std::array first_extension{
    Row{0x00, 0x01, "cumulative_energy", "MW.h", -1},
    Row{0x08, 0x09, "cumulative_energy", "GJ", -1},
    Row{0x10, 0x11, "cumulative_volume", "m3", 2},
    Row{0x18, 0x19, "mass", "t", 2},
    Row{0x1A, 0x1B, "relative_humidity", "%", -1},
    Row{0x21, 0x21, "cumulative_volume", "[cft_i]", -1},
    Row{0x22, 0x22, "cumulative_volume", "[gal_us]", -1},
    Row{0x23, 0x23, "cumulative_volume", "[gal_us]", 0},
    Row{0x24, 0x24, "flow", "[gal_us]/min", -3},
    Row{0x25, 0x25, "flow", "[gal_us]/min", 0},
    Row{0x26, 0x26, "flow", "[gal_us]/h", 0},
    Row{0x28, 0x29, "power", "MW", -1},
    Row{0x30, 0x31, "power", "GJ/h", -1},
    Row{0x58, 0x5B, "supply_temperature", "[degF]", -3},
    Row{0x5C, 0x5F, "return_temperature", "[degF]", -3},
    Row{0x60, 0x63, "temperature_difference", "[degF]", -3},
    Row{0x64, 0x67, "external_temperature", "[degF]", -3},
    Row{0x70, 0x73, "temperature_limit", "[degF]", -3},
    Row{0x74, 0x77, "temperature_limit", "Cel", -3},
    Row{0x78, 0x7F, "cumulative_maximum_power", "W", -3},
};

// Behind FD.
constexpr std::array second_extension{
    Row{0x00, 0x03, "credit", "", -3},
    Row{0x04, 0x07, "debit", "", -3},
    Row{0x08, 0x08, "access_count", "", 0, Kind::identifier},
    Row{0x09, 0x09, "medium_code", "", 0, Kind::identifier},
    Row{0x0A, 0x0A, "manufacturer_code", "", 0, Kind::identifier},
    Row{0x0B, 0x0B, "parameter_set", "", 0, Kind::identifier},
    Row{0x0C, 0x0C, "model", "", 0, Kind::identifier},
    Row{0x0D, 0x0D, "hardware_version", "", 0, Kind::identifier},
    Row{0x0E, 0x0E, "firmware_version", "", 0, Kind::identifier},
    Row{0x0F, 0x0F, "software_version", "", 0, Kind::identifier},
    Row{0x10, 0x10, "customer_location", "", 0, Kind::identifier},
    Row{0x11, 0x11, "customer", "", 0, Kind::identifier},
    Row{0x12, 0x15, "access_code", "", 0, Kind::identifier},
    Row{0x16, 0x16, "password", "", 0, Kind::identifier},
    Row{0x17, 0x17, "error_flags", "", 0, Kind::identifier},
    Row{0x18, 0x18, "error_mask", "", 0, Kind::identifier},
    Row{0x1A, 0x1A, "digital_output", "", 0, Kind::identifier},
    Row{0x1B, 0x1B, "digital_input", "", 0, Kind::identifier},
    Row{0x1C, 0x1C, "line_rate", "Bd"},
    Row{0x1D, 0x1D, "response_delay", ""},
    Row{0x1E, 0x1E, "retries", ""},
    Row{0x20, 0x20, "first_storage", "", 0, Kind::identifier},
    Row{0x21, 0x21, "last_storage", "", 0, Kind::identifier},
    Row{0x22, 0x22, "storage_size", "", 0, Kind::identifier},
    Row{0x24, 0x27, "storage_interval", "", 0, Kind::duration},
    Row{0x28, 0x28, "storage_interval", "mo"},
    Row{0x29, 0x29, "storage_interval", "a"},
    Row{0x2C, 0x2F, "time_since_readout", "", 0, Kind::duration},
    Row{0x31, 0x33, "tariff_duration", "", 0, Kind::duration},
    Row{0x34, 0x37, "tariff_period", "", 0, Kind::duration},
    Row{0x38, 0x38, "tariff_period", "mo"},
    Row{0x39, 0x39, "tariff_period", "a"},
    Row{0x3A, 0x3A, "dimensionless", ""},
    Row{0x40, 0x4F, "voltage", "V", -9},
    Row{0x50, 0x5F, "current", "A", -12},
    Row{0x60, 0x60, "reset_count", ""},
    Row{0x61, 0x61, "cumulation_count", ""},
    Row{0x68, 0x68, "time_since_cumulation", "h"},
    Row{0x69, 0x69, "time_since_cumulation", "d"},
    Row{0x6A, 0x6A, "time_since_cumulation", "mo"},
    Row{0x6B, 0x6B, "time_since_cumulation", "a"},
    Row{0x6C, 0x6C, "battery_working_time", "h"},
    Row{0x6D, 0x6D, "battery_working_time", "d"},
    Row{0x6E, 0x6E, "battery_working_time", "mo"},
    Row{0x6F, 0x6F, "battery_working_time", "a"},
    Row{0x70, 0x70, "battery_change", "", 0, Kind::date},
    Row{0x71, 0x71, "signal_level", "dB[mW]"},
    Row{0x74, 0x74, "battery_remaining_time", "d"},
};

struct ModifierRow {
  std::uint8_t first, last;
  Modifier what;
};
constexpr std::array modifiers{
    ModifierRow{0x20, 0x20, {"", "/s"}},           ModifierRow{0x21, 0x21, {"", "/min"}},
    ModifierRow{0x22, 0x22, {"", "/h"}},           ModifierRow{0x23, 0x23, {"", "/d"}},
    ModifierRow{0x24, 0x24, {"", "/wk"}},          ModifierRow{0x25, 0x25, {"", "/mo"}},
    ModifierRow{0x26, 0x26, {"", "/a"}},           ModifierRow{0x2C, 0x2C, {"", "/L"}},
    ModifierRow{0x2D, 0x2D, {"", "/m3"}},          ModifierRow{0x2E, 0x2E, {"", "/kg"}},
    ModifierRow{0x2F, 0x2F, {"", "/K"}},           ModifierRow{0x3A, 0x3A, {"_uncorrected", ""}},
    ModifierRow{0x3B, 0x3B, {"_forward", ""}},     ModifierRow{0x3C, 0x3C, {"_reverse", ""}},
    ModifierRow{0x40, 0x40, {"_lower_limit", ""}}, ModifierRow{0x41, 0x41, {"_below_limit_count", ""}},
    ModifierRow{0x48, 0x48, {"_upper_limit", ""}}, ModifierRow{0x49, 0x49, {"_above_limit_count", ""}},
    ModifierRow{0x70, 0x77, {"", "", -6}},         ModifierRow{0x7D, 0x7D, {"", "", 3}},
    ModifierRow{0x7E, 0x7E, {"_future", ""}},
};

constexpr std::array<std::string_view, 16> media{
    "other",
    "oil",
    "electricity",
    "gas",
    "heat_outlet",
    "steam",
    "hot_water",
    "water",
    "heat_cost_allocator",
    "compressed_air",
    "cooling_outlet",
    "cooling_inlet",
    "heat_inlet",
    "heat_cooling",
    "bus_system",
    "unknown",
};
struct Medium {
  std::uint8_t code;
  std::string_view name;
};
constexpr std::array later_media{
    Medium{0x15, "hot_water_90"}, Medium{0x16, "cold_water"},   Medium{0x17, "hot_cold_water"},
    Medium{0x18, "pressure"},     Medium{0x19, "ad_converter"}, Medium{0x20, "breaker"},
    Medium{0x21, "valve"},        Medium{0x28, "waste_water"},
};

struct StatusBit {
  std::uint8_t mask, value;
  std::string_view name;
};
// EN 13757-3, 5.10: two low bits are one number.
constexpr std::array status_bits{
    StatusBit{0x03, 0x01, "application_busy"},   StatusBit{0x03, 0x02, "application_error"},
    StatusBit{0x03, 0x03, "abnormal_condition"}, StatusBit{0x04, 0x04, "battery_low"},
    StatusBit{0x08, 0x08, "permanent_error"},    StatusBit{0x10, 0x10, "temporary_error"},
    StatusBit{0x20, 0x20, "manufacturer_bit_5"}, StatusBit{0x40, 0x40, "manufacturer_bit_6"},
    StatusBit{0x80, 0x80, "manufacturer_bit_7"},
};

// EN 13757-3, 8.3: what a slave says in CI 70.
constexpr std::array<std::string_view, 10> application_errors{
    "unspecified",    "unknown_information", "buffer_too_long", "too_many_records", "premature_end",
    "too_many_difes", "too_many_vifes",      "reserved",        "application_busy", "too_many_readouts"};

constexpr std::array<std::string_view, 4> duration_units{"s", "min", "h", "d"};

std::span<const Row> rows(VifTable table) {
  switch (table) {
    case VifTable::fb:
      return first_extension;
    case VifTable::fd:
      return second_extension;
    default:
      return primary;
  }
}

}  // namespace

std::optional<Quantity> quantity(VifTable table, std::uint8_t code) {
  for (const Row& row : rows(table)) {
    if (code < row.first || code > row.last) continue;
    if (row.kind == Kind::duration) return Quantity{row.name, duration_units[code & 3], 0, row.kind};
    const bool decades = row.kind == Kind::number;
    return Quantity{row.name, row.unit, row.exponent + (decades ? code - row.first : 0), row.kind};
  }
  return std::nullopt;
}

std::optional<Modifier> modifier(std::uint8_t code) {
  for (const ModifierRow& row : modifiers) {
    if (code < row.first || code > row.last) continue;
    Modifier what = row.what;
    what.exponent += code - row.first;
    return what;
  }
  return std::nullopt;
}

std::string medium_name(std::uint8_t medium) {
  if (medium < media.size()) return std::string(media[medium]);
  for (const Medium& later : later_media)
    if (later.code == medium) return std::string(later.name);
  return fmt::format("medium_{:02X}", medium);
}

std::vector<std::string> status_names(std::uint8_t status) {
  std::vector<std::string> names;
  for (const StatusBit& bit : status_bits)
    if ((status & bit.mask) == bit.value) names.emplace_back(bit.name);
  return names;
}

std::uint8_t status_byte(std::span<const std::string> names) {
  unsigned status = 0;
  for (const StatusBit& bit : status_bits)
    if (std::find(names.begin(), names.end(), bit.name) != names.end()) status |= bit.value;
  return static_cast<std::uint8_t>(status);
}

std::string application_error_name(std::uint8_t code) {
  return code < application_errors.size() ? std::string(application_errors[code]) : fmt::format("error_{:02X}", code);
}

}  // namespace meterrig::mbus
