#include "testcases/steps/function_check.hpp"

#include <fmt/format.h>

namespace meterrig::testcases {
namespace {

constexpr std::int64_t display_step = 100;  // litres: one decimal of a cubic metre (table 3)
constexpr double display_prompts_s = 20;

// What the display shows against the interface, both cut to the display's one decimal.
Task<int> compare_display(Trial& trial, std::string page, std::int64_t on_the_wire) {
  const std::string shown = co_await display(trial, page, "请读取显示的用量（m³）：" + page,
                                             "read the volume on the display (m3), page " + page);
  trial.record_text("shown_" + page, shown);
  std::int64_t litres = 0;
  if (!parse_scaled(shown, 3, litres)) trial.inconclusive(fmt::format("the display was read as {:?}", shown));
  const std::int64_t off = volume_between(on_the_wire / display_step * display_step, litres);
  co_return off == 0 ? 0 : 1;
}

}  // namespace

Task<> check_function(Trial& trial) {
  const auto volume = static_cast<std::int64_t>(trial.number("volume_l"));
  const Usage before = co_await usage(trial);
  co_await pass_water(trial, volume);
  const Usage after = co_await usage(trial);
  const std::int64_t cumulative = volume_between(before.cumulative, after.cumulative);
  const std::int64_t period = after.period - before.period;
  trial.record("volume", static_cast<double>(volume), "L");
  trial.count("cumulative_off", cumulative - volume);
  trial.count("period_off", period_steps_off(trial, period, volume));
  trial.count("registers_apart", period_steps_off(trial, period, cumulative));
  int apart = co_await compare_display(trial, "cumulative", after.cumulative);
  apart += co_await compare_display(trial, "period", after.period);
  trial.count("display_apart", apart);
}

double function_check_s(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("settle_s", dut) + 10 + display_prompts_s +
         clause.number("volume_l", dut) / clause.number("pulse_rate_hz", dut);
}

}  // namespace meterrig::testcases
