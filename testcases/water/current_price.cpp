// CJ/T 484 (revision) annex A, first part: while water runs the current price is that of the step in which the usage of
// the period lies. At exactly a step volume either neighbour is accepted: the standard leaves it open.
#include <algorithm>

#include <fmt/format.h>

#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

struct Shown {
  std::int64_t step = 0;
  tariff::Price price = 0;
};

Task<Shown> shown(Trial& trial) {
  std::vector<std::string> names{"current_step", "current_price"};
  const auto read = co_await trial.station().meter().read(std::move(names));
  Shown is;
  std::int64_t price = 0;
  if (!parse_scaled(read.at("current_step"), 0, is.step) || !parse_scaled(read.at("current_price"), 2, price))
    trial.rig_fault(
        fmt::format("step {:?} and price {:?} are no numbers", read.at("current_step"), read.at("current_price")));
  is.price = static_cast<tariff::Price>(price);
  co_return is;
}

// The usages at which the price is asked: in each step, a little before and behind each step volume, and at it.
std::vector<std::int64_t> usages(const Trial& trial, const tariff::PriceTable& table) {
  const auto beside = std::max(static_cast<std::int64_t>(trial.number("beside_l")), unseen_litres(trial));
  std::vector<std::int64_t> all;
  std::int64_t from = 0;
  for (const std::int64_t volume : table.volumes_m3) {
    const std::int64_t at = volume * 1000;
    for (const std::int64_t usage : {(from + at) / 2, at - beside, at, at + beside}) all.push_back(usage);
    from = at;
  }
  all.push_back(from + 500);
  return all;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const tariff::Staircase prices(table_of(trial, "prices"));
  co_await write_current_table(trial, prices.table());
  co_await begin_period(trial);
  const std::vector<std::int64_t> asked_at = usages(trial, prices.table());
  co_await balance_for(trial, prices.cost(asked_at.back()));
  int wrong = 0;
  std::int64_t passed = 0;
  for (const std::int64_t usage_l : asked_at) {
    co_await pass_water(trial, usage_l - passed);
    passed = usage_l;
    const Shown is = co_await shown(trial);
    const Usage now = co_await usage(trial);
    trial.record_text(fmt::format("price_at_{}_L", now.period), tariff::price_text(is.price));
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

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double litres = clause.list("step_volumes_m3").back() * 1000 + 500;
  return clause.number("boot_s", dut) + 2 * clause.number("lead_s", dut) + 60 +
         litres / clause.number("pulse_rate_hz", dut);
}

}  // namespace

extern const Procedure procedure_current_price{
    "current_price",
    "当前水价",
    "the current price follows the usage",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "pulse_simulator", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
