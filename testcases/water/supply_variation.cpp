// CJ/T 484 (revision) 6.3.4 (GB/T 778.1-2018 A.5, GB/T 778.2-2018 8.5): at the ends of the supply voltage that the
// maker declares the meter counts every pulse and works. The pulse simulator gives the water, so the count is exact.
#include "testcases/steps/feeding.hpp"
#include "testcases/steps/function_check.hpp"

#include <cmath>

#include <fmt/format.h>

namespace meterrig::testcases {
namespace {

struct End {
  const char* parameter;
  const char* deed;
  const char* zh;
  const char* en;
};
constexpr End ends[] = {{"maximum_voltage_v", "mains_high", "最高", "highest"},
                        {"minimum_voltage_v", "mains_low", "最低", "lowest"}};

Task<> feed(Trial& trial, const End end) {
  const double volts = trial.number(end.parameter);
  trial.record_text("end", end.en);
  if (!is_mains(trial)) {
    co_await feed_at(trial, volts);
    co_return;
  }
  co_await have_done(
      trial, end.deed, fmt::format("请将外部电源调至{}电压 {:g} V，完成后回答 yes", end.zh, volts),
      fmt::format("set the external source to the {} voltage, {:g} V; yes when it is there", end.en, volts));
}

// The clock goes on at its pace while the volume passes.
Task<> check_there(Trial& trial) {
  const CivilTime before = co_await meter_clock(trial);
  const Instant asked = trial.clock().now();
  co_await check_function(trial);
  const CivilTime after = co_await meter_clock(trial);
  const double off_s = static_cast<double>((after - before).count()) - to_seconds(trial.clock().now() - asked);
  trial.count("clock_off", std::llround(off_s));
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await hand_over_supply(trial);
  for (const End& end : ends) {
    co_await feed(trial, end);
    co_await check_there(trial);
  }
  co_await take_back_supply(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double each_s = 2 * clause.number("settle_s", dut) + function_check_s(clause, dut);
  const double by_hand_s = dut.supply == "mains" ? 60 : 0;
  return clause.number("boot_s", dut) + 2 * each_s + by_hand_s;
}
}  // namespace

extern const Procedure procedure_supply_variation{"supply_variation",
                                                  "电源变化",
                                                  "supply voltage variation",
                                                  {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link",
                                                   "pulse_simulator", "pulse_counter", "operator", "ambient"},
                                                  Radio::none,
                                                  run,
                                                  estimate};

}  // namespace meterrig::testcases
