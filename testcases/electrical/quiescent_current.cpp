// CJ/T 503-2016 6.10, figure 1: K0, nominal voltage, K2 until the meter has settled; UART released; over to the
// microammeter path without a gap; mean over whole wake-up periods; back, and no reset meanwhile.
#include <algorithm>

#include <fmt/format.h>

#include "instruments/waveform_uncertainty.hpp"
#include "rig/run/whose_fault.hpp"
#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

constexpr Duration supply_watch_interval = 1ms;

Duration window_length(const Trial& trial) {
  const double wake_s = trial.dut().wake_period_s.value_or(5);
  // One period more: the window is cut to whole periods afterwards.
  return seconds(std::max(trial.number("window_min_s"), trial.number("window_wake_periods") * wake_s) + wake_s);
}

// Make before break, the supply watched at the meter's terminals.
Task<> change_over(Trial& trial, Position to) {
  Station& st = trial.station();
  co_await watch_supply(trial, supply_watch_interval, 5s);
  co_await st.path().change_over(to, trial.time("overlap_s"));
  const double lowest = co_await lowest_supply(trial);
  if (lowest < trial.number("supply_fraction_min") * trial.dut().nominal_voltage_v)
    trial.rig_fault(fmt::format("the supply fell to {:.2f} V while K changed over", lowest));
}

// What the instruments can't do is told before anything is switched on.
void expect_instruments(Trial& trial) {
  Station& st = trial.station();
  const Duration interval = trial.time("sample_interval_s");
  st.voltmeter().expect_watch(supply_watch_interval);
  st.microammeter().expect_series(interval, static_cast<std::size_t>(window_length(trial) / interval));
  expect_path_proof(trial);
}

// Released, the line must be dead: whoever still gets an answer is still driving the meter.
Task<> release_uart(Trial& trial) {
  Station& st = trial.station();
  co_await st.uart().connect(false);
  const bool answered = co_await st.meter().answers(700ms);
  if (answered) trial.rig_fault("the UART is not isolated: the meter answered with its lines released");
}

// A report, a command or a motion fell into the window: a burst that is very long, or one far above the others that
// does not come back as listening wake-ups do.
bool disturbed(const Waveform& window, Duration wake_period) {
  const auto found = bursts(window, 1e-3, 2ms);
  std::vector<double> peaks;
  for (const Burst& burst : found) {
    if (window.interval * static_cast<std::int64_t>(burst.last - burst.first) > 200ms) return true;
    peaks.push_back(burst.peak);
  }
  if (peaks.size() < 2) return false;
  const std::size_t middle = (peaks.size() - 1) / 2;
  std::nth_element(peaks.begin(), peaks.begin() + static_cast<std::ptrdiff_t>(middle), peaks.end());
  const double usual = peaks[middle];
  const auto outstanding =
      std::count_if(found.begin(), found.end(), [&](const Burst& b) { return b.peak > 2 * usual; });
  // A window of three wake-ups tells a report from a listening pattern no better than this.
  constexpr std::int64_t least = 2;
  return outstanding > 0 && outstanding < std::max<std::int64_t>(least, window.duration() / wake_period / 2);
}

// The means of the window's halves, each of whole wake-up periods, agree: what is still falling, or began to rise, has
// no mean.
bool stands_still(const Waveform& window, const CurrentMeter& meter, Duration wake_period) {
  const WholePeriods whole = whole_periods(window, wake_period);
  if (whole.periods < 4) return true;
  // From between two wake-ups to between two others, so that none is cut.
  const auto period = static_cast<std::size_t>(whole.period / window.interval);
  const std::size_t half = period * static_cast<std::size_t>((whole.periods - 1) / 2);
  const std::size_t from = whole.from + period / 2;
  const std::size_t to = whole.to - period / 2;
  const double first = window.mean(from, from + half);
  const double second = window.mean(to - half, to);
  const double noise = 2 * window.half_width_of_mean(meter.accuracy(), from, from + half);
  return std::abs(first - second) <= noise + 0.05 * std::max(first, second);
}

Task<> judge_overload(Trial& trial, Waveform window) {
  Station& st = trial.station();
  const double range_a = st.microammeter().range_max();
  const bool good = co_await rig::microammeter_side_is_good(st, trial.dut().nominal_voltage_v);
  if (!good) trial.rig_fault("the microammeter clips, and does not read the dummy load right either");
  const double bound_ua = lowest_mean(window, range_a) * 1e6;
  if (bound_ua <= trial.clause().limit("quiescent_current", trial.dut())->high)
    trial.rig_fault(
        fmt::format("the microammeter's range of {:g} uA clips {} of {} samples, the meter's wake-ups; the "
                    "mean could still be within the limit. Use a range or an instrument that holds them",
                    range_a * 1e6, window.overloads(), window.size()));
  trial.one_sided("quiescent_current", true, bound_ua, "uA");
}

struct Window {
  Waveform waveform;
  Utc start;
};

Task<Window> undisturbed_window(Trial& trial) {
  Station& st = trial.station();
  const Duration interval = trial.time("sample_interval_s");
  const auto points = static_cast<std::size_t>(window_length(trial) / interval);
  const int repeats = static_cast<int>(trial.number("window_repeats_max"));
  for (int i = 0; i < repeats; ++i) {
    co_await st.microammeter().start(interval, points);
    Window window;
    window.start = trial.clock().utc();
    window.waveform = co_await st.microammeter().fetch(true);
    const Duration wake = seconds(trial.dut().wake_period_s.value_or(5));
    if (window.waveform.overloads() > 0) co_return window;
    const bool report = disturbed(window.waveform, wake);
    if (!report && stands_still(window.waveform, st.microammeter(), wake)) co_return window;
    if (report)
      trial.note("测量窗口内有主动上报，重新测量", "a report of the meter fell into the window: measured again");
    else
      trial.note("测量窗口前后两半的平均值不一致，重新测量", "the halves of the window disagree: measured again");
  }
  trial.rig_fault("no window without a report of the meter, and of one mean");
}

void judge(Trial& trial, const Waveform& window) {
  CurrentMeter& meter = trial.station().microammeter();
  const Duration wake = seconds(trial.dut().wake_period_s.value_or(5));
  const WholePeriods whole = whole_periods(window, wake);
  const std::size_t from = whole.periods > 0 ? whole.from : 0;
  const std::size_t to = whole.periods > 0 ? whole.to : window.size();
  // Each whole period, or as many parts of a window without periods, repeats the measurement.
  const WaveformValue mean = mean_of(window, meter.accuracy(), from, to, whole.periods > 0 ? whole.periods : 10);
  const double floor = window.percentile_of_means(trial.time("floor_mean_s"), trial.number("floor_percentile"));
  Budget budget = mean.budget.in("uA", 1e6);
  // One wake-up more or less in a window that is not cut to whole periods.
  if (whole.periods == 0) budget.half_width("window", std::max(0.0, window.mean(from, to) - floor) * 1e6);
  trial.measure("quiescent_current", mean.amperes * 1e6, budget,
                {.others = {{"仅计休眠底值，不含侦听", "the floor alone, without listening", floor * 1e6}}});
  trial.record("sleep_floor", floor * 1e6, "uA");
  trial.record("window", to_seconds(window.interval * static_cast<std::int64_t>(to - from)), "s");
  trial.record("wake_ups", whole.periods, "1");
  if (whole.periods == 0) return;
  trial.record("wake_period", to_seconds(whole.period), "s");
  trial.record("charge_per_wake", whole.charge_per_wake * 1e6, "uC");
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  expect_instruments(trial);
  co_await power_up(trial);
  co_await settle(trial, trial.time("settle_s"), trial.time("settle_max_s"), trial.number("settled_below_ma") / 1000,
                  trial.time("settled_for_s"));
  std::vector<std::string> items{"reset_count"};
  const auto before = co_await st.meter().read(items);
  co_await release_uart(trial);
  co_await change_over(trial, Position::microammeter);
  // The exchange before woke the meter; one period later it is back in its rhythm.
  co_await sleep_for(seconds(trial.dut().wake_period_s.value_or(5)));
  co_await prove_path_alone(trial, Position::microammeter);
  const Window taken = co_await undisturbed_window(trial);
  const Waveform& window = taken.waveform;
  trial.evidence("quiescent_current", taken.start, window);
  if (window.overloads() > 0) {
    co_await judge_overload(trial, window);
    co_return;
  }
  co_await change_over(trial, Position::ammeter);
  co_await st.uart().connect(true);
  const auto after = co_await st.meter().read(items);
  if (before.at("reset_count") != after.at("reset_count"))
    trial.rig_fault("the meter was reset while its current was measured");
  judge(trial, window);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double wake_s = dut.wake_period_s.value_or(5);
  return clause.number("settle_s", dut) + 30 +
         std::max(clause.number("window_min_s", dut), clause.number("window_wake_periods", dut) * wake_s) + 3 * wake_s;
}

}  // namespace

extern const Procedure procedure_quiescent_current{
    "quiescent_current",
    "静态工作电流",
    "quiescent current",
    {"power_supply", "voltmeter", "ammeter", "microammeter", "path_switch", "uart_link", "ambient"},
    Radio::quiet,
    run,
    estimate};

}  // namespace meterrig::testcases
