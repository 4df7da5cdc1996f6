// CJ/T 503-2016 6.7, figure 1: valve closed, air at 15 kPa at its inlet, the leak sensor at the outlet.
#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  co_await power_up(trial);
  co_await sleep_for(trial.time("power_settle_s"));
  co_await close_valve(trial);
  const MeterStatus status = co_await trial.station().meter().status();
  trial.record_text("valve_status", status.valve == MeterStatus::Valve::closed ? "closed" : "not closed");
  co_await measure_leakage(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("power_settle_s", dut) + clause.number("settle_s", dut) + clause.number("average_s", dut) + 40;
}

}  // namespace

extern const Procedure procedure_valve_tightness{
    "valve_tightness",
    "阀门密封性",
    "valve tightness",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "gas_thermometer", "leak_sensor", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
