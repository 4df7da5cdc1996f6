#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "rig/run/whose_fault.hpp"
#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

constexpr double flow_ramp_kpa_per_s = 1;

Task<> pressurise(Trial& trial, double kpa, double ramp_kpa_per_s) {
  Station& st = trial.station();
  co_await st.vent().open(false);
  co_await st.air_source().set(kpa, ramp_kpa_per_s);
  co_await st.air_source().enable(true);
  co_await st.inlet_valve().open(true);
  co_await sleep_for(seconds(kpa / ramp_kpa_per_s + 5));
}

// The fine range while the outlet should be still: what it reads is the sensor's zero.
Task<double> zero_of_sensor(Trial& trial) {
  Station& st = trial.station();
  co_await st.leak_sensor().select(LeakSensor::Range::fine);
  double sum = 0;
  for (int i = 0; i < 10; ++i) {
    co_await sleep_for(100ms);
    const Reading reading = co_await st.leak_sensor().flow_l_per_h();
    sum += reading.value;
  }
  co_return sum / 10;
}

// More than the fine range holds, with 15 kPa on the closed valve. With the inlet shut and the line vented the sensor
// must read zero again: then it is good, and the meter leaks that much.
Task<> judge_overload(Trial& trial, double bound) {
  Station& st = trial.station();
  std::string coarse = "over the coarse range, too";
  try {
    co_await st.leak_sensor().select(LeakSensor::Range::coarse);
    const Reading reading = co_await st.leak_sensor().flow_l_per_h();
    coarse = fmt::format("{:.1f} L/h", reading.value);
    trial.record("coarse_flow", reading.value, reading.budget("L/h"));
  } catch (const OverRange&) {
  }
  co_await vent_air(trial);
  bool good = false;
  try {
    const double zero = co_await zero_of_sensor(trial);
    good = std::abs(zero) <= trial.number("zero_drift_l_per_h");
  } catch (const OverRange&) {
    good = false;
  }
  if (!good) trial.rig_fault("the leak sensor reads over its range with no pressure at the inlet");
  trial.note("泄漏量超出量程（" + coarse + "）；进气关闭后传感器回零",
             "more than the sensor's fine range (" + coarse + "); with the inlet shut the sensor reads zero");
  trial.one_sided("leakage", true, bound, "L/h");
}

struct Trace {
  std::vector<double> flow;
  ErrorBounds errors;  // of the last reading
  double pressure_sum = 0;
  double pressure_min = 1e9;
  double pressure_max = -1e9;
  double gauge_half_width = 0;
  int pressures = 0;
  bool overload = false;
};

// `duration` of flow at the clause's rate, the gauge once a second.
Task<> follow(Trial& trial, Duration duration, Trace& trace) {
  Station& st = trial.station();
  const double rate = trial.number("sample_rate_hz");
  const Instant start = trial.clock().now();
  const auto samples = static_cast<int>(to_seconds(duration) * rate);
  for (int i = 0; i < samples; ++i) {
    co_await sleep_until(start + seconds((i + 1) / rate));
    try {
      const Reading flow = co_await st.leak_sensor().flow_l_per_h();
      trace.flow.push_back(flow.value);
      trace.errors = flow.errors;
    } catch (const OverRange&) {
      trace.overload = true;
    }
    if (trace.overload) co_return;
    if (i % static_cast<int>(rate) != 0) continue;
    const Reading pressure = co_await st.gauge().pressure_pa();
    trace.pressure_sum += pressure.value;
    trace.pressure_min = std::min(trace.pressure_min, pressure.value);
    trace.pressure_max = std::max(trace.pressure_max, pressure.value);
    trace.gauge_half_width = pressure.half_width;
    ++trace.pressures;
  }
}

double mean_of(const std::vector<double>& values, std::size_t from, std::size_t to) {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += values[i];
  return sum / static_cast<double>(to - from);
}

// Until the flow changes by less than the clause allows within its time, at most settle_max_s.
Task<> stabilise(Trial& trial, Trace& trace) {
  const Duration step = trial.time("stable_change_within_s");
  const Instant start = trial.clock().now();
  co_await follow(trial, trial.time("settle_s"), trace);
  const auto block = static_cast<std::size_t>(to_seconds(step) * trial.number("sample_rate_hz"));
  while (!trace.overload && trial.clock().now() - start < trial.time("settle_max_s")) {
    const std::size_t n = trace.flow.size();
    if (n >= 2 * block && std::abs(mean_of(trace.flow, n - block, n) - mean_of(trace.flow, n - 2 * block, n - block)) <
                              trial.number("stable_change_l_per_h"))
      co_return;
    co_await follow(trial, step, trace);
  }
}

// A seal that slips within the window: the flow after the step is what the meter leaks.
double level_of(Trial& trial, const std::vector<double>& window) {
  const auto block =
      static_cast<std::size_t>(to_seconds(trial.time("stable_change_within_s")) * trial.number("sample_rate_hz"));
  const double whole = mean_of(window, 0, window.size());
  if (window.size() < 2 * block) return whole;
  const double last = mean_of(window, window.size() - block, window.size());
  if (last - mean_of(window, 0, block) < trial.number("stable_change_l_per_h")) return whole;
  trial.note(fmt::format("平均窗口内泄漏量出现阶跃，末段为 {:.3f} L/h", last),
             fmt::format("the flow stepped within the averaging window; its last part is {:.3f} L/h", last));
  return std::max(last, whole);
}

struct Zero {
  double before = 0;
  double after = 0;
};

Task<Zero> check_zero_again(Trial& trial, double zero_before) {
  const double zero_after = co_await zero_of_sensor(trial);
  trial.record("zero_before", zero_before, "L/h");
  trial.record("zero_after", zero_after, "L/h");
  if (std::abs(zero_after - zero_before) > trial.number("zero_drift_l_per_h"))
    trial.rig_fault(fmt::format("the leak sensor's zero moved from {:.4f} to {:.4f} L/h", zero_before, zero_after));
  co_return Zero{zero_before, zero_after};
}

// Means over ten seconds each: noise that moves more slowly than the readings follow each other is seen in them.
std::vector<double> block_means(Trial& trial, const std::vector<double>& window) {
  const auto block =
      static_cast<std::size_t>(to_seconds(trial.time("stable_change_within_s")) * trial.number("sample_rate_hz"));
  std::vector<double> means;
  for (std::size_t i = 0; block > 0 && i + block <= window.size(); i += block)
    means.push_back(mean_of(window, i, i + block));
  return means;
}

// What a volume at the clause's reference conditions becomes at 0 Cel and 101.325 kPa.
double at_zero_celsius(Trial& trial) {
  return trial.number("reference_pressure_kpa") / 101.325 * 273.15 / (trial.number("reference_temperature_c") + 273.15);
}

}  // namespace

Task<> admit_air(Trial& trial, double kpa) {
  Station& st = trial.station();
  co_await st.outlet_seal().open(false);
  co_await pressurise(trial, kpa, flow_ramp_kpa_per_s);
}

Task<Flow> outlet_flow(Trial& trial, LeakSensor::Range range) {
  Station& st = trial.station();
  co_await st.leak_sensor().select(range);
  Flow flow;
  try {
    const Reading reading = co_await st.leak_sensor().flow_l_per_h();
    flow = {reading.value, reading.budget("L/h"), false};
  } catch (const OverRange&) {
    flow = {st.leak_sensor().range_l_per_h(), Budget("L/h"), true};
  }
  co_return flow;
}

Budget PolledTime::budget() const {
  Budget budget("s");
  return budget.half_width("polling", since_last_look_s / 2).half_width("time stamp", 0.01);
}

void expect_watched(Trial& trial, const PolledTime& time, double limit_s) {
  constexpr double longest_blink_s = 1;
  if (time.since_last_look_s <= longest_blink_s || time.seconds <= limit_s) return;
  if (time.seconds - time.since_last_look_s > limit_s) return;
  trial.rig_fault(
      fmt::format("seen {:.1f} s after the start, {:.1f} s after the look before: whether within {:g} s, nobody "
                  "saw",
                  time.seconds, time.since_last_look_s, limit_s));
}

Task<> vent_air(Trial& trial) {
  Station& st = trial.station();
  co_await st.inlet_valve().open(false);
  co_await st.air_source().enable(false);
  co_await st.vent().open(true);
  co_await sleep_for(10s);
  const Reading pressure = co_await st.gauge().pressure_pa();
  if (std::abs(pressure.value) > 100 + pressure.half_width)
    trial.rig_fault(fmt::format("the gauge reads {:.0f} Pa after venting", pressure.value));
}

Task<> hold_test_pressure(Trial& trial, const std::string& leak_name, const std::string& leak_unit) {
  Station& st = trial.station();
  const double kpa = trial.number("pressure_kpa");
  const double tolerance = trial.number("pressure_tolerance_kpa");
  co_await pressurise(trial, kpa, trial.number("pressure_ramp_kpa_per_s"));
  const Reading pressure = co_await st.gauge().pressure_pa();
  if (pressure.value > 1000 * trial.number("pressure_max_kpa"))
    trial.rig_fault(fmt::format("{:.2f} kPa at the meter's inlet: more than it may see", pressure.value / 1000));
  if (std::abs(pressure.value / 1000 - kpa) <= tolerance) co_return;
  // Dead end: with the inlet valve closed the source must hold the pressure by itself.
  const bool good = co_await rig::air_side_is_good(st, kpa, tolerance);
  const std::string what =
      fmt::format("{:.2f} kPa at the meter's inlet instead of {:g} kPa", pressure.value / 1000, kpa);
  if (!good) trial.rig_fault(what + "; the source does not reach the pressure against its closed valve either");
  trial.note("入口压力不能保持；关闭进气阀后气源压力正常：被测表泄漏",
             what +
                 "; against its closed valve the source holds the "
                 "pressure: the meter leaks it away");
  const auto limit = trial.clause().limit(leak_name, trial.dut());
  trial.one_sided(leak_name, true, limit ? std::max(st.leak_sensor().range_l_per_h(), limit->high) : 0, leak_unit);
  trial.end(Verdict::fail, Cause{"gauge", "", what, 0, what});
}

Task<Verdict> measure_leakage(Trial& trial) {
  Station& st = trial.station();
  co_await st.outlet_seal().open(false);
  co_await vent_air(trial);
  const double zero_before = co_await zero_of_sensor(trial);
  co_await hold_test_pressure(trial, "leakage", "L/h");
  Trace trace;
  co_await stabilise(trial, trace);
  const std::size_t settled = trace.flow.size();
  if (!trace.overload) co_await follow(trial, trial.time("average_s"), trace);
  if (trace.overload) {
    co_await judge_overload(trial, st.leak_sensor().range_l_per_h());
    co_return trial.verdict();
  }
  const std::vector<double> window(trace.flow.begin() + static_cast<std::ptrdiff_t>(settled), trace.flow.end());
  const Ambient::Conditions room = co_await st.ambient().read();
  const Reading gas = co_await st.thermometer().celsius();
  const double pressure_kpa = trace.pressure_sum / trace.pressures / 1000;
  const double kpa = trial.number("pressure_kpa");
  if (trace.pressure_min / 1000 < kpa - trial.number("pressure_tolerance_kpa") ||
      trace.pressure_max / 1000 > kpa + trial.number("pressure_tolerance_kpa"))
    trial.rig_fault(fmt::format("the gauge read {:.2f} to {:.2f} kPa meanwhile", trace.pressure_min / 1000,
                                trace.pressure_max / 1000));
  co_await vent_air(trial);
  const Zero zero = co_await check_zero_again(trial, zero_before);

  // The sensor is volumetric at outlet conditions: q_ref = q (P_atm / P_ref) (T_ref / T).
  const double factor = room.barometer_kpa.value / trial.number("reference_pressure_kpa") *
                        (trial.number("reference_temperature_c") + 273.15) / (gas.value + 273.15);
  const double raw = level_of(trial, window) - zero.before;
  Budget outlet("L/h");
  outlet.add(trace.errors.budget("L/h"))
      .standard("repeatability", standard_deviation_of_mean(block_means(trial, window)));
  outlet.half_width("zero", std::abs(zero.after - zero.before) / 2);
  Budget leakage("L/h");
  leakage.add(outlet, factor);
  // The flow goes with the pressure, which may stand anywhere within what the gauge saw and its own error.
  const double off_kpa = std::max(std::abs(trace.pressure_min / 1000 - kpa), std::abs(trace.pressure_max / 1000 - kpa));
  leakage.half_width_of("pressure", off_kpa + trace.gauge_half_width / 1000, "kPa", raw * factor / kpa);
  leakage.add(room.barometer_kpa.budget("kPa"), raw * factor / room.barometer_kpa.value, "barometer");
  leakage.add(gas.budget("Cel"), raw * factor / (gas.value + 273.15), "gas temperature");
  trial.record("pressure", pressure_kpa, "kPa");
  trial.record("gas_temperature", gas.value, gas.budget("Cel"));
  trial.record("barometer", room.barometer_kpa.value, room.barometer_kpa.budget("kPa"));
  trial.record("flow_at_outlet", raw, outlet);
  co_return trial.measure(
      "leakage", raw * factor, leakage,
      {.others = {{"按出口处状态，不换算", "at the conditions of the outlet, not converted", raw},
                  {"按 0 °C、101.325 kPa", "at 0 Cel and 101.325 kPa", raw * factor * at_zero_celsius(trial)}}});
}

}  // namespace meterrig::testcases
