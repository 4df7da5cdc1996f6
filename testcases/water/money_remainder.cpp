// CJ/T 484 (revision) 5.4.8.2: money is settled in 0.01 yuan, and what is below is kept and adds up. Many small volumes
// that each cost a fraction of a cent: a remainder that is lost shows as an error that grows (annex A, E over a chain).
#include <fmt/format.h>

#include "testcases/steps/plan_values.hpp"
#include "testcases/steps/purchases.hpp"

namespace meterrig::testcases {
namespace {

// Between the segments the meter rests, is cut off, is asked what has nothing to do with it.
Task<> in_between(Trial& trial, int segment) {
  if (segment % 3 == 0) co_await sleep_for(trial.time("idle_s"));
  if (segment % 3 == 1) co_await power_cycle(trial, trial.time("off_s"));
  if (segment % 3 == 2) (void)co_await settled(trial, 1);
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const tariff::PriceTable table = table_of(trial.clause());
  if (!climbs(table)) co_await observe_table(trial, table);
  co_await write_current_table(trial, table);
  co_await begin_period(trial);
  const int segments = static_cast<int>(trial.number("segments"));
  const std::int64_t volume = litres_of(trial.clause(), "segment_l");
  Purchases purchases(trial);
  const tariff::Cents start = co_await purchases.fill_up(money_of(trial.clause(), "balance_yuan"));
  tariff::Account account(tariff::Staircase(table), start);
  for (int i = 0; i < segments; ++i) {
    co_await pass_water(trial, volume);
    account.use(volume);
    const tariff::Cents shown = co_await balance(trial);
    measure_settlement_error(trial, account, shown, {fmt::format("第 {} 段", i + 1), fmt::format("segment {}", i + 1)});
    co_await in_between(trial, i);
  }
}

void check(const plan::Clause& clause, const plan::DutFile* dut) {
  const tariff::PriceTable table = table_of(clause);
  (void)settlement_time_of(clause);
  check_volume(clause, "segment_l", dut);
  const std::int64_t segments = litres_of(clause, "segments");
  if (climbs(table)) check_balance(clause, tariff::Staircase(table).cost(segments * litres_of(clause, "segment_l")));
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double segments = clause.number("segments", dut);
  return clause.number("boot_s", dut) + 2 * clause.number("lead_s", dut) +
         segments * (clause.number("segment_l", dut) / clause.number("pulse_rate_hz", dut) +
                     clause.number("settle_s", dut) + 1) +
         segments / 3 * (clause.number("idle_s", dut) + clause.number("off_s", dut) + clause.number("boot_s", dut)) +
         20;
}

}  // namespace

extern const Procedure procedure_money_remainder{
    .name = "money_remainder",
    .title_zh = "金额余数累计",
    .title_en = "what is below a cent is kept",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "operator", "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
