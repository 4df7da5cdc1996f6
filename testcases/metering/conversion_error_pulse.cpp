// CJ/T 503-2016 6.12 a): the change of the remote reading against the change of the mechanical counter, at least two
// signal equivalents at qmax.
#include <string>

#include "testcases/steps/conversion.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await open_valve(trial);
  const Conversion how{counter_division, remote_reading};
  co_await compare_changes(trial, how);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double volume = clause.number("equivalents", dut) * std::stod(dut.pulse_volume_m3);
  return clause.number("settle_s", dut) + volume / dut.qmax_m3_per_h.value_or(4) * 3600 + 25;
}

}  // namespace

extern const Procedure procedure_conversion_error_pulse{
    "conversion_error_pulse",
    "机电转换误差（脉冲式）",
    "electromechanical conversion error, pulse type",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "vent", "outlet_seal",
     "flow_standard", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
