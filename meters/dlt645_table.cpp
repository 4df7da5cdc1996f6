#include <array>

#include "meters/dlt645_items.hpp"

// Annex A of DL/T 645-2007, and the part of the 1997 edition's that meters in the field still use.
namespace meterrig::dlt645 {

namespace {

constexpr Field count1[]{{"", Format::decimal, 1}};
constexpr Field count2[]{{"", Format::decimal, 2}};
constexpr Field count3[]{{"", Format::decimal, 3}};
constexpr Field minutes1[]{{"", Format::decimal, 1, 0, false, "min"}};
constexpr Field minutes3[]{{"", Format::decimal, 3, 0, false, "min"}};
constexpr Field minutes4[]{{"", Format::decimal, 4, 0, false, "min"}};
constexpr Field seconds1[]{{"", Format::decimal, 1, 0, false, "s"}};
constexpr Field milliseconds2[]{{"", Format::decimal, 2, 0, false, "ms"}};
constexpr Field active_energy[]{{"", Format::decimal, 4, 2, false, "kW.h"}};
constexpr Field reactive_energy[]{{"", Format::decimal, 4, 2, false, "kvar.h"}};
constexpr Field apparent_energy[]{{"", Format::decimal, 4, 2, false, "kV.A.h"}};
constexpr Field signed_active_energy[]{{"", Format::decimal, 4, 2, true, "kW.h"}};
constexpr Field signed_reactive_energy[]{{"", Format::decimal, 4, 2, true, "kvar.h"}};
constexpr Field active_demand[]{{"", Format::decimal, 3, 4, false, "kW"}, {"_time", Format::minute, 5}};
constexpr Field reactive_demand[]{{"", Format::decimal, 3, 4, false, "kvar"}, {"_time", Format::minute, 5}};
constexpr Field apparent_demand[]{{"", Format::decimal, 3, 4, false, "kV.A"}, {"_time", Format::minute, 5}};
constexpr Field signed_reactive_demand[]{{"", Format::decimal, 3, 4, true, "kvar"}, {"_time", Format::minute, 5}};
constexpr Field voltage[]{{"", Format::decimal, 2, 1, false, "V"}};
constexpr Field battery_voltage[]{{"", Format::decimal, 2, 2, false, "V"}};
constexpr Field current[]{{"", Format::decimal, 3, 3, true, "A"}};
constexpr Field active_power[]{{"", Format::decimal, 3, 4, true, "kW"}};
constexpr Field reactive_power[]{{"", Format::decimal, 3, 4, true, "kvar"}};
constexpr Field apparent_power[]{{"", Format::decimal, 3, 4, true, "kV.A"}};
constexpr Field power_limit[]{{"", Format::decimal, 3, 4, false, "kW"}};
constexpr Field power_factor[]{{"", Format::decimal, 2, 3, true}};
constexpr Field angle[]{{"", Format::decimal, 2, 1, false, "deg"}};
constexpr Field distortion[]{{"", Format::decimal, 2, 2, false, "%"}};
constexpr Field frequency[]{{"", Format::decimal, 2, 2, false, "Hz"}};
constexpr Field temperature[]{{"", Format::decimal, 2, 1, true, "Cel"}};
constexpr Field amount[]{{"", Format::decimal, 4, 2, false, "CNY"}};
constexpr Field price[]{{"", Format::decimal, 4, 4, false, "CNY/(kW.h)"}};
constexpr Field active_constant[]{{"", Format::decimal, 3, 0, false, "/(kW.h)"}};
constexpr Field reactive_constant[]{{"", Format::decimal, 3, 0, false, "/(kvar.h)"}};
constexpr Field date_weekday[]{{"", Format::date_weekday, 4}};
constexpr Field clock_time[]{{"", Format::clock_time, 3}};
constexpr Field date_time[]{{"", Format::date_time, 7}};
constexpr Field minute[]{{"", Format::minute, 5}};
constexpr Field month_minute[]{{"", Format::month_minute, 4}};
constexpr Field day_hour[]{{"", Format::day_hour, 2}};
constexpr Field digits6[]{{"", Format::digits, 6}};
constexpr Field text4[]{{"", Format::text, 4}};
constexpr Field text6[]{{"", Format::text, 6}};
constexpr Field text10[]{{"", Format::text, 10}};
constexpr Field text16[]{{"", Format::text, 16}};
constexpr Field text32[]{{"", Format::text, 32}};
constexpr Field hex1[]{{"", Format::hex, 1}};
constexpr Field password[]{{"", Format::hex, 4}};
constexpr Field baud_rate[]{{"", Format::baud_rate, 1}};
constexpr Field status_word[]{{"", Format::status_word, 2}};

constexpr Field phase_totals[]{{"_count_a", Format::decimal, 3}, {"_duration_a", Format::decimal, 3, 0, false, "min"},
                               {"_count_b", Format::decimal, 3}, {"_duration_b", Format::decimal, 3, 0, false, "min"},
                               {"_count_c", Format::decimal, 3}, {"_duration_c", Format::decimal, 3, 0, false, "min"}};
constexpr Field totals[]{{"_count", Format::decimal, 3}, {"_duration", Format::decimal, 3, 0, false, "min"}};
constexpr Field event_count[]{{"_count", Format::decimal, 3}};
constexpr Field started[]{{"_start", Format::second, 6}};
constexpr Field started_and_ended[]{{"_start", Format::second, 6}, {"_end", Format::second, 6}};
constexpr Field voltage_lost[]{
    {"_start", Format::second, 6}, {"_current", Format::decimal, 3, 3, false, "A"}, {"_end", Format::second, 6}};
constexpr Field by_operator[]{{"_time", Format::second, 6}, {"operator_code", Format::hex, 4}};
constexpr Field event_cleared[]{
    {"_time", Format::second, 6}, {"operator_code", Format::hex, 4}, {"cleared_identifier", Format::hex, 4}};
constexpr Field programmed[]{
    {"_time", Format::second, 6}, {"operator_code", Format::hex, 4}, {"_item_1", Format::hex, 4},
    {"_item_2", Format::hex, 4},  {"_item_3", Format::hex, 4},       {"_item_4", Format::hex, 4},
    {"_item_5", Format::hex, 4},  {"_item_6", Format::hex, 4},       {"_item_7", Format::hex, 4},
    {"_item_8", Format::hex, 4},  {"_item_9", Format::hex, 4},       {"_item_10", Format::hex, 4}};
constexpr Field clock_set[]{
    {"operator_code", Format::hex, 4}, {"_before", Format::second, 6}, {"_after", Format::second, 6}};
constexpr Field cover_opened[]{{"_start", Format::second, 6},
                               {"_end", Format::second, 6},
                               {"forward_active_energy_before", Format::decimal, 4, 2, false, "kW.h"},
                               {"reverse_active_energy_before", Format::decimal, 4, 2, false, "kW.h"},
                               {"quadrant_1_reactive_energy_before", Format::decimal, 4, 2, false, "kvar.h"},
                               {"quadrant_2_reactive_energy_before", Format::decimal, 4, 2, false, "kvar.h"},
                               {"quadrant_3_reactive_energy_before", Format::decimal, 4, 2, false, "kvar.h"},
                               {"quadrant_4_reactive_energy_before", Format::decimal, 4, 2, false, "kvar.h"},
                               {"forward_active_energy_after", Format::decimal, 4, 2, false, "kW.h"},
                               {"reverse_active_energy_after", Format::decimal, 4, 2, false, "kW.h"},
                               {"quadrant_1_reactive_energy_after", Format::decimal, 4, 2, false, "kvar.h"},
                               {"quadrant_2_reactive_energy_after", Format::decimal, 4, 2, false, "kvar.h"},
                               {"quadrant_3_reactive_energy_after", Format::decimal, 4, 2, false, "kvar.h"},
                               {"quadrant_4_reactive_energy_after", Format::decimal, 4, 2, false, "kvar.h"}};

// A.1, A.2: DI2 of energy (DI3 = 00) and demand (DI3 = 01). Combined active energy has no demand.
struct Quantity {
  std::string_view energy_name, demand_name;
  std::span<const Field> energy, demand;
};
constexpr std::array quantities{
    Quantity{"combined_active_energy", "", signed_active_energy, {}},
    Quantity{"forward_active_energy", "forward_active_demand", active_energy, active_demand},
    Quantity{"reverse_active_energy", "reverse_active_demand", active_energy, active_demand},
    Quantity{"combined_reactive_1_energy", "combined_reactive_1_demand", signed_reactive_energy,
             signed_reactive_demand},
    Quantity{"combined_reactive_2_energy", "combined_reactive_2_demand", signed_reactive_energy,
             signed_reactive_demand},
    Quantity{"quadrant_1_reactive_energy", "quadrant_1_reactive_demand", reactive_energy, reactive_demand},
    Quantity{"quadrant_2_reactive_energy", "quadrant_2_reactive_demand", reactive_energy, reactive_demand},
    Quantity{"quadrant_3_reactive_energy", "quadrant_3_reactive_demand", reactive_energy, reactive_demand},
    Quantity{"quadrant_4_reactive_energy", "quadrant_4_reactive_demand", reactive_energy, reactive_demand},
    Quantity{"forward_apparent_energy", "forward_apparent_demand", apparent_energy, apparent_demand},
    Quantity{"reverse_apparent_energy", "reverse_apparent_demand", apparent_energy, apparent_demand}};
// The phases repeat the quantities 01 to 0A from 15, 29 and 3D.
constexpr std::uint32_t phase_stride = 0x14;

constexpr std::uint32_t exact = 0xFFFFFFFF, any_phase = 0xFFFF00FF, any_record = 0xFFFFFF00,
                        any_phase_record = 0xFFFF0000;

// The first that fits. Totals of an event (record 00) stand before its records.
constexpr Pattern patterns[]{{0x00900100, exact, "remaining_energy", active_energy},
                             {0x00900101, exact, "overdrawn_energy", active_energy},
                             {0x00900200, exact, "remaining_amount", amount},
                             {0x00900201, exact, "overdrawn_amount", amount},
                             {0x02010000, any_phase, "voltage", voltage, Axis::phase},
                             {0x02020000, any_phase, "current", current, Axis::phase},
                             {0x02030000, any_phase, "active_power", active_power, Axis::total_and_phase},
                             {0x02040000, any_phase, "reactive_power", reactive_power, Axis::total_and_phase},
                             {0x02050000, any_phase, "apparent_power", apparent_power, Axis::total_and_phase},
                             {0x02060000, any_phase, "power_factor", power_factor, Axis::total_and_phase},
                             {0x02070000, any_phase, "phase_angle", angle, Axis::phase},
                             {0x02080000, any_phase, "voltage_distortion", distortion, Axis::phase},
                             {0x02090000, any_phase, "current_distortion", distortion, Axis::phase},
                             {0x02800001, exact, "neutral_current", current},
                             {0x02800002, exact, "frequency", frequency},
                             {0x02800003, exact, "minute_average_active_power", active_power},
                             {0x02800004, exact, "present_active_demand", active_power},
                             {0x02800005, exact, "present_reactive_demand", reactive_power},
                             {0x02800006, exact, "present_apparent_demand", apparent_power},
                             {0x02800007, exact, "temperature", temperature},
                             {0x02800008, exact, "clock_battery_voltage", battery_voltage},
                             {0x02800009, exact, "reading_battery_voltage", battery_voltage},
                             {0x0280000A, exact, "battery_working_time", minutes4},
                             {0x0280000B, exact, "step_price", price},
                             {0x03010000, exact, "voltage_loss", phase_totals},
                             {0x03020000, exact, "undervoltage", phase_totals},
                             {0x03030000, exact, "overvoltage", phase_totals},
                             {0x03040000, exact, "phase_break", phase_totals},
                             {0x03050000, exact, "total_voltage_loss", totals},
                             {0x03060000, exact, "auxiliary_supply_loss", totals},
                             {0x03070000, exact, "voltage_sequence_reversal", totals},
                             {0x03080000, exact, "current_sequence_reversal", totals},
                             {0x03090000, exact, "voltage_unbalance", totals},
                             {0x030A0000, exact, "current_unbalance", totals},
                             {0x030B0000, exact, "current_loss", phase_totals},
                             {0x030C0000, exact, "overcurrent", phase_totals},
                             {0x030D0000, exact, "current_break", phase_totals},
                             {0x030E0000, exact, "power_reversal", phase_totals},
                             {0x030F0000, exact, "overload", phase_totals},
                             {0x03110000, exact, "power_down", event_count},
                             {0x03300000, exact, "programming", event_count},
                             {0x03300100, exact, "meter_clear", event_count},
                             {0x03300200, exact, "demand_clear", event_count},
                             {0x03300300, exact, "event_clear", event_count},
                             {0x03300400, exact, "clock_set", event_count},
                             {0x03300500, exact, "period_table_set", event_count},
                             {0x03300600, exact, "zone_table_set", event_count},
                             {0x03300700, exact, "weekend_set", event_count},
                             {0x03300800, exact, "holiday_set", event_count},
                             {0x03300900, exact, "active_combination_set", event_count},
                             {0x03300A00, exact, "reactive_combination_1_set", event_count},
                             {0x03300B00, exact, "reactive_combination_2_set", event_count},
                             {0x03300C00, exact, "settlement_day_set", event_count},
                             {0x03300D00, exact, "meter_cover_open", event_count},
                             {0x03300E00, exact, "terminal_cover_open", event_count},
                             {0x03010000, any_phase_record, "voltage_loss", started, Axis::phase, true},
                             {0x03020000, any_phase_record, "undervoltage", started, Axis::phase, true},
                             {0x03030000, any_phase_record, "overvoltage", started, Axis::phase, true},
                             {0x03040000, any_phase_record, "phase_break", started, Axis::phase, true},
                             {0x03050000, any_record, "total_voltage_loss", voltage_lost},
                             {0x03060000, any_record, "auxiliary_supply_loss", started_and_ended},
                             {0x03070000, any_record, "voltage_sequence_reversal", started, Axis::none, true},
                             {0x03080000, any_record, "current_sequence_reversal", started, Axis::none, true},
                             {0x03090000, any_record, "voltage_unbalance", started, Axis::none, true},
                             {0x030A0000, any_record, "current_unbalance", started, Axis::none, true},
                             {0x030B0000, any_phase_record, "current_loss", started, Axis::phase, true},
                             {0x030C0000, any_phase_record, "overcurrent", started, Axis::phase, true},
                             {0x030D0000, any_phase_record, "current_break", started, Axis::phase, true},
                             {0x030E0000, any_phase_record, "power_reversal", started, Axis::phase, true},
                             {0x030F0000, any_phase_record, "overload", started, Axis::phase, true},
                             {0x03110000, any_record, "power_down", started_and_ended},
                             {0x03300000, any_record, "programming", programmed},
                             {0x03300100, any_record, "meter_clear", by_operator, Axis::none, true},
                             {0x03300200, any_record, "demand_clear", by_operator, Axis::none, true},
                             {0x03300300, any_record, "event_clear", event_cleared},
                             {0x03300400, any_record, "clock_set", clock_set},
                             {0x03300500, any_record, "period_table_set", by_operator, Axis::none, true},
                             {0x03300600, any_record, "zone_table_set", by_operator, Axis::none, true},
                             {0x03300700, any_record, "weekend_set", by_operator, Axis::none, true},
                             {0x03300800, any_record, "holiday_set", by_operator, Axis::none, true},
                             {0x03300900, any_record, "active_combination_set", by_operator, Axis::none, true},
                             {0x03300A00, any_record, "reactive_combination_1_set", by_operator, Axis::none, true},
                             {0x03300B00, any_record, "reactive_combination_2_set", by_operator, Axis::none, true},
                             {0x03300C00, any_record, "settlement_day_set", by_operator, Axis::none, true},
                             {0x03300D00, any_record, "meter_cover_open", cover_opened},
                             {0x03300E00, any_record, "terminal_cover_open", cover_opened},
                             {0x04000101, exact, "date", date_weekday},
                             {0x04000102, exact, "time", clock_time},
                             {0x04000103, exact, "demand_period", minutes1},
                             {0x04000104, exact, "demand_slip", minutes1},
                             {0x04000105, exact, "pulse_width", milliseconds2},
                             {0x04000106, exact, "zone_table_switch_time", minute},
                             {0x04000107, exact, "period_table_switch_time", minute},
                             {0x0400010C, exact, "clock", date_time},
                             {0x04000201, exact, "zones_per_year", count1},
                             {0x04000202, exact, "period_tables", count1},
                             {0x04000203, exact, "periods_per_day", count1},
                             {0x04000204, exact, "tariffs", count1},
                             {0x04000205, exact, "holidays", count2},
                             {0x04000206, exact, "harmonic_orders", count1},
                             {0x04000207, exact, "price_steps", count1},
                             {0x04000301, exact, "display_screens", count1},
                             {0x04000302, exact, "display_interval", seconds1},
                             {0x04000303, exact, "energy_display_decimals", count1},
                             {0x04000304, exact, "power_display_decimals", count1},
                             {0x04000305, exact, "key_display_screens", count1},
                             {0x04000306, exact, "current_transformer_ratio", count3},
                             {0x04000307, exact, "voltage_transformer_ratio", count3},
                             {0x04000401, exact, "meter_address", digits6},
                             {0x04000402, exact, "meter_number", digits6},
                             {0x04000403, exact, "asset_code", text32},
                             {0x04000404, exact, "rated_voltage", text6},
                             {0x04000405, exact, "rated_current", text6},
                             {0x04000406, exact, "maximum_current", text6},
                             {0x04000407, exact, "active_accuracy_class", text4},
                             {0x04000408, exact, "reactive_accuracy_class", text4},
                             {0x04000409, exact, "active_constant", active_constant},
                             {0x0400040A, exact, "reactive_constant", reactive_constant},
                             {0x0400040B, exact, "meter_model", text10},
                             {0x0400040C, exact, "production_date", text10},
                             {0x0400040D, exact, "protocol_version", text16},
                             {0x0400040E, exact, "customer_number", digits6},
                             {0x04000500, any_record, "status_word", status_word, Axis::number},
                             {0x04000601, exact, "active_combination", hex1},
                             {0x04000602, exact, "reactive_combination_1", hex1},
                             {0x04000603, exact, "reactive_combination_2", hex1},
                             {0x04000700, any_record, "baud_rate", baud_rate, Axis::number},
                             {0x04000801, exact, "weekend_days", hex1},
                             {0x04000802, exact, "weekend_period_table", count1},
                             {0x04000901, exact, "load_record_mode", hex1},
                             {0x04000A01, exact, "load_record_start", month_minute},
                             {0x04000B00, any_record, "settlement_day", day_hour, Axis::number},
                             {0x04000C00, any_record, "password", password, Axis::number},
                             {0x04000E01, exact, "forward_power_limit", power_limit},
                             {0x04000E02, exact, "reverse_power_limit", power_limit},
                             {0x04000E03, exact, "voltage_upper_limit", voltage},
                             {0x04000E04, exact, "voltage_lower_limit", voltage},
                             {0x04000F01, exact, "energy_alarm_1", active_energy},
                             {0x04000F02, exact, "energy_alarm_2", active_energy},
                             {0x04000F03, exact, "energy_hoarding_limit", active_energy},
                             {0x04000F04, exact, "energy_overdraft_limit", active_energy},
                             {0x04001001, exact, "amount_alarm_1", amount},
                             {0x04001002, exact, "amount_alarm_2", amount},
                             {0x04001003, exact, "amount_overdraft_limit", amount},
                             {0x04001004, exact, "amount_hoarding_limit", amount},
                             {0x04001005, exact, "amount_to_close", amount},
                             {0x04800001, exact, "software_version", text32},
                             {0x04800002, exact, "hardware_version", text32},
                             {0x04800003, exact, "maker_code", text32}};

constexpr Field demand_value_1997[]{{"", Format::decimal, 3, 4, false, "kW"}};
constexpr Field reactive_demand_value_1997[]{{"", Format::decimal, 3, 4, false, "kvar"}};
constexpr Field voltage_1997[]{{"", Format::decimal, 2, 0, false, "V"}};
constexpr Field current_1997[]{{"", Format::decimal, 2, 2, false, "A"}};
constexpr Field power_1997[]{{"", Format::decimal, 3, 4, false, "kW"}};
constexpr Field reactive_power_1997[]{{"", Format::decimal, 2, 2, false, "kvar"}};
constexpr Field power_factor_1997[]{{"", Format::decimal, 2, 3}};

constexpr std::uint32_t any_month_tariff = 0xF3F0, any_low = 0xFFF0, exact_1997 = 0xFFFF;

constexpr Pattern patterns_1997[]{
    {0x9010, any_month_tariff, "forward_active_energy", active_energy, Axis::tariff_1997},
    {0x9020, any_month_tariff, "reverse_active_energy", active_energy, Axis::tariff_1997},
    {0x9110, any_month_tariff, "forward_reactive_energy", reactive_energy, Axis::tariff_1997},
    {0x9120, any_month_tariff, "reverse_reactive_energy", reactive_energy, Axis::tariff_1997},
    {0xA010, any_month_tariff, "forward_active_demand", demand_value_1997, Axis::tariff_1997},
    {0xA020, any_month_tariff, "reverse_active_demand", demand_value_1997, Axis::tariff_1997},
    {0xA110, any_month_tariff, "forward_reactive_demand", reactive_demand_value_1997, Axis::tariff_1997},
    {0xA120, any_month_tariff, "reverse_reactive_demand", reactive_demand_value_1997, Axis::tariff_1997},
    {0xB210, exact_1997, "programming_time", month_minute},
    {0xB211, exact_1997, "demand_clear_time", month_minute},
    {0xB212, exact_1997, "programming_count", count2},
    {0xB213, exact_1997, "demand_clear_count", count2},
    {0xB214, exact_1997, "battery_working_time", minutes3},
    {0xB610, any_low, "voltage", voltage_1997, Axis::phase_1997},
    {0xB620, any_low, "current", current_1997, Axis::phase_1997},
    {0xB630, any_low, "active_power", power_1997, Axis::phase_1997},
    {0xB640, any_low, "reactive_power", reactive_power_1997, Axis::phase_1997},
    {0xB650, any_low, "power_factor", power_factor_1997, Axis::phase_1997},
    {0xC010, exact_1997, "date", date_weekday},
    {0xC011, exact_1997, "time", clock_time},
    {0xC020, exact_1997, "status_word", hex1},
    {0xC030, exact_1997, "active_constant", active_constant},
    {0xC031, exact_1997, "reactive_constant", reactive_constant},
    {0xC032, exact_1997, "meter_number", digits6},
    {0xC033, exact_1997, "customer_number", digits6},
    {0xC034, exact_1997, "device_code", digits6}};

std::optional<Match> find_quantity(std::uint32_t identifier) {
  const std::uint32_t kind = identifier >> 24, place = identifier >> 16 & 0xFF;
  const unsigned step = identifier >> 8 & 0xFF, settlement = identifier & 0xFF;
  const bool of_phase = place > phase_stride;
  const std::uint32_t phase = of_phase ? (place - 1) / phase_stride : 0;
  const std::uint32_t index = of_phase ? (place - 1) % phase_stride + 1 : place;
  if (kind > 1 || index >= quantities.size() || phase > 3) return std::nullopt;
  if ((step > 0x3F && step != whole_block) || (settlement > 0x0C && settlement != whole_block)) return std::nullopt;
  if (of_phase && step != 0) return std::nullopt;
  const Quantity& quantity = quantities[index];
  Match match;
  match.name = kind == 0 ? quantity.energy_name : quantity.demand_name;
  if (match.name.empty()) return std::nullopt;
  if (of_phase) match.name += std::string("_") + static_cast<char>('a' + phase - 1);
  match.pattern = {identifier, exact, {}, kind == 0 ? quantity.energy : quantity.demand, Axis::tariff};
  match.step = step;
  match.settlement = settlement;
  return match;
}

// False if the identifier has no such place.
bool place_on_axis(Match& match, std::uint32_t identifier) {
  const unsigned high = identifier >> 8 & 0xFF, low = identifier & 0xFF, nibble = identifier & 0x0F;
  switch (match.pattern.axis) {
    case Axis::none:
    case Axis::tariff:
      return true;
    case Axis::phase:
      match.step = high;
      return (high >= 1 && high <= 3) || high == whole_block;
    case Axis::total_and_phase:
      match.step = high;
      return high <= 3 || high == whole_block;
    case Axis::number:
      match.step = low;
      return low > 0;
    case Axis::tariff_1997:
      match.step = nibble == 0xF ? whole_block : nibble;
      match.settlement = high >> 2 & 3;
      return match.settlement < 3;
    case Axis::phase_1997:
      match.step = nibble == 0xF ? whole_block : nibble;
      return nibble <= 3 || nibble == 0xF;
  }
  return false;
}

std::optional<Match> find_in(std::span<const Pattern> table, std::uint32_t identifier) {
  for (const Pattern& pattern : table) {
    if ((identifier & pattern.mask) != pattern.id) continue;
    Match match{pattern, std::string(pattern.name)};
    if (place_on_axis(match, identifier)) return match;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Match> find_2007(std::uint32_t identifier) {
  auto quantity = find_quantity(identifier);
  return quantity ? quantity : find_in(patterns, identifier);
}

std::optional<Match> find_1997(std::uint32_t identifier) {
  return identifier > 0xFFFF ? std::nullopt : find_in(patterns_1997, identifier);
}

}  // namespace meterrig::dlt645
