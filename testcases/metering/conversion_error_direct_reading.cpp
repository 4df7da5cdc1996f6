// CJ/T 503-2016 6.12 b): the remote reading against the mechanical counter, absolute, at rest, at several positions
// among which wheels carry from 9 to 0.
#include "testcases/steps/conversion.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await open_valve(trial);
  const Conversion how{counter_division, remote_reading};
  co_await compare_readings(trial, how);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("settle_s", dut) + 60 +
         clause.number("positions", dut) * (0.5 / dut.qmax_m3_per_h.value_or(4) * 3600 + 12);
}

}  // namespace

extern const Procedure procedure_conversion_error_direct_reading{
    "conversion_error_direct_reading",
    "机电转换误差（直读式）",
    "electromechanical conversion error, direct-reading type",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "vent", "outlet_seal",
     "flow_standard", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
