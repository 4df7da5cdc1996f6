// CJ/T 484 (revision) annex A, second part: E = (Ms - Mep) - cost, over volumes that end at a step, beside it and above
// all of them; then beyond the printed method purchases between and during the runs, a settlement and a switch of the
// price table in the middle, and a balance below 0 that is bought back. One chain without a fresh start: a lost
// remainder adds up.
#include <algorithm>

#include <fmt/format.h>

#include "core/tariff/decimal_text.hpp"
#include "testcases/steps/plan_values.hpp"
#include "testcases/steps/purchases.hpp"

namespace meterrig::testcases {
namespace {

const std::string next_prices = "next_prices_yuan_per_m3", credit_price = "credit_price_yuan_per_m3";
const std::string why_above = "annex A needs Vs above the last step volume";

// A meter may charge late; what it shows after this time is what counts.
Task<tariff::Cents> settled_balance(Trial& trial) {
  co_await sleep_for(trial.time("charge_s"));
  co_return co_await balance(trial);
}

Task<> run_volume(Trial& trial, tariff::Account& account, std::int64_t litres, RunName what) {
  co_await pass_water(trial, litres);
  account.use(litres);
  const tariff::Cents shown = co_await settled_balance(trial);
  const Usage now = co_await usage(trial);
  trial.record("period_usage", static_cast<double>(now.period), "L");
  measure_settlement_error(trial, account, shown, std::move(what));
}

struct Part {
  std::int64_t litres;
  RunName name;
};

// Up to a pulse below each step volume, to it, a pulse further; at last above all of them.
std::vector<Part> printed_parts(const plan::Clause& clause, std::int64_t pulse_l) {
  const tariff::PriceTable table = table_of(clause);
  std::vector<Part> parts;
  std::int64_t at = 0;
  for (const std::int64_t volume : table.volumes_m3) {
    const std::int64_t step = volume * 1000;
    parts.push_back({step - pulse_l - at,
                     {fmt::format("低于 {} m³ 一个脉冲", volume), fmt::format("a pulse below {} m3", volume)}});
    parts.push_back({pulse_l, {fmt::format("恰为 {} m³", volume), fmt::format("{} m3 exactly", volume)}});
    parts.push_back(
        {pulse_l, {fmt::format("高于 {} m³ 一个脉冲", volume), fmt::format("a pulse above {} m3", volume)}});
    at = step + pulse_l;
  }
  const std::int64_t above = litres_of(clause, "above_l", 1, why_above) - pulse_l;
  if (above > 0) parts.push_back({above, {"超过全部阶梯水量", "above all steps"}});
  return parts;
}

// What all runs cost together, but for the last: it has an account of its own.
tariff::Cost cost_of_runs(const plan::Clause& clause) {
  const tariff::PriceTable table = table_of(clause);
  tariff::Account account(tariff::Staircase(table), 0);
  account.use(table.volumes_m3.back() * 1000 + litres_of(clause, "above_l"));
  account.use(litres_of(clause, "before_settlement_l"));
  account.settle();
  account.use(litres_of(clause, "after_settlement_l"));
  account.switch_table(tariff::Staircase(table_of(clause, next_prices)));
  account.use(litres_of(clause, "after_switch_l"));
  return account.cost();
}

// Bought while the meter rests and a part of a cent waits, and once more under the same number, which counts once.
Task<> between_runs(Trial& trial, tariff::Account& account, Purchases& purchases) {
  const tariff::Cents amount = money_of(trial.clause(), "purchase_yuan");
  co_await purchases.buy(amount);
  account.purchase(amount);
  const tariff::Cents shown = co_await settled_balance(trial);
  measure_settlement_error(trial, account, shown, {"两次通水之间购金额", "a purchase between the runs"});
  const bool again = co_await purchases.counted_again();
  trial.count("purchases_counted_again", again ? 1 : 0);
  if (again) account.purchase(amount);  // E is about the charging
}

// Bought while water flows.
Task<> across_settlement(Trial& trial, tariff::Account& account, Purchases& purchases) {
  const std::int64_t volume = litres_of(trial.clause(), "before_settlement_l");
  const tariff::Cents amount = money_of(trial.clause(), "purchase_yuan");
  const RunningWater running = co_await let_water_flow(trial, volume);
  co_await purchases.buy(amount);
  account.purchase(amount);
  const std::int64_t passed = co_await finish_water(trial, running);
  account.use(passed);
  const tariff::Cents shown = co_await settled_balance(trial);
  measure_settlement_error(trial, account, shown,
                           {"结算前，通水中购金额", "before the settlement, bought in mid-flow"});
  const CivilTime now = co_await meter_clock(trial);
  co_await run_across(trial, next_settlement(Cycle::day, settlement_time_of(trial.clause()), now));
  account.settle();
  const RunName after{"结算后", "after the settlement"};
  co_await run_volume(trial, account, litres_of(trial.clause(), "after_settlement_l"), after);
}

// A table that becomes current in the middle of the period: the usage stays, and what it cost.
Task<> across_switch(Trial& trial, tariff::Account& account) {
  const tariff::Staircase next(table_of(trial.clause(), next_prices));
  const CivilTime now = co_await meter_clock(trial);
  const CivilTime at = std::chrono::ceil<std::chrono::hours>(now + 2h);
  co_await write_standby_table(trial, next.table(), time_mark(at));
  co_await run_across(trial, at);
  account.switch_table(next);
  const RunName after{"新水价表启用后", "after the new table"};
  co_await run_volume(trial, account, litres_of(trial.clause(), "after_switch_l"), after);
}

// Dear water takes the balance below 0 (5.4.8.4: a credit is shown), and a purchase takes it back to what it was. E is
// told of the two balances of 0 or more alone: in between a display that cuts off may be 0.02 yuan off.
Task<> across_credit(Trial& trial, Purchases& purchases) {
  const plan::Clause& clause = trial.clause();
  const tariff::Price price = price_of(clause, credit_price);
  tariff::PriceTable dear = table_of(clause);
  for (tariff::Price& one : dear.prices) one = price;
  const tariff::Cents start = co_await balance(trial);
  const std::int64_t weight = litres_a_pulse(trial.dut());
  const std::int64_t to_zero = std::max<std::int64_t>(0, start) * tariff::costs_per_cent / price + 2;
  const std::int64_t litres = (to_zero + weight - 1) / weight * weight;
  if (litres > litres_of(clause, "credit_most_l")) {
    trial.note(fmt::format("余额 {} 元过高，未做透支购金额试验", tariff::money_text(start)),
               fmt::format("the balance of {} yuan is too high: no purchase from a credit was tried",
                           tariff::money_text(start)));
    co_return;
  }
  co_await write_current_table(trial, dear);
  tariff::Account account(tariff::Staircase(std::move(dear)), start);
  co_await pass_water(trial, litres);
  account.use(litres);
  const tariff::Cents below = co_await settled_balance(trial);
  trial.record_text("credit", tariff::money_text(below), "yuan");
  if (below < 0) {
    const tariff::Cents amount = std::max<tariff::Cents>(0, start) - below;
    co_await purchases.buy(amount);
    account.purchase(amount);
  }
  const tariff::Cents shown = co_await settled_balance(trial);
  measure_settlement_error(trial, account, shown, {"透支后购金额", "bought back from a credit"});
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const tariff::PriceTable table = table_of(trial.clause());
  if (!climbs(table)) co_await observe_table(trial, table);
  co_await write_current_table(trial, table);
  co_await begin_period(trial);
  Purchases purchases(trial);
  const tariff::Cents start = co_await purchases.fill_up(money_of(trial.clause(), "balance_yuan"));
  tariff::Account account(tariff::Staircase(table), start);
  const std::vector<Part> parts = printed_parts(trial.clause(), litres_a_pulse(trial.dut()));
  for (const Part& part : parts) co_await run_volume(trial, account, part.litres, part.name);
  co_await between_runs(trial, account, purchases);
  co_await across_settlement(trial, account, purchases);
  co_await across_switch(trial, account);
  co_await across_credit(trial, purchases);
}

void check(const plan::Clause& clause, const plan::DutFile* dut) {
  const tariff::PriceTable table = table_of(clause);
  (void)table_of(clause, next_prices);
  (void)settlement_time_of(clause);
  (void)money_of(clause, "purchase_yuan");
  if (price_of(clause, credit_price) == 0) clause.refuse(credit_price, "a price above 0");
  (void)litres_of(clause, "credit_most_l");
  (void)litres_of(clause, "above_l", 1, why_above);
  for (const char* volume : {"above_l", "before_settlement_l", "after_settlement_l", "after_switch_l"})
    check_volume(clause, volume, dut);
  if (!climbs(table)) return;
  if (dut)
    for (const Part& part : printed_parts(clause, litres_a_pulse(*dut))) {
      if (part.litres <= 0) clause.refuse("step_volumes_m3", "step volumes that are several pulses apart");
      check_pulses(clause, "step_volumes_m3", part.litres, dut);
    }
  check_balance(clause, cost_of_runs(clause));
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  constexpr double runs = 12, balance_yuan = 500;
  const double litres =
      clause.list("step_volumes_m3").back() * 1000 + clause.number("above_l", dut) +
      clause.number("before_settlement_l", dut) + clause.number("after_settlement_l", dut) +
      clause.number("after_switch_l", dut) +
      balance_yuan * 1e5 / static_cast<double>(std::max<tariff::Price>(1, price_of(clause, credit_price)));
  return clause.number("boot_s", dut) + 6 * clause.number("lead_s", dut) +
         litres / clause.number("pulse_rate_hz", dut) +
         runs * (clause.number("charge_s", dut) + clause.number("settle_s", dut));
}

}  // namespace

extern const Procedure procedure_settlement_error{
    .name = "settlement_error",
    .title_zh = "金额结算误差",
    .title_en = "settlement error of annex A",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "operator", "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
