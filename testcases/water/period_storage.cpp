// CJ/T 484 (revision) 6.4.6: the usage of the current period is stored: a power cycle leaves it as it was.
#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const auto volume = static_cast<std::int64_t>(trial.number("volume_l"));
  const Usage start = co_await usage(trial);
  co_await pass_water(trial, volume);
  const Usage before = co_await usage(trial);
  co_await power_cycle(trial, trial.time("off_s"));
  const Usage after = co_await usage(trial);
  trial.count("period_lost", before.period - after.period);
  trial.count("period_off", period_steps_off(trial, before.period - start.period, volume));
  trial.count("cumulative_lost", volume_between(after.cumulative, before.cumulative));
}

void check(const plan::Clause& clause, const plan::DutFile* dut) { check_volume(clause, "volume_l", dut); }

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return 2 * clause.number("boot_s", dut) + clause.number("off_s", dut) + 20 +
         clause.number("volume_l", dut) / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_period_storage{.name = "period_storage",
                                                .title_zh = "当前周期用量存储",
                                                .title_en = "storage of the period's usage",
                                                .needs = {"power_supply", "voltmeter", "ammeter", "path_switch",
                                                          "uart_link", "pulse_simulator", "pulse_counter", "ambient"},
                                                .run = run,
                                                .estimate_s = estimate,
                                                .check = check};

}  // namespace meterrig::testcases
