// CJ/T 484 (revision) 6.4.6: of the last settlements at least twelve are kept, the newest first, with their time marks.
// The thirteenth and the power cycle are the rig's additions.
#include <fmt/format.h>

#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

Task<std::vector<Settled>> all_settled(Trial& trial, int count) {
  std::vector<Settled> all;
  for (int n = 1; n <= count; ++n) {
    const Settled one = co_await settled(trial, n);
    all.push_back(one);
  }
  co_return all;
}

int wrong(Trial& trial, const std::vector<Settled>& is, const std::vector<Settled>& should, const char* when) {
  int count = 0;
  for (std::size_t i = 0; i < is.size(); ++i) {
    if (is[i] == should[i]) continue;
    ++count;
    trial.note(fmt::format("第 {} 条结算记录（{}）：{} {} L，应为 {} {} L", i + 1, when, is[i].mark, is[i].cumulative,
                           should[i].mark, should[i].cumulative),
               fmt::format("settled record {} ({}) is {} {} L and should be {} {} L", i + 1, when, is[i].mark,
                           is[i].cumulative, should[i].mark, should[i].cumulative));
  }
  return count;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await set_settlement_time(trial, SettlementTime());
  co_await set_cycle(trial, Cycle::day);
  const int records = static_cast<int>(trial.number("records"));
  std::vector<Settled> expected;
  const Usage start = co_await usage(trial);
  CivilTime at = next_settlement(Cycle::day, SettlementTime(), start.at);
  // One more than must be kept: a meter that keeps fewer has lost the oldest by then.
  for (int i = 1; i <= records + 1; ++i) {
    co_await pass_water(trial, i * static_cast<std::int64_t>(trial.number("step_l")));
    const Usage now = co_await usage(trial);
    co_await run_across(trial, at);
    expected.insert(expected.begin(), Settled{settled_mark(at), now.cumulative});
    at = next_settlement(Cycle::day, SettlementTime(), at + 1h);
  }
  const std::vector<Settled> kept = co_await all_settled(trial, records);
  trial.count("wrong_records", wrong(trial, kept, expected, "before the power cycle"));
  co_await power_cycle(trial, trial.time("off_s"));
  const std::vector<Settled> after = co_await all_settled(trial, records);
  trial.count("wrong_records_after_power_cycle", wrong(trial, after, expected, "after the power cycle"));
}

void check(const plan::Clause& clause, const plan::DutFile* dut) { check_volume(clause, "step_l", dut); }

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double records = clause.number("records", dut);
  const double litres = clause.number("step_l", dut) * (records + 1) * (records + 2) / 2;
  return 2 * clause.number("boot_s", dut) + clause.number("off_s", dut) +
         (records + 1) * (2 * clause.number("lead_s", dut) + 10) + litres / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_settlement_storage{
    .name = "settlement_storage",
    .title_zh = "历史结算数据存储",
    .title_en = "storage of the last settlements",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
