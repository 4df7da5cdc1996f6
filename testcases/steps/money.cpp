#include "testcases/steps/money.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::size_t number_size = 3, date_size = 4;
// Of a table that nobody has to take.
constexpr std::int64_t observed_every_l = 500, observed_to_l = 5000;

void append(cjt188::Bytes& out, std::int64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i, value /= 100)
    out.push_back(static_cast<std::uint8_t>(value / 10 % 10 << 4 | value % 10));
}

std::optional<std::int64_t> take(std::span<const std::uint8_t>& bytes, std::size_t size) {
  if (bytes.size() < size) return std::nullopt;
  const auto value = cjt188::from_bcd(bytes.first(size));
  bytes = bytes.subspan(size);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

Task<MeterTable> read_table(Trial& trial, std::string item, bool standby) {
  const cjt188::Bytes bytes = co_await trial.station().meter().bytes_of(item);
  const auto table = table_from(bytes, standby);
  if (!table)
    trial.end(Verdict::fail, Cause{"meter", item, to_hex(bytes), 0,
                                   fmt::format("{} reads {}, which is no table", item, to_hex(bytes))});
  co_return *table;
}

}  // namespace

cjt188::Bytes bytes_of(const MeterTable& table) {
  cjt188::Bytes out;
  append(out, static_cast<std::int64_t>(table.table.volumes_m3.size()), 1);
  for (const std::int64_t volume : table.table.volumes_m3) append(out, volume, number_size);
  for (const tariff::Price price : table.table.prices) append(out, price, number_size);
  if (!table.enabled.empty()) append(out, std::stoll(table.enabled), date_size);
  return out;
}

std::optional<MeterTable> table_from(const cjt188::Bytes& bytes, bool standby) {
  std::span<const std::uint8_t> rest(bytes);
  MeterTable table;
  const auto count = take(rest, 1);
  if (!count) return std::nullopt;
  for (std::int64_t i = 0; i < *count; ++i) {
    const auto volume = take(rest, number_size);
    if (!volume) return std::nullopt;
    table.table.volumes_m3.push_back(*volume);
  }
  for (std::int64_t i = 0; i <= *count; ++i) {
    const auto price = take(rest, number_size);
    if (!price) return std::nullopt;
    table.table.prices.push_back(*price);
  }
  if (standby) {
    const auto date = take(rest, date_size);
    if (!date) return std::nullopt;
    table.enabled = fmt::format("{:08}", *date);
  }
  if (!rest.empty()) return std::nullopt;
  return table;
}

Task<MeterTable> current_table(Trial& trial) { co_return co_await read_table(trial, "price_table", false); }
Task<MeterTable> standby_table(Trial& trial) { co_return co_await read_table(trial, "standby_price_table", true); }

Task<> write_current_table(Trial& trial, tariff::PriceTable table) {
  const std::string bytes = to_hex(bytes_of({std::move(table), ""}));
  co_await trial.write_item("price_table", bytes);
}

Task<> write_standby_table(Trial& trial, tariff::PriceTable table, std::string enabled) {
  const std::string bytes = to_hex(bytes_of({std::move(table), std::move(enabled)}));
  co_await trial.write_item("standby_price_table", bytes);
}

Task<tariff::Cents> balance(Trial& trial) {
  std::vector<std::string> names{"balance_sign", "balance"};
  const auto read = co_await trial.station().meter().read(std::move(names));
  std::int64_t cents = 0;
  if (!parse_scaled(read.at("balance"), 2, cents))
    trial.rig_fault(fmt::format("the balance reads {:?}, which is no amount", read.at("balance")));
  co_return read.at("balance_sign") == "credit" ? -cents : cents;
}

Task<> begin_period(Trial& trial) {
  const SettlementTime time = settlement_time_of(trial.clause());
  co_await set_settlement_time(trial, time);
  co_await set_cycle(trial, Cycle::day);
  const CivilTime now = co_await meter_clock(trial);
  co_await run_across(trial, next_settlement(Cycle::day, time, now));
  const Usage start = co_await usage(trial);
  if (!period_is(trial, start.period, 0))
    trial.inconclusive(fmt::format("the period does not begin at 0 but at {} L: see 6.4.5", start.period));
}

tariff::Litres unseen_litres(const Trial& trial) {
  const auto declared = static_cast<tariff::Litres>(std::llround(trial.dut().period_resolution_m3 * 1000));
  return std::max(static_cast<tariff::Litres>(trial.number("resolution_l")), declared > 1 ? declared : 0);
}

void measure_settlement_error(Trial& trial, const tariff::Account& account, tariff::Cents shown, RunName run) {
  const tariff::Litres resolution = unseen_litres(trial);
  const tariff::Cost error = account.error(shown);
  trial.record_text("cost", tariff::cost_text(account.cost()), "yuan");
  trial.record_text("balance", tariff::money_text(shown), "yuan");
  trial.point({"settlement_error", "measured", tariff::cost_text(account.cost()), "yuan", tariff::cost_text(error),
               "yuan", run.zh, run.en});
  if (account.zone(shown, resolution) == tariff::Zone::resolution_limited) {
    trial.record_text("settlement_error", tariff::cost_text(error), "yuan");
    trial.inconclusive(fmt::format("resolution-limited: E = {} yuan, and the usage is told in steps of {} L",
                                   tariff::cost_text(error), resolution));
  }
  trial.exact("settlement_error", tariff::cost_text(error));
}

Task<Shown> shown_price(Trial& trial) {
  std::vector<std::string> names{"current_step", "current_price"};
  const auto read = co_await trial.station().meter().read(std::move(names));
  Shown is;
  if (!parse_scaled(read.at("current_step"), 0, is.step) || !parse_scaled(read.at("current_price"), 2, is.price))
    trial.rig_fault(
        fmt::format("step {:?} and price {:?} are no numbers", read.at("current_step"), read.at("current_price")));
  co_return is;
}

void mark_price(Trial& trial, tariff::Litres usage, tariff::Price price) {
  trial.point({"price_over_usage", "measured", tariff::volume_text(usage), "m3", tariff::price_text(price), "yuan/m3"});
}

// Both ends of each step: a line through them is the staircase.
void expect_prices(Trial& trial, const tariff::Staircase& prices, tariff::Litres to) {
  const std::vector<tariff::StepCost> steps = prices.parts(0, to);
  for (const tariff::StepCost& step : steps)
    for (const tariff::Litres usage : {step.from, step.to})
      trial.point({"price_over_usage", "expected", tariff::volume_text(usage), "m3", tariff::price_text(step.price),
                   "yuan/m3"});
}

Task<> observe_table(Trial& trial, tariff::PriceTable table) {
  const std::string item = "price_table";
  co_await trial.keep(item);
  const cjt188::Bytes offered = bytes_of({table, ""});
  co_await trial.offer(item, offered);
  const cjt188::Bytes is = co_await trial.station().meter().bytes_of(item);
  trial.record_text("table_offered", to_hex(offered));
  trial.record_text("table_read", to_hex(is));
  if (is == offered) {
    co_await begin_period(trial);
    const tariff::Cents before = co_await balance(trial);
    const std::int64_t highest = *std::max_element(table.volumes_m3.begin(), table.volumes_m3.end());
    const std::int64_t weight = litres_a_pulse(trial.dut());
    const std::int64_t step = (observed_every_l + weight - 1) / weight * weight;
    const std::int64_t end = std::min(highest * 1000, observed_to_l) + step;
    for (std::int64_t usage_l = step; usage_l <= end; usage_l += step) {
      co_await pass_water(trial, step);
      const Shown shown = co_await shown_price(trial);
      mark_price(trial, usage_l, shown.price);
    }
    const tariff::Cents after = co_await balance(trial);
    trial.record_text("charged", tariff::money_text(before - after), "yuan");
  }
  trial.end(Verdict::recorded,
            Cause{"", "", to_hex(is), 0,
                  fmt::format("the plan's table does not climb (step volumes falling, or fewer than two): the standard "
                              "says nothing of it; the meter {} it",
                              is == offered ? "took" : "did not take")});
}

}  // namespace meterrig::testcases
