#include "bench/meter/defects.hpp"

#include <fmt/format.h>

#include "bench/meter/defect_table.hpp"

namespace meterrig::bench {

const std::vector<MeterDefect>& meter_defects() {
  namespace table = defect_table;
  static const std::vector<MeterDefect> all = [] {
    std::vector<MeterDefect> rows;
    for (const auto part :
         {table::valve_tightness, table::valve_durability, table::body_tightness, table::quiescent_current,
          table::maximum_current, table::conversion, table::retention, table::power_loss_close, table::undervoltage,
          table::opening, table::remote_transmission, table::control}) {
      const std::vector<MeterDefect> more = part();
      rows.insert(rows.end(), more.begin(), more.end());
    }
    for (const auto part :
         {table::step_usage, table::step_clock, table::step_settlement, table::step_storage, table::step_money,
          table::step_tables, table::step_security, table::step_bench, table::step_supply, table::step_sights}) {
      for (MeterDefect& row : part()) rows.emplace_back(std::move(row)).meter = "water";
    }
    return rows;
  }();
  return all;
}

const MeterDefect* find_meter_defect(std::string_view name) {
  for (const MeterDefect& defect : meter_defects())
    if (defect.name == name) return &defect;
  return nullptr;
}

MeterDefect combine(const std::vector<const MeterDefect*>& defects) {
  MeterDefect all;
  const auto take = [](auto& into, const auto& from) {
    if (from) into = from;
  };
  for (const MeterDefect* defect : defects) {
    all.meter = defect->meter;
    all.name += (all.name.empty() ? "" : "+") + defect->name;
    all.changes.insert(all.changes.end(), defect->changes.begin(), defect->changes.end());
    const DefectConditions& conditions = defect->conditions;
    take(all.conditions.barometer_kpa, conditions.barometer_kpa);
    take(all.conditions.ambient_c, conditions.ambient_c);
    take(all.conditions.gas_temperature_rate_k_per_h, conditions.gas_temperature_rate_k_per_h);
    take(all.conditions.communication, conditions.communication);
    take(all.conditions.wake_period_s, conditions.wake_period_s);
    take(all.conditions.valve_close_time_s, conditions.valve_close_time_s);
    take(all.conditions.direct_reading, conditions.direct_reading);
    take(all.conditions.period_resolution_m3, conditions.period_resolution_m3);
    take(all.conditions.boot_time_s, conditions.boot_time_s);
    take(all.conditions.optional_functions, conditions.optional_functions);
    take(all.conditions.supply, conditions.supply);
  }
  return all;
}

std::string conditions_json(const DefectConditions& conditions) {
  std::string bench, dut;
  const auto put = [](std::string& into, std::string_view key, const std::string& value) {
    into += fmt::format("{}\"{}\": {}", into.empty() ? "" : ", ", key, value);
  };
  if (conditions.barometer_kpa) put(bench, "barometer_kpa", fmt::format("{}", *conditions.barometer_kpa));
  if (conditions.ambient_c) put(bench, "ambient_c", fmt::format("{}", *conditions.ambient_c));
  if (conditions.gas_temperature_rate_k_per_h)
    put(bench, "gas_temperature_rate_k_per_h", fmt::format("{}", *conditions.gas_temperature_rate_k_per_h));
  if (conditions.communication) put(dut, "communication", fmt::format("\"{}\"", *conditions.communication));
  if (conditions.wake_period_s) put(dut, "wake_period_s", fmt::format("{}", *conditions.wake_period_s));
  if (conditions.valve_close_time_s) put(dut, "valve_close_time_s", fmt::format("{}", *conditions.valve_close_time_s));
  if (conditions.direct_reading)
    put(dut, "conversion", *conditions.direct_reading ? "\"direct_reading\"" : "\"pulse\"");
  if (conditions.period_resolution_m3)
    put(dut, "period_resolution_m3", fmt::format("{}", *conditions.period_resolution_m3));
  if (conditions.boot_time_s) put(dut, "boot_time_s", fmt::format("{}", *conditions.boot_time_s));
  if (conditions.optional_functions) put(dut, "optional_functions", *conditions.optional_functions);
  if (conditions.supply) put(dut, "supply", fmt::format("\"{}\"", *conditions.supply));
  if (!dut.empty()) put(bench, "dut", "{" + dut + "}");
  return "{" + bench + "}";
}

std::vector<DefectRow> meter_defect_rows() {
  std::vector<DefectRow> rows;
  for (const MeterDefect& defect : meter_defects())
    rows.push_back({defect.name,
                    {defect.meter == "water" ? "cjt484" : "cjt503"},
                    defect.meter,
                    defect.borderline ? "borderline" : "defect",
                    defect.expected,
                    conditions_json(defect.conditions),
                    defect.what});
  return rows;
}

Sample declared_under(Sample sample, const DefectConditions& conditions) {
  if (conditions.communication) sample.communication = *conditions.communication;
  if (conditions.wake_period_s) sample.wake_period_s = *conditions.wake_period_s;
  if (conditions.direct_reading) sample.direct_reading = *conditions.direct_reading;
  if (conditions.supply) sample.supply = *conditions.supply;
  return sample;
}

}  // namespace meterrig::bench
