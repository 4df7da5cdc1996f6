// CJ/T 484 (revision) 5.4.8.3, 6.4.8.2 b): at least two step volumes and three prices, and an enable date in the
// standby table: counted in what the meter has, then written with all of them and read back.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

Task<int> written_and_read(Trial& trial, std::string item, MeterTable table) {
  Cjt188Meter& meter = trial.station().meter();
  const cjt188::Bytes before = co_await meter.bytes_of(item);
  trial.event("meter_write", {{"item", item}, {"old", to_hex(before)}, {"new", to_hex(bytes_of(table))}});
  const Cjt188Meter::Answer answer = co_await meter.offer(item, bytes_of(table));
  const cjt188::Bytes after = co_await meter.bytes_of(item);
  co_await meter.offer(item, before);
  if (answer == Cjt188Meter::Answer::accepted && after == bytes_of(table)) co_return 0;
  trial.note(fmt::format("{}：写入 {}，读回 {}", item, to_hex(bytes_of(table)), to_hex(after)),
             fmt::format("{}: {} was written and {} is read", item, to_hex(bytes_of(table)), to_hex(after)));
  co_return 1;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const MeterTable current = co_await current_table(trial);
  trial.count("step_volumes", static_cast<std::int64_t>(current.table.volumes_m3.size()));
  trial.count("step_prices", static_cast<std::int64_t>(current.table.prices.size()));
  const CivilTime now = co_await meter_clock(trial);
  const MeterTable table{table_of(trial, "prices"), ""};
  const MeterTable standby{table.table, time_mark(now + 30 * 24h)};
  int wrong = co_await written_and_read(trial, "price_table", table);
  wrong += co_await written_and_read(trial, "standby_price_table", standby);
  trial.count("not_read_back", wrong);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) { return clause.number("boot_s", dut) + 10; }

}  // namespace

extern const Procedure procedure_price_table_content{
    "price_table_content",
    "水价表内容",
    "content of the price tables",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
