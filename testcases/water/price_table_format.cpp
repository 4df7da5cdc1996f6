// CJ/T 484 (revision) 6.4.8.2 c), table 2: step volumes of six digits, prices of four and two, enable dates YYMMDDhh,
// all BCD. The ends of each range are written and read, byte by byte; a date that is none must be refused.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

struct Case {
  MeterTable table;
  bool legal;
  const char* about;
};

std::vector<Case> cases() {
  const tariff::PriceTable plain{{1, 2}, {207, 414, 621}};
  return {{{{{1, tariff::step_volume_max_m3}, {1, 2, 3}}, "28010100"}, true, "ends of the step volumes"},
          {{{{1, 2}, {1, 50, tariff::price_max}}, "28010100"}, true, "ends of the prices"},
          {{plain, "28022900"}, true, "29 February of a leap year"},
          {{plain, "99123123"}, true, "last hour of the century"},
          {{plain, "29022900"}, false, "29 February of no leap year"},
          {{plain, "28130100"}, false, "month 13"},
          {{plain, "28010124"}, false, "hour 24"}};
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  Cjt188Meter& meter = trial.station().meter();
  const std::string item = "standby_price_table";
  co_await trial.keep(item);
  int lost = 0, taken = 0;
  const std::vector<Case> all = cases();
  for (const Case& one : all) {
    const cjt188::Bytes before = co_await meter.bytes_of(item);
    const cjt188::Bytes offered = bytes_of(one.table);
    co_await trial.offer(item, offered);
    const cjt188::Bytes after = co_await meter.bytes_of(item);
    if (after == (one.legal ? offered : before)) continue;
    ++(one.legal ? lost : taken);
    trial.note(fmt::format("{}：写入 {}，读回 {}", one.about, to_hex(offered), to_hex(after)),
               fmt::format("{}: {} was written and {} is read", one.about, to_hex(offered), to_hex(after)));
  }
  trial.count("legal_values_lost", lost);
  trial.count("illegal_values_taken", taken);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) { return clause.number("boot_s", dut) + 15; }

}  // namespace

extern const Procedure procedure_price_table_format{
    "price_table_format",
    "水价表数据格式",
    "format of the price tables",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
