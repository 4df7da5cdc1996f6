// CJ/T 484 (revision) 5.4.8.4, 6.4.8.3: the display shows what table 3 wants, at the values that water, money and the
// clock can bring about in a test, and it agrees with the interface.
#include <algorithm>

#include <fmt/format.h>

#include "testcases/steps/display.hpp"
#include "testcases/steps/plan_values.hpp"
#include "testcases/steps/purchases.hpp"

namespace meterrig::testcases {
namespace {

struct Pages {
  int wrong = 0, missing = 0;
};

void add(Pages& pages, OnDisplay shown) {
  if (shown == OnDisplay::blank) ++pages.missing;
  if (shown == OnDisplay::otherwise || shown == OnDisplay::unreadable) ++pages.wrong;
}

Task<> expect(Trial& trial, Pages& pages, std::string page, std::int64_t should, int decimals) {
  const OnDisplay shown = co_await look_at_number(trial, std::move(page), should, decimals);
  add(pages, shown);
}

// Row 3: where the step begins (m3), and its price.
Task<> expect_step_and_price(Trial& trial, Pages& pages, std::int64_t begin_m3, tariff::Price price) {
  const std::string page = "step_and_price";
  const std::string shown = co_await display(trial, page, "请读取显示的阶梯与水价", "read step and price");
  trial.record_text("shown_" + page, shown);
  const std::size_t gap = shown.find(' ');
  std::int64_t begin = -1, is = -1;
  if (shown == "blank") {
    ++pages.missing;
    trial.note("没有阶梯与水价显示页", "nothing is shown of step and price");
    co_return;
  }
  const bool read = gap != std::string::npos && parse_scaled(shown.substr(0, gap), 0, begin) &&
                    parse_scaled(shown.substr(gap + 1), 2, is);
  if (read && begin == begin_m3 && is == price) co_return;
  ++pages.wrong;
  trial.note(fmt::format("阶梯与水价显示 {}，应为 {} {}", shown, begin_m3, tariff::price_text(price)),
             fmt::format("step and price show {:?} and should show {} {}", shown, begin_m3, tariff::price_text(price)));
}

Task<> volumes(Trial& trial, Pages& pages) {
  constexpr std::int64_t display_step = 100;  // litres: one decimal of a cubic metre
  const Usage now = co_await usage(trial);
  co_await expect(trial, pages, "cumulative", now.cumulative / display_step, 1);
  co_await expect(trial, pages, "period", now.period / display_step, 1);
}

Task<> each_step(Trial& trial, Pages& pages) {
  const tariff::PriceTable table = table_of(trial.clause());
  std::int64_t begin = 0;
  for (std::size_t i = 0; i <= table.volumes_m3.size(); ++i) {
    const std::int64_t middle = begin * 1000 + 500;
    const Usage now = co_await usage(trial);
    co_await pass_water(trial, middle - now.period);
    co_await expect(trial, pages, "step", static_cast<std::int64_t>(i) + 1, 0);
    co_await expect_step_and_price(trial, pages, begin, table.prices[i]);
    if (i < table.volumes_m3.size()) begin = table.volumes_m3[i];
  }
}

constexpr tariff::Price dearest = 999'999;  // table 2
tariff::PriceTable dear_table() { return {{999'998, 999'999}, {dearest, 1, 2}}; }

// The dearest price, and with it a balance that a few litres bring below nothing.
Task<> extremes(Trial& trial, Pages& pages) {
  Purchases purchases(trial);
  const tariff::Cents before = co_await balance(trial);
  co_await expect(trial, pages, "balance", before, 2);
  co_await write_current_table(trial, dear_table());
  co_await expect_step_and_price(trial, pages, 0, dearest);
  const std::int64_t litres = before * tariff::costs_per_cent / dearest + 1;
  co_await pass_water(trial, std::max<std::int64_t>(litres, 1));
  const tariff::Cents credit = co_await balance(trial);
  if (credit >= 0) trial.inconclusive("the balance did not fall below 0: see 5.4.8.2");
  co_await expect(trial, pages, "balance", credit, 2);
  co_await purchases.buy(before - credit);
}

Task<> clock_page(Trial& trial, Pages& pages) {
  const CivilTime now = co_await meter_clock(trial);
  const CivilTime set_to = std::chrono::floor<std::chrono::days>(now) + 23h + 58min + 30s;
  co_await set_meter_clock(trial, set_to);
  const OnDisplay shown = co_await look_at_clock(trial, set_to, trial.clock().now());
  add(pages, shown);
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await write_current_table(trial, table_of(trial.clause()));
  co_await begin_period(trial);
  Pages pages;
  co_await each_step(trial, pages);
  co_await volumes(trial, pages);
  co_await extremes(trial, pages);
  co_await clock_page(trial, pages);
  trial.note("量程上限（99999.9 m³、999999 m³ 阶梯、9999.99 元）未能在试验中达到，以制造商声明为准",
             "the ends of the ranges that no test water reaches (99999.9 m3, a step at 999999 m3) were not seen: the "
             "maker's word");
  trial.count("missing_pages", pages.missing);
  trial.count("wrong_pages", pages.wrong);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + 120 + 2700 / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_display_content{"display_content",
                                                 "显示内容和显示范围",
                                                 "display content and range",
                                                 {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link",
                                                  "pulse_simulator", "pulse_counter", "operator", "ambient"},
                                                 Radio::none,
                                                 run,
                                                 estimate};

}  // namespace meterrig::testcases
