#include "meters/cjt188_layouts.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "meters/cjt188.hpp"

namespace meterrig::cjt188 {
namespace {

// Flow rates are XXXX.XXXX, all other amounts XXXXXX.XX; a unit byte follows.
constexpr Field amount(std::string_view name, Quantity quantity) {
  return {name, Form::with_unit, 4 + unit_size, quantity == Quantity::flow ? 4 : 2, quantity, {}};
}
constexpr Field number(std::string_view name, std::uint8_t size, int decimals = 0, std::string_view unit = {}) {
  return {name, Form::bcd, size, decimals, Quantity::any, unit};
}
constexpr Field other(std::string_view name, Form form, std::uint8_t size) {
  return {name, form, size, 0, Quantity::any, {}};
}
constexpr Field temperature(std::string_view name) { return number(name, 3, 2, "Cel"); }
constexpr Field hex_bytes(std::string_view name, std::uint8_t size) { return other(name, Form::hex, size); }

constexpr Field clock_field = other("clock", Form::clock, 7);
constexpr Field status_field = other("status", Form::status, 2);
constexpr Field working_time = number("working_time", 3, 0, "h");
constexpr Field cumulative_volume = amount("cumulative_volume", Quantity::volume);
constexpr Field settlement_day_volume = amount("settlement_day_volume", Quantity::volume);
constexpr Field flow = amount("flow", Quantity::flow);
constexpr Field power = amount("power", Quantity::power);
constexpr Field supply_temperature = temperature("supply_temperature");
constexpr Field return_temperature = temperature("return_temperature");

constexpr std::array volume_now{cumulative_volume, settlement_day_volume, clock_field, status_field};
constexpr std::array heat_now{amount("settlement_day_heat", Quantity::energy),
                              amount("cumulative_heat", Quantity::energy),
                              power,
                              flow,
                              cumulative_volume,
                              supply_temperature,
                              return_temperature,
                              working_time,
                              clock_field,
                              status_field};
// 21H counts cold in the fields where 20H counts heat.
constexpr std::array cold_now{amount("settlement_day_cold", Quantity::energy),
                              amount("cumulative_cold", Quantity::energy),
                              power,
                              flow,
                              cumulative_volume,
                              supply_temperature,
                              return_temperature,
                              working_time,
                              clock_field,
                              status_field};
// 40H to 49H: electricity and whatever else.
constexpr std::array other_now{amount("cumulative_value", Quantity::any), amount("settlement_day_value", Quantity::any),
                               clock_field, status_field};
constexpr std::array volume_then{settlement_day_volume};
constexpr std::array heat_then{amount("settlement_day_heat", Quantity::energy)};
constexpr std::array cold_then{amount("settlement_day_cold", Quantity::energy)};
constexpr std::array other_then{amount("settlement_day_value", Quantity::any)};
constexpr std::array prices{number("price_1", 3, 2), number("step_volume_1", 3), number("price_2", 3, 2),
                            number("step_volume_2", 3), number("price_3", 3, 2)};
constexpr std::array new_prices{prices[0], prices[1], prices[2], prices[3], prices[4], number("price_start_day", 1)};
constexpr std::array settlement_day{number("settlement_day", 1)};
constexpr std::array reading_day{number("reading_day", 1)};
constexpr std::array purchases{number("purchase_sequence", 1), number("purchased_money", 4, 2),
                               number("total_purchased_money", 4, 2), number("remaining_money", 4, 2), status_field};
constexpr std::array purchase{number("purchase_sequence", 1), number("purchased_money", 4, 2)};
constexpr std::array key_version{number("key_version", 1)};
constexpr std::array new_key{number("key_version", 1), hex_bytes("key", 8)};
constexpr std::array clock_only{clock_field};
constexpr std::array status_only{status_field};
constexpr std::array valve{other("valve_command", Form::valve, 1)};
constexpr std::array new_address{other("new_address", Form::address, 7)};
constexpr std::array base_value{amount("base_value", Quantity::volume)};
// 2018.
constexpr std::array power_only{power};
constexpr std::array supply_only{supply_temperature};
constexpr std::array return_only{return_temperature};
constexpr std::array working_time_only{working_time};
constexpr std::array energy_settlement{amount("settlement_day_heat", Quantity::energy),
                                       amount("settlement_day_cold", Quantity::energy), settlement_day_volume};
// The decimals of the pressure are not published.
constexpr std::array frozen{clock_field, cumulative_volume, flow, temperature("temperature"),
                            hex_bytes("pressure_bytes", 3)};
// Makers' own layouts, as seen in published frames.
constexpr std::array short_heat{supply_temperature, return_temperature, flow,
                                cumulative_volume,  heat_now[1],        working_time};
constexpr std::array vendor_volume{cumulative_volume, hex_bytes("vendor", 20), temperature("temperature"),
                                   hex_bytes("vendor", 4), clock_field};

constexpr std::array records{
    Record{0x901F, 0x901F, true, 0x10, 0x19, volume_now},
    Record{0x901F, 0x901F, true, 0x30, 0x39, volume_now},
    Record{0x901F, 0x901F, true, 0x40, 0x49, other_now},
    Record{0x901F, 0x901F, true, 0x21, 0x21, cold_now},
    Record{0x901F, 0x901F, true, 0x20, 0x29, heat_now},
    Record{0x901F, 0x901F, true, 0x20, 0x29, short_heat, Layout::vendor_high_first},
    Record{0x9097, 0x9097, true, 0x10, 0x19, vendor_volume, Layout::vendor_unit_first},
    Record{0xD120, 0xD12B, true, 0x10, 0x19, volume_then},
    Record{0xD120, 0xD12B, true, 0x30, 0x39, volume_then},
    Record{0xD120, 0xD12B, true, 0x40, 0x49, other_then},
    Record{0xD120, 0xD12B, true, 0x21, 0x21, cold_then},
    Record{0xD120, 0xD12B, true, 0x20, 0x29, heat_then},
    Record{0x8102, 0x8102, true, 0x00, 0xFF, prices},
    Record{0x8103, 0x8103, true, 0x00, 0xFF, settlement_day},
    Record{0x8104, 0x8104, true, 0x00, 0xFF, reading_day},
    Record{0x8105, 0x8105, true, 0x00, 0xFF, purchases},
    Record{0x8106, 0x8106, true, 0x00, 0xFF, key_version},
    Record{0xA010, 0xA010, false, 0x00, 0xFF, new_prices},
    Record{0xA010, 0xA010, true, 0x00, 0xFF, status_only},
    Record{0xA011, 0xA011, false, 0x00, 0xFF, settlement_day},
    Record{0xA012, 0xA012, false, 0x00, 0xFF, reading_day},
    Record{0xA013, 0xA013, false, 0x00, 0xFF, purchase},
    Record{0xA013, 0xA013, true, 0x00, 0xFF, purchase},
    Record{0xA014, 0xA014, false, 0x00, 0xFF, new_key},
    Record{0xA014, 0xA014, true, 0x00, 0xFF, key_version},
    Record{0xA015, 0xA015, false, 0x00, 0xFF, clock_only},
    Record{0xA016, 0xA016, false, 0x00, 0xFF, base_value},
    Record{0xA016, 0xA016, true, 0x00, 0xFF, status_only},
    Record{0xA017, 0xA017, false, 0x00, 0xFF, valve},
    Record{0xA017, 0xA017, true, 0x00, 0xFF, status_only},
    Record{0xA018, 0xA018, false, 0x00, 0xFF, new_address},
    Record{0x903F, 0x903F, true, 0x00, 0xFF, power_only},
    Record{0x904F, 0x904F, true, 0x00, 0xFF, return_only},
    Record{0x905F, 0x905F, true, 0x00, 0xFF, supply_only},
    Record{0x906F, 0x906F, true, 0x00, 0xFF, working_time_only},
    Record{0x907F, 0x907F, true, 0x00, 0xFF, clock_only},
    Record{0xD200, 0xD2FF, true, 0x20, 0x29, energy_settlement},
    Record{0xD300, 0xD4FF, true, 0x00, 0xFF, frozen},
};

constexpr std::array identifiers{
    Identifier{0x901F, 0x901F, control::read_data},
    Identifier{0xD120, 0xD12B, control::read_data},
    Identifier{0x8102, 0x8105, control::read_data},
    Identifier{0x8106, 0x8106, control::read_key_version},
    Identifier{0x810A, 0x810A, control::read_address},
    Identifier{0xA010, 0xA015, control::write_data},
    Identifier{0xA016, 0xA016, control::write_motor_sync},
    Identifier{0xA017, 0xA017, control::write_data},
    Identifier{0xA018, 0xA018, control::write_address},
    Identifier{0xA019, 0xA019, control::write_data},
    Identifier{0x903F, 0x903F, control::read_data, 2018},
    Identifier{0x904F, 0x904F, control::read_data, 2018},
    Identifier{0x905F, 0x905F, control::read_data, 2018},
    Identifier{0x906F, 0x906F, control::read_data, 2018},
    Identifier{0x907F, 0x907F, control::read_data, 2018},
    Identifier{0x911F, 0x911F, control::read_data, 2018, true},
    Identifier{0xD200, 0xD4FF, control::read_data, 2018},
    Identifier{0xA101, 0xA102, control::write_data, 2018},
    Identifier{0xA103, 0xA107, control::write_data, 2018, true},
};

constexpr std::array units{
    UnitCode{0x01, Quantity::energy, "J"},       UnitCode{0x02, Quantity::energy, "W.h"},
    UnitCode{0x05, Quantity::energy, "kW.h"},    UnitCode{0x08, Quantity::energy, "MW.h"},
    UnitCode{0x0A, Quantity::energy, "MW.h", 2}, UnitCode{0x0B, Quantity::energy, "kJ"},
    UnitCode{0x0E, Quantity::energy, "MJ"},      UnitCode{0x11, Quantity::energy, "GJ"},
    UnitCode{0x13, Quantity::energy, "GJ", 2},   UnitCode{0x14, Quantity::power, "W"},
    UnitCode{0x17, Quantity::power, "kW"},       UnitCode{0x1A, Quantity::power, "MW"},
    UnitCode{0x29, Quantity::volume, "L"},       UnitCode{0x2C, Quantity::volume, "m3"},
    UnitCode{0x32, Quantity::flow, "L/h"},       UnitCode{0x35, Quantity::flow, "m3/h"},
};
}  // namespace

std::size_t size_of(std::span<const Field> fields) {
  std::size_t size = 0;
  for (const Field& field : fields) size += field.size;
  return size;
}

bool unit_fits(std::uint8_t code, Quantity quantity) {
  const UnitCode* unit = find_unit(code);
  return unit != nullptr && (quantity == Quantity::any || unit->quantity == quantity);
}
std::span<const UnitCode> unit_codes() { return units; }

const UnitCode* find_unit(std::uint8_t code) {
  const auto* found = std::find_if(units.begin(), units.end(), [code](const UnitCode& u) { return u.code == code; });
  return found == units.end() ? nullptr : found;
}

const Identifier* find_identifier(std::uint16_t identifier) {
  const auto* found = std::find_if(identifiers.begin(), identifiers.end(), [identifier](const Identifier& known) {
    return identifier >= known.first && identifier <= known.last;
  });
  return found == identifiers.end() ? nullptr : found;
}

std::vector<const Record*> records_of(const Subject& subject) {
  std::vector<const Record*> found;
  for (const Record& record : records)
    if (subject.identifier >= record.first && subject.identifier <= record.last &&
        subject.is_reply == record.is_reply && subject.meter_type >= record.first_type &&
        subject.meter_type <= record.last_type)
      found.push_back(&record);
  return found;
}

}  // namespace meterrig::cjt188
