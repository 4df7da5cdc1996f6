// CJ/T 484 (revision) 5.4.8.3, 6.4.8.2 a): there are a current and a standby price table, and the standby table becomes
// current by itself at its enable date. First the printed stimulus, the clock set to that date, then running across it.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/plan_values.hpp"
#include "testcases/steps/purchases.hpp"

namespace meterrig::testcases {
namespace {

const std::string next_prices = "next_prices_yuan_per_m3";

int differs(Trial& trial, const char* when, const tariff::PriceTable& is, const tariff::PriceTable& should) {
  if (is == should) return 0;
  trial.note(
      fmt::format("{}：当前水价表为 {}，应为 {}", when, to_hex(bytes_of({is, ""})), to_hex(bytes_of({should, ""}))),
      fmt::format("{}: the current table is {} and should be {}", when, to_hex(bytes_of({is, ""})),
                  to_hex(bytes_of({should, ""}))));
  return 1;
}

struct Tables {
  tariff::PriceTable current, next;
};

// The clock is set to the enable date itself; what the display shows of the price is the operator's to say.
Task<int> set_to_date(Trial& trial, Tables tables) {
  const CivilTime now = co_await meter_clock(trial);
  const CivilTime at = enable_date_of(trial.clause(), now);
  // A date that is over would be enabled at once.
  if (at <= now) co_await set_meter_clock(trial, at - 24h);
  co_await write_current_table(trial, tables.current);
  co_await write_standby_table(trial, tables.next, time_mark(at));
  const MeterTable before = co_await current_table(trial);
  int wrong = differs(trial, "before the date", before.table, tables.current);
  co_await set_meter_clock(trial, at);
  co_await sleep_for(trial.time("lead_s"));
  const MeterTable after = co_await current_table(trial);
  wrong += differs(trial, "set to the date", after.table, tables.next);
  const std::string shown = co_await display(trial, "step_and_price", "请读取显示的阶梯与水价", "read step and price");
  trial.record_text("shown", shown);
  const std::string price = tariff::price_text(tables.next.prices.front());
  if (!shown.ends_with(" " + price)) {
    ++wrong;
    trial.note(fmt::format("显示 {}，应为第 1 阶水价 {}", shown, price),
               fmt::format("the display shows {:?}; the price of the first step is {}", shown, price));
  }
  co_return wrong;
}

// Water before and after the hour, each at its own prices; the usage of the period goes on.
Task<> run_over_date(Trial& trial, Tables tables) {
  const std::int64_t volume = litres_of(trial.clause(), "volume_l");
  co_await write_current_table(trial, tables.current);
  co_await begin_period(trial);
  const tariff::Staircase next(tables.next);
  Purchases purchases(trial);
  const tariff::Cents start = co_await purchases.fill_up(money_of(trial.clause(), "balance_yuan"));
  tariff::Account account(tariff::Staircase(tables.current), start);
  const CivilTime now = co_await meter_clock(trial);
  const CivilTime at = std::chrono::ceil<std::chrono::hours>(now + 2h);
  co_await write_standby_table(trial, tables.next, time_mark(at));
  co_await pass_water(trial, volume);
  account.use(volume);
  const MeterTable before = co_await current_table(trial);
  int wrong = differs(trial, "before its hour", before.table, tables.current);
  co_await run_across(trial, at);
  account.switch_table(next);
  const MeterTable after = co_await current_table(trial);
  wrong += differs(trial, "after its hour", after.table, tables.next);
  trial.count("wrong_tables_over_date", wrong);
  co_await pass_water(trial, volume);
  account.use(volume);
  const tariff::Cents shown = co_await balance(trial);
  measure_settlement_error(trial, account, shown, {"启用前后", "before and after the hour"});
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const Tables tables{table_of(trial.clause()), table_of(trial.clause(), next_prices)};
  if (!climbs(tables.current)) co_await observe_table(trial, tables.current);
  const int wrong = co_await set_to_date(trial, tables);
  trial.count("wrong_tables_at_date", wrong);
  co_await run_over_date(trial, tables);
}

void check(const plan::Clause& clause, const plan::DutFile* dut) {
  const Tables tables{table_of(clause), table_of(clause, next_prices)};
  (void)settlement_time_of(clause);
  (void)enable_date_of(clause);
  check_volume(clause, "volume_l", dut);
  if (!climbs(tables.current)) return;
  const std::int64_t volume = litres_of(clause, "volume_l");
  check_balance(clause, tariff::Staircase(tables.current).cost(volume) +
                            tariff::Staircase(tables.next).cost_between(volume, 2 * volume));
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + 6 * clause.number("lead_s", dut) + 60 +
         2 * clause.number("volume_l", dut) / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_price_table_switch{
    .name = "price_table_switch",
    .title_zh = "备用水价表启用",
    .title_en = "the standby price table becomes current",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "operator", "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
