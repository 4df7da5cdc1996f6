#include "testcases/steps/feeding.hpp"

#include <cmath>

#include <fmt/format.h>

namespace meterrig::testcases {
namespace {

constexpr Duration watch_interval = 5ms;

}  // namespace

Task<> hand_over_supply(Trial& trial) {
  if (!is_mains(trial)) co_return;
  co_await trial.station().path().select(Position::off);
  co_await have_done(trial, "mains_on", "请将样品接入外部交流试验电源，额定电压，通电后回答 yes",
                     "connect the sample to the external AC test source at its nominal voltage; yes when it is on");
  co_await sleep_for(seconds(trial.dut().boot_time_s) + trial.time("boot_s"));
}

Task<> take_back_supply(Trial& trial) {
  if (!is_mains(trial)) co_return;
  co_await have_done(trial, "mains_off", "请将样品从外部交流试验电源断开，断开后回答 yes",
                     "disconnect the sample from the external AC test source; yes when it is off");
  co_await trial.station().path().select(Position::ammeter);
  co_await sleep_for(seconds(trial.dut().boot_time_s) + trial.time("boot_s"));
}

Task<> feed_at(Trial& trial, double volts) {
  Station& st = trial.station();
  const auto to_millivolts = [](double v) { return std::round(v * 1000) / 1000; };
  co_await st.supply().set_voltage(to_millivolts(volts));
  co_await sleep_for(trial.time("settle_s"));
  const Reading first = co_await st.voltmeter().voltage();
  const double tolerance = trial.number("voltage_tolerance_v");
  // What the leads lose, no more: a meter that drags its supply down stays where it is.
  const double correction = std::clamp(volts - first.value, -2 * tolerance, 2 * tolerance);
  co_await st.supply().set_voltage(to_millivolts(volts + correction));
  co_await sleep_for(trial.time("settle_s"));
  const Reading there = co_await st.voltmeter().voltage();
  trial.record("voltage_reached", there.value, there.budget("V"));
  if (std::abs(there.value - volts) > tolerance + there.half_width)
    trial.rig_fault(fmt::format("{:.3f} V at the meter's terminals instead of {:g} V", there.value, volts));
}

void expect_dips_seen(Trial& trial) {
  if (!is_mains(trial)) trial.station().voltmeter().expect_watch(watch_interval);
}

Task<> dip(Trial& trial, double percent, Duration length) {
  Station& st = trial.station();
  const double nominal_v = trial.dut().nominal_voltage_v;
  const double level_v = std::round(nominal_v * percent * 10) / 1000;
  co_await watch_supply(trial, watch_interval, length + 5s);
  const Instant began = trial.clock().now();
  if (percent > 0)
    co_await st.supply().set_voltage(level_v);
  else
    co_await st.path().select(Position::off);
  co_await sleep_until(began + length);
  if (percent > 0)
    co_await st.supply().set_voltage(nominal_v);
  else
    co_await st.path().select(Position::ammeter);
  co_await sleep_for(10 * watch_interval);
  const double lowest = co_await lowest_supply(trial);
  trial.record("lowest_voltage", lowest, "V");
  if (lowest > level_v + 0.1 * nominal_v)
    trial.rig_fault(
        fmt::format("the supply fell to {:.2f} V instead of {:.2f} V within {:g} s: use a supply that is "
                    "quick enough",
                    lowest, level_v, to_seconds(length)));
}

}  // namespace meterrig::testcases
