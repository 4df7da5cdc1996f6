// CJ/T 484 (revision) 6.3.7 (GB/T 778.1-2018 A.5, GB/T 778.2-2018 8.8): dips and short interruptions of the supply lose
// neither register nor period nor clock. A meter on a DC supply gets those of GB/T 17626.29 from the rig's own supply;
// a mains meter gets those of GB/T 17626.11 from a generator that a person works.
#include "testcases/steps/feeding.hpp"
#include "testcases/steps/function_check.hpp"

#include <cmath>

#include <fmt/format.h>

namespace meterrig::testcases {
namespace {

Task<> from_the_rig(Trial& trial) {
  const auto repetitions = static_cast<int>(trial.number("repetitions"));
  for (const double percent : trial.list("levels_percent")) {
    for (const double length_s : trial.list("durations_s")) {
      trial.record("dip_level", percent, "%");
      trial.record("dip_duration", length_s, "s");
      for (int i = 0; i < repetitions; ++i) {
        co_await dip(trial, percent, seconds(length_s));
        co_await sleep_for(trial.time("between_s"));
      }
    }
  }
}

Task<> from_a_generator(Trial& trial) {
  co_await have_done(
      trial, "mains_dips",
      "请用外部发生器按 GB/T 17626.11 对样品施加电压暂降和短时中断：0 % 半周期和 1 周期、70 % 25 周期、"
      "0 % 250 周期，各 10 次，间隔不小于 10 s；全部完成后回答 yes",
      "apply the dips and short interruptions of GB/T 17626.11 to the sample with the external generator: "
      "0 % for half a period and for 1, 70 % for 25 periods, 0 % for 250, ten times each, at least 10 s "
      "apart; yes when all is done");
}

Task<> run(Trial& trial) {
  expect_dips_seen(trial);
  co_await start_water_meter(trial);
  co_await hand_over_supply(trial);
  co_await pass_water(trial, static_cast<std::int64_t>(trial.number("volume_l")));
  const auto items = co_await persistent_items(trial);
  const Usage before = co_await usage(trial);
  const Instant asked = trial.clock().now();

  if (is_mains(trial))
    co_await from_a_generator(trial);
  else
    co_await from_the_rig(trial);
  co_await sleep_for(seconds(trial.dut().boot_time_s) + trial.time("boot_s"));

  const Usage after = co_await usage(trial);
  const double passed_s = to_seconds(trial.clock().now() - asked);
  trial.count("period_lost", before.period - after.period);
  trial.count("cumulative_lost", volume_between(after.cumulative, before.cumulative));
  const auto items_after = co_await persistent_items(trial);
  trial.count("changed_items", changed_items(trial, items, items_after));
  if (trial.dut().clock_backup)
    trial.count("clock_off", std::llround(static_cast<double>((after.at - before.at).count()) - passed_s));
  co_await check_function(trial);
  co_await take_back_supply(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  double dips_s = 120;
  if (dut.supply != "mains") {
    dips_s = 0;
    for (const double length_s : clause.list("durations_s"))
      dips_s += (length_s + clause.number("between_s", dut) + 0.2) * clause.number("repetitions", dut) *
                static_cast<double>(clause.list("levels_percent").size());
  }
  return 2 * clause.number("boot_s", dut) + dut.boot_time_s + dips_s + 2 * function_check_s(clause, dut);
}
}  // namespace

extern const Procedure procedure_supply_dips{"supply_dips",
                                             "电压暂降、短时中断和电压变化",
                                             "voltage dips and short interruptions",
                                             {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link",
                                              "pulse_simulator", "pulse_counter", "operator", "ambient"},
                                             Radio::none,
                                             run,
                                             estimate};

}  // namespace meterrig::testcases
