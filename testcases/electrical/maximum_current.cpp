// CJ/T 503-2016 6.11, figure 1 with K2: the ammeter while the valve moves, and while data are exchanged by radio with
// the valve at rest. The near-end UART does not key the transmitter: the companion equipment does.
#include <algorithm>

#include <fmt/format.h>

#include "instruments/waveform_uncertainty.hpp"
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
  trial.record("lowest_voltage", lowest_v, st.voltmeter().accuracy().errors(lowest_v).budget("V"));
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

// The largest mean over the window that the clause takes, and over one sample: the standard does not say what a maximum
// is, and without an agreement the two must say the same.
struct Peak {
  WaveformValue mean;
  double raw_a = 0;
};

// The exchanges over the air; what is kept is the one with the largest mean.
struct Exchanges {
  Peak peak;
  Capture highest;

  void take(Capture&& capture, const Accuracy& accuracy, Duration window) {
    const WaveformValue largest = largest_mean(capture.waveform, accuracy, window);
    peak.raw_a = std::max(peak.raw_a, capture.waveform.maximum());
    if (largest.amperes <= peak.mean.amperes) return;
    peak.mean = largest;
    highest = std::move(capture);
  }
};

void measure_peak(Trial& trial, const char* name, const Peak& peak) {
  trial.measure(name, peak.mean.amperes * 1000, peak.mean.budget.in("mA", 1000),
                {.others = {{"单个采样点的最大值", "the largest single sample", peak.raw_a * 1000}}});
}

void record_peak(Trial& trial, const char* name, double amperes) {
  const Reading peak = trial.station().ammeter().accuracy().reading(amperes);
  trial.record(name, peak.value * 1000, peak.budget("A").in("mA", 1000));
}

Task<> valve_segment(Trial& trial, Duration window, Exchanges& exchanges) {
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
  const Accuracy& accuracy = st.ammeter().accuracy();
  measure_peak(trial, "valve_current", {largest_mean(motion, accuracy, window), motion.maximum()});
  record_peak(trial, "valve_peak", motion.maximum());
  Capture before;
  before.waveform = capture.waveform.part(0, moving.front().first);
  before.start = capture.start;
  if (before.waveform.size() > 0) exchanges.take(std::move(before), accuracy, window);
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await prove_path_alone(trial, Position::ammeter);
  co_await open_valve(trial);
  const bool public_network = trial.dut().communication == "G";
  const Duration window = trial.time(public_network ? "window_public_network_s" : "window_micro_power_s");
  Exchanges on_air;
  co_await valve_segment(trial, window, on_air);
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
    on_air.take(std::move(capture), st.ammeter().accuracy(), window);
  }
  if (on_air.highest.waveform.size() > 0) keep(trial, "communication_current", on_air.highest);
  if (keyed == 0) {
    trial.missing("communication_current", "the meter never answered over the air");
    co_return;
  }
  measure_peak(trial, "communication_current", on_air.peak);
  record_peak(trial, "communication_peak", on_air.peak.raw_a);
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
