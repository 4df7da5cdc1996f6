// CJ/T 484 (revision) 5.4.8.3, 6.4.8.2 b): at least two step volumes and three prices, and an enable date in the
// standby table: counted in what the meter has, then written with all of them and read back.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/money.hpp"
#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

Task<int> written_and_read(Trial& trial, std::string item, MeterTable table) {
  co_await trial.keep(item);
  const Cjt188Meter::Answer answer = co_await trial.offer(item, bytes_of(table));
  const cjt188::Bytes after = co_await trial.station().meter().bytes_of(item);
  // An answer that got lost tells nothing; what is read back does.
  if (answer != Cjt188Meter::Answer::refused && after == bytes_of(table)) co_return 0;
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
  const MeterTable table{table_of(trial.clause()), ""};
  if (!climbs(table.table)) co_await observe_table(trial, table.table);
  const MeterTable standby{table.table, time_mark(enable_date_of(trial.clause(), now))};
  int wrong = co_await written_and_read(trial, "price_table", table);
  wrong += co_await written_and_read(trial, "standby_price_table", standby);
  trial.count("not_read_back", wrong);
}

void check(const plan::Clause& clause, const plan::DutFile*) {
  (void)table_of(clause);
  (void)enable_date_of(clause);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) { return clause.number("boot_s", dut) + 10; }

}  // namespace

extern const Procedure procedure_price_table_content{
    .name = "price_table_content",
    .title_zh = "水价表内容",
    .title_en = "content of the price tables",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
