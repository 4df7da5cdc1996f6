// CJ/T 503-2016 6.11, figure 1 with K2: the ammeter while the valve moves, and while data are exchanged by radio with
// the valve at rest. The near-end UART does not key the transmitter: the companion equipment does.
#include <algorithm>

#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "rig/run/whose_fault.hpp"
#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

constexpr double motor_threshold_a = 20e-3;
constexpr double transmit_threshold_a = 20e-3;

Duration wake_period(const Trial& trial) { return seconds(trial.dut().wake_period_s.value_or(5)); }

struct Capture {
  Waveform waveform;
  Utc start;
  double lowest_v = 0;
  bool answered = false;
};

// The transmitter was keyed, whether or not the answer could be understood: beside the receiver's level, which fills
// most of what is not sleep, there is a burst of at least twice as much.
bool transmitter_keyed(const Waveform& waveform) {
  std::vector<std::int64_t> awake;
  for (const std::int64_t c : waveform.counts)
    if (c > 10'000'000) awake.push_back(c);  // 1 mA
  if (awake.empty()) return false;
  const auto middle = awake.begin() + static_cast<std::ptrdiff_t>(awake.size() / 2);
  std::nth_element(awake.begin(), middle, awake.end());
  return waveform.maximum() > 2e-10 * static_cast<double>(*middle);
}

// One exchange over the air in the middle of a capture of `after` more seconds.
Task<Capture> exchange_captured(Trial& trial, cjt188::Bytes frame, Duration after) {
  Station& st = trial.station();
  const Duration interval = seconds(1 / trial.number("sample_rate_hz"));
  const Duration wanted = trial.time("pre_trigger_s") + wake_period(trial) * 12 / 10 + after;
  const auto points = std::min(static_cast<std::size_t>(wanted / interval), st.ammeter().points_max());
  const Duration length = interval * static_cast<std::int64_t>(points);
  co_await watch_supply(trial, 5ms, length + 5s);
  Capture capture;
  co_await st.ammeter().start(interval, points);
  capture.start = trial.clock().utc();
  co_await sleep_for(trial.time("pre_trigger_s"));
  try {
    co_await st.host().exchange(to_hex(st.meter().address()), frame, wake_period(trial),
                                trial.time("exchange_timeout_s"));
    capture.answered = true;
  } catch (const TimeoutError&) {
    capture.answered = false;
  }
  capture.waveform = co_await st.ammeter().fetch(false);
  capture.lowest_v = co_await lowest_supply(trial);
  co_return capture;
}

// The supply must hold while the meter draws its most; else the current seen is the rig's, not the meter's.
Task<> check_supply(Trial& trial, double lowest_v, const char* measurement) {
  Station& st = trial.station();
  const double nominal_v = trial.dut().nominal_voltage_v;
  trial.record("lowest_voltage", lowest_v, "V");
  if (lowest_v >= trial.number("supply_fraction_min") * nominal_v) co_return;
  const bool good = co_await rig::supply_side_is_good(st, nominal_v);
  const std::string what = fmt::format("the supply fell to {:.2f} V", lowest_v);
  if (!good) trial.rig_fault(what + ", and does not hold the dummy load either");
  trial.one_sided(measurement, true, supply_limit(trial) * 1000, "mA");
  trial.end(Verdict::fail,
            Cause{"power_supply", "", what, 0, what + "; it holds the dummy load: the meter draws too much"});
}

Task<> judge_overload(Trial& trial, const char* measurement) {
  Station& st = trial.station();
  const bool good = co_await rig::supply_side_is_good(st, trial.dut().nominal_voltage_v);
  if (!good) trial.rig_fault("the ammeter is over its range, and does not read the dummy load right either");
  trial.one_sided(measurement, true, st.ammeter().range_max() * 1000, "mA");
  trial.end(Verdict::fail, Cause{"ammeter", "", "overload", 0, "more than the ammeter's range"});
}

// What was judged is evidence: the stretch from the first to the last transmission or motion, and a little around it;
// without one all of it.
void keep(Trial& trial, const char* name, const Capture& capture) {
  const Waveform& whole = capture.waveform;
  std::size_t from = 0;
  std::size_t to = whole.size();
  const auto high = bursts(whole, transmit_threshold_a, 50ms);
  if (!high.empty()) {
    const auto around = static_cast<std::size_t>(100ms / whole.interval);
    from = high.front().first - std::min(around, high.front().first);
    to = std::min(to, high.back().last + around);
  }
  trial.evidence(name, capture.start + whole.interval * static_cast<std::int64_t>(from), whole.part(from, to));
}

double uncertainty_ma(Trial& trial, double amperes) {
  const CurrentMeter& ammeter = trial.station().ammeter();
  return Reading{0, ammeter.accuracy().half_width(amperes)}.expanded_uncertainty() * 1000;
}

// The exchanges over the air.
struct Peaks {
  double communication_a = 0;
  double raw_a = 0;
  Capture highest;

  void take(Capture&& capture, Duration window) {
    const double top_a = capture.waveform.maximum_moving_mean(window);
    if (top_a <= communication_a) return;
    communication_a = top_a;
    highest = std::move(capture);
  }
};

Task<> valve_segment(Trial& trial, Duration window, Peaks& peaks) {
  Station& st = trial.station();
  // A close command may take 30 s and a wake-up period to be carried out (6.20).
  const Duration after =
      30s + wake_period(trial) + seconds(trial.dut().valve_close_time_s.value_or(5)) + trial.time("after_stop_s");
  const Capture capture =
      co_await exchange_captured(trial, st.meter().request_valve(st.meter().address(), false), after);
  keep(trial, "valve_current", capture);
  if (capture.waveform.overloads() > 0) co_await judge_overload(trial, "valve_current");
  co_await check_supply(trial, capture.lowest_v, "valve_current");
  std::vector<Burst> moving;
  for (const Burst& burst : bursts(capture.waveform, motor_threshold_a, 50ms))
    if (capture.waveform.interval * static_cast<std::int64_t>(burst.last - burst.first) > 300ms)
      moving.push_back(burst);
  if (moving.empty()) {
    trial.missing("valve_current", "the valve did not move after the close command over the air");
    co_return;
  }
  // A radio acknowledgement sent while the valve still moves belongs to the valve.
  const Waveform motion = capture.waveform.part(moving.front().first, moving.back().last);
  const double top = motion.maximum_moving_mean(window);
  trial.measure("valve_current", top * 1000, uncertainty_ma(trial, top), "mA");
  trial.record("valve_peak", motion.maximum() * 1000, "mA");
  Capture before;
  before.waveform = capture.waveform.part(0, moving.front().first);
  before.start = capture.start;
  if (before.waveform.size() > 0) peaks.take(std::move(before), window);
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await prove_path_alone(trial, Position::ammeter);
  co_await open_valve(trial);
  const bool public_network = trial.dut().communication == "G";
  const Duration window = trial.time(public_network ? "window_public_network_s" : "window_micro_power_s");
  Peaks peaks;
  co_await valve_segment(trial, window, peaks);
  const int exchanges = static_cast<int>(trial.number("exchanges"));
  // Each exchange may be repeated in silence; what counts is that the transmitter was keyed.
  int keyed = 0;
  for (int i = 0; keyed < exchanges && i < 4 * exchanges; ++i) {
    Capture capture = co_await exchange_captured(trial, st.meter().request_status(st.meter().address()), 6s);
    if (!capture.answered)
      trial.note("无线交换未得到有效应答", "an exchange over the air was not answered, or not understood");
    keyed += capture.answered || transmitter_keyed(capture.waveform) ? 1 : 0;
    if (capture.waveform.overloads() > 0) {
      keep(trial, "communication_current", capture);
      co_await judge_overload(trial, "communication_current");
    }
    co_await check_supply(trial, capture.lowest_v, "communication_current");
    peaks.raw_a = std::max(peaks.raw_a, capture.waveform.maximum());
    peaks.take(std::move(capture), window);
  }
  if (peaks.highest.waveform.size() > 0) keep(trial, "communication_current", peaks.highest);
  if (keyed == 0) {
    trial.missing("communication_current", "the meter never answered over the air");
    co_return;
  }
  trial.measure("communication_current", peaks.communication_a * 1000, uncertainty_ma(trial, peaks.communication_a),
                "mA");
  trial.record("communication_peak", peaks.raw_a * 1000, "mA");
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double wake_s = dut.wake_period_s.value_or(5);
  return clause.number("settle_s", dut) + 30 + (clause.number("exchanges", dut) + 1) * (1.2 * wake_s + 12) + 10;
}

}  // namespace

extern const Procedure procedure_maximum_current{
    "maximum_current",
    "最大工作电流",
    "maximum working current",
    {"power_supply", "voltmeter", "microammeter", "ammeter", "path_switch", "uart_link", "opener", "host", "ambient"},
    Radio::talking,
    run,
    estimate};

}  // namespace meterrig::testcases
