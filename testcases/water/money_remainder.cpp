// CJ/T 484 (revision) 5.4.8.2: money is settled in 0.01 yuan, and what is below is kept and adds up. Many small volumes
// that each cost a fraction of a cent: a remainder that is lost shows as an error that grows (annex A, E over a chain).
#include <fmt/format.h>

#include "testcases/steps/money.hpp"

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
  const tariff::Staircase prices(table_of(trial, "prices"));
  co_await write_current_table(trial, prices.table());
  co_await begin_period(trial);
  const int segments = static_cast<int>(trial.number("segments"));
  const auto volume = static_cast<std::int64_t>(trial.number("segment_l"));
  const tariff::Cents start = co_await balance_for(trial, prices.cost(segments * volume));
  tariff::Account account(prices, start);
  for (int i = 0; i < segments; ++i) {
    co_await pass_water(trial, volume);
    account.use(volume);
    const tariff::Cents shown = co_await balance(trial);
    measure_settlement_error(trial, account, shown);
    co_await in_between(trial, i);
  }
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
    "money_remainder",
    "金额余数累计",
    "what is below a cent is kept",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
