#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/bench.hpp"
#include "bench/meter/traits.hpp"

namespace meterrig::bench {

// What a defect needs of the bench around the meter, and of the meter's declaration. Unset: as usual.
struct DefectConditions {
  std::optional<double> barometer_kpa;
  std::optional<double> ambient_c;
  std::optional<double> gas_temperature_rate_k_per_h;
  // The DUT file's keys that have to say so too.
  std::optional<char> communication;
  std::optional<double> wake_period_s;
  std::optional<double> valve_close_time_s;
  std::optional<bool> direct_reading;
  std::optional<double> period_resolution_m3;
  std::optional<double> boot_time_s;
  std::optional<std::string> optional_functions;  // JSON list
  std::optional<std::string> supply;
};

// A deliberate fault of a virtual meter, or a borderline-good variant: a change of its traits. Default: healthy.
struct MeterDefect {
  std::string name;
  bool borderline = false;
  std::vector<void (*)(MeterTraits&)> changes;
  // Clause id -> verdict, for every clause of its standard's type test whose verdict its physics changes.
  std::vector<std::pair<std::string, std::string>> expected;
  DefectConditions conditions;
  std::string what;
  std::string meter = "gas";  // gas, water: what it is a fault of
};

const std::vector<MeterDefect>& meter_defects();
// Null: no such name.
const MeterDefect* find_meter_defect(std::string_view name);
// Several defects in one meter: changes and conditions in the order given.
MeterDefect combine(const std::vector<const MeterDefect*>& defects);
// {"ambient_c": 30, "dut": {"communication": "S"}}
std::string conditions_json(const DefectConditions& conditions);
// The meter rows of `list defects`.
std::vector<DefectRow> meter_defect_rows();
// The sample as its declaration must be under the defect's conditions.
Sample declared_under(Sample sample, const DefectConditions& conditions);

}  // namespace meterrig::bench
