// CJ/T 484 (revision) annex A, second part: E = (Ms - Mep) - cost, over volumes that end at a step, beside it and above
// all of them; then beyond the printed method a usage that does not begin at 0, a settlement and a switch of the price
// table in the middle. One chain without a fresh start: a lost remainder adds up.
#include <fmt/format.h>

#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

Task<> run_volume(Trial& trial, tariff::Account& account, std::int64_t litres, std::string what) {
  co_await pass_water(trial, litres);
  account.use(litres);
  // A meter may charge late; what it shows after this time is what counts.
  co_await sleep_for(trial.time("charge_s"));
  const tariff::Cents shown = co_await balance(trial);
  const Usage now = co_await usage(trial);
  trial.record_text("run", what);
  trial.record("period_usage", static_cast<double>(now.period), "L");
  measure_settlement_error(trial, account, shown);
}

Task<> printed_runs(Trial& trial, tariff::Account& account) {
  const tariff::PriceTable& table = account.prices().table();
  const auto above = static_cast<std::int64_t>(trial.number("above_l"));
  std::int64_t at = 0;
  for (const std::int64_t volume : table.volumes_m3) {
    const std::int64_t step = volume * 1000;
    co_await run_volume(trial, account, step - 1 - at, fmt::format("one litre below {} m3", volume));
    co_await run_volume(trial, account, 1, fmt::format("{} m3 exactly", volume));
    co_await run_volume(trial, account, 1, fmt::format("one litre above {} m3", volume));
    at = step + 1;
  }
  co_await run_volume(trial, account, above - 1, "above all steps");
}

Task<> across_settlement(Trial& trial, tariff::Account& account) {
  const auto before = static_cast<std::int64_t>(trial.number("before_settlement_l"));
  co_await run_volume(trial, account, before, "before the settlement");
  const CivilTime now = co_await meter_clock(trial);
  co_await run_across(trial, next_settlement(Cycle::day, SettlementTime(), now));
  account.settle();
  co_await run_volume(trial, account, static_cast<std::int64_t>(trial.number("after_settlement_l")),
                      "after the settlement");
}

// A table that becomes current in the middle of the period: the usage stays, and what it cost.
Task<> across_switch(Trial& trial, tariff::Account& account) {
  const tariff::Staircase next(table_of(trial, "next_prices"));
  const CivilTime now = co_await meter_clock(trial);
  const CivilTime at = std::chrono::ceil<std::chrono::hours>(now + 2h);
  co_await write_standby_table(trial, next.table(), time_mark(at));
  co_await run_across(trial, at);
  account.switch_table(next);
  co_await run_volume(trial, account, static_cast<std::int64_t>(trial.number("after_switch_l")), "after the new table");
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const tariff::Staircase prices(table_of(trial, "prices"));
  co_await write_current_table(trial, prices.table());
  co_await begin_period(trial);
  const std::int64_t last =
      prices.table().volumes_m3.back() * 1000 + static_cast<std::int64_t>(trial.number("above_l"));
  // Twice what the printed runs cost pays for the extended ones, too.
  const tariff::Cents start = co_await balance_for(trial, 2 * prices.cost(last));
  tariff::Account account(prices, start);
  co_await printed_runs(trial, account);
  co_await across_settlement(trial, account);
  co_await across_switch(trial, account);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double litres = clause.list("step_volumes_m3").back() * 1000 + clause.number("above_l", dut) +
                        clause.number("before_settlement_l", dut) + clause.number("after_settlement_l", dut) +
                        clause.number("after_switch_l", dut);
  return clause.number("boot_s", dut) + 6 * clause.number("lead_s", dut) +
         litres / clause.number("pulse_rate_hz", dut) +
         10 * (clause.number("charge_s", dut) + clause.number("settle_s", dut));
}

}  // namespace

extern const Procedure procedure_settlement_error{
    "settlement_error",
    "金额结算误差",
    "settlement error of annex A",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
