// CJ/T 484 (revision) annex A, first part: while water runs the current price is that of the step in which the usage of
// the period lies (figure A.1). At exactly a step volume either neighbour is accepted: the standard leaves it open.
#include <algorithm>

#include <fmt/format.h>

#include "testcases/steps/plan_values.hpp"
#include "testcases/steps/purchases.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::int64_t above_all_l = 500;

// The usages at which the price is asked: in each step, a little before and behind each step volume, and at it; whole
// pulses all of them.
std::vector<std::int64_t> usages(const plan::Clause& clause, std::int64_t beside, std::int64_t pulse_l) {
  const auto whole = [pulse_l](std::int64_t litres) { return (litres + pulse_l - 1) / pulse_l * pulse_l; };
  const tariff::PriceTable table = table_of(clause);
  std::vector<std::int64_t> all;
  std::int64_t from = 0;
  for (const std::int64_t volume : table.volumes_m3) {
    const std::int64_t at = volume * 1000;
    for (const std::int64_t usage : {whole((from + at) / 2), at - whole(beside), at, at + whole(beside)})
      all.push_back(usage);
    from = at;
  }
  all.push_back(from + whole(above_all_l));
  return all;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const tariff::PriceTable table = table_of(trial.clause());
  if (!climbs(table)) co_await observe_table(trial, table);
  const tariff::Staircase prices(table);
  co_await write_current_table(trial, table);
  co_await begin_period(trial);
  const std::int64_t beside = std::max(litres_of(trial.clause(), "beside_l"), unseen_litres(trial));
  const std::vector<std::int64_t> asked_at = usages(trial.clause(), beside, litres_a_pulse(trial.dut()));
  expect_prices(trial, prices, asked_at.back());
  Purchases purchases(trial);
  co_await purchases.fill_up(money_of(trial.clause(), "balance_yuan"));
  int wrong = 0;
  std::int64_t passed = 0;
  for (const std::int64_t usage_l : asked_at) {
    co_await pass_water(trial, usage_l - passed);
    passed = usage_l;
    const Shown is = co_await shown_price(trial);
    const Usage now = co_await usage(trial);
    trial.record("period_usage", static_cast<double>(now.period), "L");
    mark_price(trial, usage_l, is.price);
    const tariff::StepsAt steps = prices.steps_at(usage_l);
    if (prices.price_fits(usage_l, is.price) && is.step >= steps.first && is.step <= steps.last) continue;
    ++wrong;
    trial.note(
        fmt::format("本期用量 {} L 时水价为 {}（第 {} 阶），不符", usage_l, tariff::price_text(is.price), is.step),
        fmt::format("at a usage of {} L the price is {} (step {}), which is not that of the step", usage_l,
                    tariff::price_text(is.price), is.step));
  }
  trial.count("wrong_prices", wrong);
}

void check(const plan::Clause& clause, const plan::DutFile* dut) {
  const tariff::PriceTable table = table_of(clause);
  (void)settlement_time_of(clause);
  const std::int64_t beside = litres_of(clause, "beside_l");
  if (!climbs(table)) return;
  for (std::size_t i = 0; dut && i < table.volumes_m3.size(); ++i)
    check_pulses(clause, "step_volumes_m3", table.volumes_m3[i] * 1000, dut);
  const std::vector<std::int64_t> all = usages(clause, beside, dut ? litres_a_pulse(*dut) : 1);
  if (!std::is_sorted(all.begin(), all.end()))
    clause.refuse("beside_l", "so few litres that the usages beside two step volumes do not overlap");
  check_balance(clause, tariff::Staircase(table).cost(all.back()));
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double litres = clause.list("step_volumes_m3").back() * 1000 + 500;
  return clause.number("boot_s", dut) + 2 * clause.number("lead_s", dut) + 60 +
         litres / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_current_price{
    .name = "current_price",
    .title_zh = "当前水价",
    .title_en = "the current price follows the usage",
    .needs = {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "pulse_counter",
              "operator", "ambient"},
    .run = run,
    .estimate_s = estimate,
    .check = check};

}  // namespace meterrig::testcases
