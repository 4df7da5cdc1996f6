// CJ/T 484 (revision) 6.4.5: at the settlement the cumulative usage is frozen and the period begins anew. What passes
// before the instant belongs to the old period, what passes at it or after to the new one.
#include <fmt/format.h>

#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

int expect(Trial& trial, const char* what, std::int64_t is, std::int64_t should) {
  trial.record(what, static_cast<double>(is), "L");
  if (is == should) return 0;
  trial.note(fmt::format("{} 为 {} L，应为 {} L", what, is, should),
             fmt::format("{} is {} L and should be {} L", what, is, should));
  return 1;
}

int expect_period(Trial& trial, const char* what, std::int64_t is, std::int64_t should) {
  return expect(trial, what, is, period_is(trial, is, should) ? is : should);
}

// Without water at the instant: before and after sets.
Task<int> still(Trial& trial) {
  const auto volume = static_cast<std::int64_t>(trial.number("volume_l"));
  co_await pass_water(trial, volume);
  const Usage before = co_await usage(trial);
  const CivilTime at = next_settlement(Cycle::day, SettlementTime(), before.at);
  co_await run_across(trial, at);
  const Usage after = co_await usage(trial);
  const Settled last = co_await settled(trial, 1);
  co_await pass_water(trial, volume);
  const Usage later = co_await usage(trial);
  int faults = expect(trial, "settled", last.cumulative, before.cumulative);
  faults += expect(trial, "cumulative_after", after.cumulative, before.cumulative);
  faults += expect_period(trial, "period_after", after.period, 0);
  faults += expect_period(trial, "period_later", later.period, volume);
  if (last.mark != settled_mark(at)) {
    ++faults;
    trial.note(fmt::format("时间标志 {}，应为 {}", last.mark, settled_mark(at)),
               fmt::format("the time mark is {} and should be {}", last.mark, settled_mark(at)));
  }
  co_return faults;
}

// One step of the register shortly before the instant, one shortly after it.
Task<int> at_the_boundary(Trial& trial) {
  const auto step = static_cast<std::int64_t>(trial.number("boundary_step_l"));
  const Duration off = trial.time("boundary_off_s");
  const Usage before = co_await usage(trial);
  const CivilTime at = next_settlement(Cycle::day, SettlementTime(), before.at);
  const Duration lead = trial.time("lead_s");
  co_await set_meter_clock(trial, at - std::chrono::seconds(static_cast<int>(to_seconds(lead))));
  const Instant instant = trial.clock().now() + lead;
  co_await sleep_until(instant - off);
  const RunningWater early = co_await let_water_flow(trial, step);
  co_await finish_water(trial, early);
  co_await sleep_until(instant + off);
  const RunningWater late = co_await let_water_flow(trial, step);
  co_await finish_water(trial, late);
  co_await sleep_until(instant + lead);
  const Usage after = co_await usage(trial);
  const Settled last = co_await settled(trial, 1);
  int faults = expect(trial, "boundary_settled", volume_between(before.cumulative, last.cumulative), step);
  faults += expect(trial, "boundary_cumulative", volume_between(before.cumulative, after.cumulative), 2 * step);
  faults += expect_period(trial, "boundary_period", after.period, step);
  co_return faults;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await set_settlement_time(trial, SettlementTime());
  co_await set_cycle(trial, Cycle::day);
  const int still_faults = co_await still(trial);
  trial.count("wrong_values", still_faults);
  const int boundary_faults = co_await at_the_boundary(trial);
  trial.count("wrong_values_at_the_boundary", boundary_faults);
}

void check(const plan::Clause& clause, const plan::DutFile* dut) {
  for (const char* volume : {"volume_l", "boundary_step_l"}) check_volume(clause, volume, dut);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + 4 * clause.number("lead_s", dut) + 60 +
         2 * clause.number("volume_l", dut) / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_settlement_freeze{
    .name = "settlement_freeze",
    .title_zh = "冻结",
    .title_en = "freeze at settlement",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
