// CJ/T 484 (revision) 6.3.15 (JJG 162-2019): the electronic reading against the mechanical counter, with water through
// both. A pulse simulator will not do: it stands for the sensor and turns no wheel.
#include <cmath>
#include <string>

#include "testcases/steps/conversion.hpp"
#include "testcases/steps/water.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::int64_t per_litre = 10;  // ten-thousandths of a cubic metre

Task<std::int64_t> fine_reading(Trial& trial) {
  const Usage now = co_await usage(trial);
  co_return now.cumulative* per_litre;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const Conversion how{std::llround(trial.number("counter_division_l") * per_litre), fine_reading};
  if (trial.dut().conversion == "pulse")
    co_await compare_changes(trial, how);
  else
    co_await compare_readings(trial, how);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  constexpr double prompt_s = 10, longest_way_m3 = 1;
  const double seconds_a_m3 = 3600 / dut.nominal_flow_m3_per_h.value_or(2.5);
  if (dut.conversion == "pulse")
    return clause.number("boot_s", dut) + 2 * prompt_s +
           clause.number("equivalents", dut) * std::stod(dut.pulse_volume_m3) * seconds_a_m3;
  return clause.number("boot_s", dut) +
         clause.number("positions", dut) * (prompt_s + longest_way_m3 / 2 * seconds_a_m3);
}
}  // namespace

extern const Procedure procedure_conversion_error_water{
    "conversion_error_water",
    "机电转换误差（水表）",
    "electromechanical conversion error of a water meter",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "flow_standard", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
