// CJ/T 484 (revision) 6.4.3: day, month, quarter and year. The clock is set before a settlement and runs across it
// while water flows; at an instant that is none of the cycle's nothing may be settled.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::array all_cycles{Cycle::day, Cycle::month, Cycle::quarter, Cycle::year};

struct Faults {
  int settlements = 0;  // that did not come, or not as they should
  int others = 0;       // that came where none may
};

void say(Trial& trial, Cycle cycle, const std::string& zh, const std::string& en) {
  trial.note(fmt::format("结算周期 {}：{}", word(cycle), zh), fmt::format("cycle {}: {}", word(cycle), en));
}

// Water flows from `lead_s` before the settlement on; what was counted before it belongs to the old period.
Task<int> across_settlement(Trial& trial, Cycle cycle, CivilTime at) {
  const auto flow = static_cast<std::int64_t>(trial.number("flow_across_l"));
  const Usage before = co_await usage(trial);
  co_await set_meter_clock(trial, at - std::chrono::seconds(static_cast<int>(trial.number("lead_s"))));
  const RunningWater running = co_await let_water_flow(trial, flow);
  co_await sleep_for(2 * trial.time("lead_s"));
  const std::int64_t passed = co_await finish_water(trial, running);
  const Usage after = co_await usage(trial);
  const Settled last = co_await settled(trial, 1);
  const std::int64_t total = volume_between(before.cumulative, after.cumulative);
  const std::int64_t in_old = volume_between(before.cumulative, last.cumulative);
  int faults = 0;
  if (last.mark != settled_mark(at)) {
    ++faults;
    say(trial, cycle, fmt::format("时间标志为 {}，应为 {}", last.mark, settled_mark(at)),
        fmt::format("the latest settlement is marked {}, not {}", last.mark, settled_mark(at)));
  }
  if (total != passed || in_old < 0 || in_old > passed || !period_is(trial, after.period, passed - in_old)) {
    ++faults;
    say(trial, cycle, fmt::format("通水 {} L，累积 {} L，冻结前 {} L，本期 {} L", passed, total, in_old, after.period),
        fmt::format("of {} L that passed the total has {} L, the settled period {} L and the new one {} L", passed,
                    total, in_old, after.period));
  }
  // The water after it leaves the settled value alone.
  co_await pass_water(trial, static_cast<std::int64_t>(trial.number("volume_after_l")));
  const Settled again = co_await settled(trial, 1);
  if (again != last) {
    ++faults;
    say(trial, cycle, "结算值随后续用量变化", "the settled value moved with the water after it");
  }
  co_return faults;
}

// Ends of smaller cycles: midnights, months, quarters that are not the cycle's own.
Task<int> across_another(Trial& trial, Cycle cycle, CivilTime at) {
  // Where the clock has to be waited for, settlements of the cycle may come meanwhile.
  co_await set_meter_clock(trial, at - std::chrono::seconds(static_cast<int>(trial.number("lead_s"))));
  const Settled before = co_await settled(trial, 1);
  const Usage usage_before = co_await usage(trial);
  co_await run_across(trial, at);
  const Settled after = co_await settled(trial, 1);
  const Usage usage_after = co_await usage(trial);
  // The mark may be wrong for reasons of its own; a settlement moves the value or begins the period anew.
  if (after.cumulative == before.cumulative && usage_after.period == usage_before.period) co_return 0;
  say(trial, cycle, fmt::format("在 {} 发生了不应有的结算", civil_text(at)),
      fmt::format("settled at {}, which is no settlement of this cycle", civil_text(at)));
  co_return 1;
}

// Midnights after `now`, in their order.
std::vector<CivilTime> no_settlements(Cycle cycle, CivilTime now) {
  struct Day {
    unsigned month, day;  // month 0: any
  };
  std::vector<Day> days;
  if (cycle == Cycle::month) days = {{0, 18}};
  if (cycle == Cycle::quarter) days = {{2, 1}, {5, 1}};
  if (cycle == Cycle::year) days = {{7, 1}};
  std::vector<CivilTime> found;
  for (const Day& one : days) {
    auto at = std::chrono::ceil<std::chrono::days>(now);
    const auto fits = [&](std::chrono::year_month_day date) {
      return date.day() == std::chrono::day(one.day) &&
             (one.month == 0 || date.month() == std::chrono::month(one.month));
    };
    while (!fits(std::chrono::year_month_day(at))) at += std::chrono::days(1);
    found.push_back(at);
  }
  std::sort(found.begin(), found.end());
  return found;
}

Task<Faults> one_cycle(Trial& trial, Cycle cycle, std::int64_t volume) {
  co_await set_cycle(trial, cycle);
  Faults faults;
  const CivilTime now = co_await meter_clock(trial);
  const std::vector<CivilTime> others = no_settlements(cycle, now);
  co_await pass_water(trial, volume);
  for (const CivilTime at : others) faults.others += co_await across_another(trial, cycle, at);
  const CivilTime from = co_await meter_clock(trial);
  faults.settlements = co_await across_settlement(trial, cycle, next_settlement(cycle, SettlementTime(), from));
  co_return faults;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await set_settlement_time(trial, SettlementTime());
  Faults all;
  const std::vector<std::int64_t> volumes = litres_list(trial.clause(), "volumes_l");
  for (std::size_t i = 0; i < all_cycles.size(); ++i) {
    const Faults its = co_await one_cycle(trial, all_cycles[i], volumes.at(i));
    trial.record(fmt::format("{}_faults", word(all_cycles[i])), its.settlements + its.others, "1");
    all.settlements += its.settlements;
    all.others += its.others;
  }
  trial.count("wrong_settlements", all.settlements);
  trial.count("settlements_at_other_times", all.others);
}

void check(const plan::Clause& clause, const plan::DutFile* dut) {
  for (const char* volume : {"volume_after_l", "flow_across_l"}) check_volume(clause, volume, dut);
  const std::string name = "volumes_l";
  if (clause.list(name).size() != all_cycles.size())
    clause.refuse(name, fmt::format("{} volumes, one for each cycle", all_cycles.size()));
  for (const std::int64_t volume : litres_list(clause, name)) check_pulses(clause, name, volume, dut);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  double litres = 4 * clause.number("volume_after_l", dut);
  for (const double volume : clause.list("volumes_l")) litres += volume;
  return clause.number("boot_s", dut) + litres / clause.number("pulse_rate_hz", dut) +
         8 * (2 * clause.number("lead_s", dut) + 20);
}

}  // namespace

extern const Procedure procedure_settlement_cycles{
    .name = "settlement_cycles",
    .title_zh = "结算周期",
    .title_en = "settlement cycles",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
