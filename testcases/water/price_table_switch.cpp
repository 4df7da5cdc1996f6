// CJ/T 484 (revision) 5.4.8.3, 6.4.8.2 a): there are a current and a standby price table, and the standby table becomes
// current by itself at its enable date. First the printed stimulus, the clock set to that date, then running across it.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

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
  const CivilTime at = std::chrono::ceil<std::chrono::hours>(now + 24h);
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
  const auto volume = static_cast<std::int64_t>(trial.number("volume_l"));
  co_await write_current_table(trial, tables.current);
  co_await begin_period(trial);
  const tariff::Staircase prices(tables.current), next(tables.next);
  const tariff::Cents start = co_await balance_for(trial, prices.cost(volume) + next.cost(2 * volume));
  tariff::Account account(prices, start);
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
  measure_settlement_error(trial, account, shown);
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const Tables tables{table_of(trial, "prices"), table_of(trial, "next_prices")};
  const int wrong = co_await set_to_date(trial, tables);
  trial.count("wrong_tables_at_date", wrong);
  co_await run_over_date(trial, tables);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + 6 * clause.number("lead_s", dut) + 60 +
         2 * clause.number("volume_l", dut) / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_price_table_switch{
    "price_table_switch",
    "备用水价表启用",
    "the standby price table becomes current",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
