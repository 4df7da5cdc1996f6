#include "testcases/steps/money.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "meters/telegram.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::size_t number_size = 3, date_size = 4;

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

tariff::PriceTable table_of(const Trial& trial, const std::string& prices) {
  tariff::PriceTable table;
  for (const double volume : trial.list("step_volumes_m3"))
    table.volumes_m3.push_back(static_cast<std::int64_t>(volume));
  for (const double price : trial.list(prices)) table.prices.push_back(static_cast<tariff::Price>(price));
  const std::vector<std::string> faults = tariff::faults_of(table);
  if (!faults.empty())
    throw UserError(fmt::format("clause {}: step_volumes_m3 and {} are no price table: {}", trial.clause().id, prices,
                                faults.front()));
  return table;
}

Task<tariff::Cents> balance(Trial& trial) {
  std::vector<std::string> names{"balance_sign", "balance"};
  const auto read = co_await trial.station().meter().read(std::move(names));
  std::int64_t cents = 0;
  if (!parse_scaled(read.at("balance"), 2, cents))
    trial.rig_fault(fmt::format("the balance reads {:?}, which is no amount", read.at("balance")));
  co_return read.at("balance_sign") == "credit" ? -cents : cents;
}

Task<tariff::Cents> balance_for(Trial& trial, tariff::Cost cost) {
  const tariff::Cents is = co_await balance(trial);
  if (is * tariff::costs_per_cent > cost) co_return is;
  trial.inconclusive(
      fmt::format("the balance of {} yuan does not pay for the test's water, {} yuan: annex A needs one "
                  "that does; let the meter be charged",
                  tariff::money_text(is), tariff::cost_text(cost)));
}

Task<> begin_period(Trial& trial) {
  co_await set_settlement_time(trial, SettlementTime());
  co_await set_cycle(trial, Cycle::day);
  const CivilTime now = co_await meter_clock(trial);
  co_await run_across(trial, next_settlement(Cycle::day, SettlementTime(), now));
  const Usage start = co_await usage(trial);
  if (!period_is(trial, start.period, 0))
    trial.inconclusive(fmt::format("the period does not begin at 0 but at {} L: see 6.4.5", start.period));
}

tariff::Litres unseen_litres(const Trial& trial) {
  const auto declared = static_cast<tariff::Litres>(std::llround(trial.dut().period_resolution_m3 * 1000));
  return std::max(static_cast<tariff::Litres>(trial.number("resolution_l")), declared > 1 ? declared : 0);
}

void measure_settlement_error(Trial& trial, const tariff::Account& account, tariff::Cents shown) {
  const tariff::Litres resolution = unseen_litres(trial);
  const tariff::Cost error = account.error(shown);
  trial.record_text("cost", tariff::cost_text(account.cost()) + " yuan");
  trial.record_text("balance", tariff::money_text(shown) + " yuan");
  if (account.zone(shown, resolution) == tariff::Zone::resolution_limited) {
    trial.record_text("settlement_error", tariff::cost_text(error) + " yuan");
    trial.inconclusive(fmt::format("resolution-limited: E = {} yuan, and the usage is told in steps of {} L",
                                   tariff::cost_text(error), resolution));
  }
  trial.count("settlement_error", error);
}

}  // namespace meterrig::testcases
