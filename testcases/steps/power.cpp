#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "rig/run/whose_fault.hpp"
#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

// The first power of a run: enough for a meter to start, too little to burn one that is wired wrongly.
constexpr double first_limit_a = 0.5;
constexpr Duration inrush_window = 2s;

// A supply that is not what it was set to: a sick rig, or a meter that drags it down.
Task<> judge_supply(Trial& trial, double nominal_v, std::string what) {
  Station& st = trial.station();
  const bool limited = co_await st.supply().in_current_limit();
  if (!limited) trial.rig_fault(what + "; the supply is not in its limit: the path to the meter is interrupted");
  const bool good = co_await rig::supply_side_is_good(st, nominal_v);
  if (!good) trial.rig_fault(what + "; the supply does not hold the dummy load either");
  trial.end(Verdict::fail,
            Cause{"power_supply", "", what, 0,
                  what + fmt::format("; with the meter off the supply holds the dummy load: the meter draws more than "
                                     "{:g} A",
                                     st.commissioned ? supply_limit(trial) : first_limit_a)});
}

Task<> ask_who_is_there(Trial& trial) {
  Station& st = trial.station();
  const cjt188::Address there = co_await st.meter().who_is_there();
  if (there == st.meter().address()) {
    st.meter_answered = true;
    co_return;
  }
  // Another address: a second meter on the line answers our own question too (ForeignReply); the wrong sample does not.
  bool own_answers = false;
  try {
    co_await st.meter().status();
    own_answers = true;
  } catch (const TimeoutError&) {
    own_answers = false;
  }
  if (own_answers) trial.inconclusive(fmt::format("two meters answer on the line of station {}", st.name()));
  st.blocked = fmt::format("station {} holds meter {}, not sample {} ({})", st.name(), to_hex(there),
                           trial.dut().sample, to_hex(st.meter().address()));
  trial.rig_fault(st.blocked);
}

}  // namespace

double supply_limit(Trial& trial) { return std::min(3.0, trial.station().supply().current_max()); }

Task<> power_up(Trial& trial) {
  Station& st = trial.station();
  const double nominal_v = trial.dut().nominal_voltage_v;
  const bool first = !st.commissioned;
  co_await st.path().select(Position::off);
  co_await st.supply().set(nominal_v, first ? first_limit_a : supply_limit(trial));
  co_await st.supply().output(true);
  const Reading open_volts = co_await st.supply().voltage();
  if (std::abs(open_volts.value - nominal_v) > 0.01 * nominal_v + open_volts.half_width)
    throw ReadBackError(
        fmt::format("the supply of station {} is set to {:g} V and measures {:g} V", st.name(), nominal_v,
                    open_volts.value),
        {"power_supply", fmt::format("{:g} V", nominal_v), fmt::format("{:g} V", open_volts.value), {}});
  co_await st.uart().connect(true);
  co_await st.path().select(Position::ammeter);
  co_await sleep_for(std::max(inrush_window, seconds(trial.dut().boot_time_s)));
  const bool limited = co_await st.supply().in_current_limit();
  const Reading volts = co_await st.voltmeter().voltage();
  if (limited || volts.value < 0.95 * nominal_v)
    co_await judge_supply(trial, nominal_v,
                          fmt::format("{:.3f} V at the meter's terminals instead of {:g} V{}", volts.value, nominal_v,
                                      limited ? ", the supply in current limit" : ""));
  if (std::abs(volts.value - nominal_v) > 0.01 * nominal_v + volts.half_width)
    trial.rig_fault(fmt::format("{:.3f} V at the meter's terminals instead of {:g} V", volts.value, nominal_v));
  if (first) {
    const Reading current = co_await st.ammeter().current();
    if (current.value < -current.half_width - 1e-3) {
      st.blocked = fmt::format("the meter at station {} is connected with the wrong polarity", st.name());
      trial.rig_fault(st.blocked);
    }
  }
  co_await ask_who_is_there(trial);
  if (first) co_await st.supply().set(nominal_v, supply_limit(trial));
  st.commissioned = true;
  co_await trial.put_back_left_behind();
  trial.record("supply_voltage", volts.value, volts.budget("V"));
}

double lowest_mean(const Waveform& waveform, double range_a) {
  double sum = 0;
  for (const std::int64_t count : waveform.counts)
    sum += count == Waveform::overload ? range_a : static_cast<double>(count) / 1e10;
  return sum / static_cast<double>(waveform.size());
}

void expect_path_proof(Trial& trial) {
  Station& st = trial.station();
  const Duration interval = 10ms;
  const auto points = static_cast<std::size_t>(seconds(trial.dut().wake_period_s.value_or(5)) / interval);
  st.ammeter().expect_series(interval, points);
  st.microammeter().expect_series(interval, points);
}

Task<> prove_path_alone(Trial& trial, Position in_use) {
  Station& st = trial.station();
  CurrentMeter& used = in_use == Position::microammeter ? st.microammeter() : st.ammeter();
  CurrentMeter& other = in_use == Position::microammeter ? st.ammeter() : st.microammeter();
  const Duration interval = 10ms;
  const auto points = static_cast<std::size_t>(seconds(trial.dut().wake_period_s.value_or(5)) / interval);
  co_await other.start(interval, points);
  co_await used.start(interval, points);
  const Waveform beside = co_await other.fetch(false);
  const Waveform through = co_await used.fetch(false);
  const double noise = beside.half_width_of_mean(other.accuracy(), 0, beside.size());
  // Two equal contacts share by halves; a twentieth is no share of a contact that is open.
  const double beside_a = lowest_mean(beside, other.range_max());
  const double through_a = lowest_mean(through, used.range_max());
  const bool shared = beside.overloads() > 0 || std::abs(beside_a) > noise + 0.05 * std::abs(through_a);
  if (shared)
    trial.rig_fault(
        fmt::format("{:.3g} uA flow in the other path than the one in use ({:.3g} uA): a contact of K is "
                    "welded",
                    beside_a * 1e6, through_a * 1e6));
}

Task<> settle(Trial& trial, Duration at_least, Duration at_most, double below_a, Duration quiet_for) {
  Station& st = trial.station();
  Clock& clock = trial.clock();
  const Instant started = clock.now();
  co_await sleep_until(started + at_least);
  // Windows of whole wake-up periods, so that listening does not make them differ.
  const double wake_s = trial.dut().wake_period_s.value_or(5);
  const double window_s = wake_s * std::max(1.0, std::ceil(to_seconds(quiet_for) / wake_s));
  const Duration interval = 10ms;
  const auto points = static_cast<std::size_t>(seconds(window_s) / interval);
  double previous = -1;
  for (;;) {
    co_await st.ammeter().start(interval, points);
    const Waveform window = co_await st.ammeter().fetch(false);
    const double mean = window.overloads() ? st.ammeter().range_max() : window.mean();
    const double agree = 2 * window.half_width_of_mean(st.ammeter().accuracy(), 0, window.size()) + 0.02 * mean;
    if (mean < below_a && previous >= 0 && std::abs(mean - previous) <= agree) co_return;
    if (clock.now() - started > at_most)
      trial.end(Verdict::void_, Cause{"ammeter", "", fmt::format("{:g} A", mean), to_seconds(clock.now() - started),
                                      "the meter did not settle"});
    previous = mean;
  }
}

Task<> watch_supply(Trial& trial, Duration interval, Duration longest) {
  return trial.station().voltmeter().start_watch(interval, longest);
}

Task<double> lowest_supply(Trial& trial) {
  const Voltmeter::Watched seen = co_await trial.station().voltmeter().stop_watch();
  co_return seen.minimum;
}

}  // namespace meterrig::testcases
