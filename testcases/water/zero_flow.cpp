// CJ/T 484 (revision) 6.2.3 (GB/T 778.2-2018 8.17): without flow nothing is counted, filled and drained.
#include <cmath>
#include <cstdlib>

#include "testcases/steps/water.hpp"

namespace meterrig::testcases {
namespace {

constexpr double step_m3 = 0.001;  // of what is compared, a litre

// A begun interval counts as a whole one.
std::int64_t intervals(std::int64_t litres, double interval_m3) {
  constexpr double rounding = 1e-9;
  return std::llround(std::ceil(static_cast<double>(std::abs(litres)) * step_m3 / interval_m3 - rounding));
}

Task<> stand_still(Trial& trial, std::string phase) {
  const Usage before = co_await usage(trial);
  const Instant began = trial.clock().now();
  co_await sleep_until(began + trial.time("duration_s"));
  const Usage after = co_await usage(trial);
  const plan::DutFile& dut = trial.dut();
  const double interval_m3 = dut.verification_interval_m3;
  trial.record_text("phase", phase);
  trial.record("cumulative_before", static_cast<double>(before.cumulative), "L");
  trial.record("cumulative_after", static_cast<double>(after.cumulative), "L");
  trial.count("cumulative_change", intervals(volume_between(before.cumulative, after.cumulative), interval_m3));
  trial.count("period_change",
              intervals(after.period - before.period, std::max(interval_m3, dut.period_resolution_m3)));
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await have_done(
      trial, "filled", "请将水表充满水、排尽空气并关闭两端阀门（无流量），完成后回答 yes",
      "fill the meter with water, purge all air, close the valves on both sides; yes when nothing flows");
  co_await stand_still(trial, "filled");
  co_await have_done(trial, "drained", "请将水表内的水排空并保持关闭，完成后回答 yes",
                     "drain the meter and leave it closed; yes when it is empty");
  co_await stand_still(trial, "drained");
  co_await have_done(trial, "filled", "请重新将水表充满水，完成后回答 yes",
                     "fill the meter again; yes when it is full");
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + 2 * clause.number("duration_s", dut) + 30;
}
}  // namespace

extern const Procedure procedure_zero_flow{
    "zero_flow", "零流量",
    "zero flow", {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "operator", "ambient"},
    Radio::none, run,
    estimate};

}  // namespace meterrig::testcases
