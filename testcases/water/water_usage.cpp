// CJ/T 484 (revision) 6.4.1: with water through it, cumulative usage and the usage of the current period grow together,
// on the interface and on the display.
#include "testcases/steps/function_check.hpp"
#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await check_function(trial);
}

void check(const plan::Clause& clause, const plan::DutFile* dut) { check_volume(clause, "volume_l", dut); }

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + function_check_s(clause, dut);
}

}  // namespace

extern const Procedure procedure_water_usage{
    .name = "water_usage",
    .title_zh = "用量",
    .title_en = "usage",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "operator", "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
