// CJ/T 503-2016 6.15, figure 1 with K2: the voltage is lowered slowly; a warning at the design undervoltage, the valve
// closed at the design minimum voltage, nothing lost.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "testcases/steps/register.hpp"

namespace meterrig::testcases {
namespace {

struct Seen {
  double warned_at_v = 0;  // 0: not yet
  double closed_at_v = 0;
};

// False: the meter said nothing.
Task<bool> look(Trial& trial, double volts, Seen& seen) {
  Station& st = trial.station();
  MeterStatus status;
  bool silent = false;
  try {
    status = co_await st.meter().status();
  } catch (const TimeoutError&) {
    silent = true;  // below its minimum voltage a meter may fall silent
  }
  if (silent) co_return false;
  if (status.undervoltage && seen.warned_at_v == 0) seen.warned_at_v = volts;
  if (status.valve == MeterStatus::Valve::closed && seen.closed_at_v == 0) seen.closed_at_v = volts;
  co_return true;
}

// The look that a verdict rests on is repeated in silence: one lost answer is no finding.
Task<> look_closely(Trial& trial, double volts, Seen& seen) {
  for (int i = 0; i < 3; ++i) {
    const bool answered = co_await look(trial, volts, seen);
    if (answered) co_return;
    co_await sleep_for(10s);
  }
}

// Down (or up) to `target` at the clause's rate, looking at the meter every half second of the way.
Task<> ramp(Trial& trial, double from, double target, Seen& seen) {
  Station& st = trial.station();
  const double step = trial.number("step_v");
  const Duration each = seconds(step / trial.number("ramp_v_per_s"));
  const int steps = static_cast<int>(std::ceil(std::abs(from - target) / step - 1e-9));
  for (int i = 1; i <= steps; ++i) {
    const Instant due = trial.clock().now() + each;
    const double volts = i == steps ? target : from + (target > from ? step : -step) * i;
    co_await st.supply().set_voltage(std::round(volts * 1000) / 1000);
    if (i % 5 == 0 || i == steps) co_await look(trial, volts, seen);
    co_await sleep_until(due);
  }
}

// The set point is lowered by the voltmeter's uncertainty, so that the true value is certainly reached.
Task<double> reach(Trial& trial, double from, double declared_v, Seen& seen) {
  const Voltmeter& voltmeter = trial.station().voltmeter();
  const double u = std::max(0.001, voltmeter.accuracy().errors(declared_v).budget("V").expanded());
  double target = std::floor((declared_v - u) * 1000) / 1000;
  co_await ramp(trial, from, target, seen);
  // What the leads and the supply's own error leave over.
  const Reading there = co_await trial.station().voltmeter().voltage();
  const Reading source = co_await trial.station().supply().voltage();
  // The leads lose less: one of the two does not see what is there.
  if (std::abs(there.value - source.value) >
      0.05 * trial.dut().nominal_voltage_v + there.half_width + source.half_width)
    trial.rig_fault(fmt::format("the voltmeter reads {:.3f} V at the meter's terminals while the supply gives {:.3f} V",
                                there.value, source.value));
  if (there.value > declared_v - u) {
    const double lower = target - (there.value - (declared_v - u)) - 0.001;
    co_await ramp(trial, target, lower, seen);
    target = lower;
  }
  const Reading reached = co_await trial.station().voltmeter().voltage();
  trial.record("voltage_reached", reached.value, reached.budget("V"));
  co_return target;
}

Task<bool> closed_by_flow(Trial& trial) {
  const Flow flow = co_await outlet_flow(trial, LeakSensor::Range::fine);
  trial.record("outlet_flow", flow.l_per_h, flow.budget);
  co_return !flow.more && flow.l_per_h <= trial.number("closed_flow_max_l_per_h");
}

// Beyond the printed method: to 0 V in ten seconds, and back.
Task<int> brown_out(Trial& trial, double from, const std::map<std::string, std::string>& before) {
  Station& st = trial.station();
  constexpr int steps = 100;
  for (int i = 1; i <= steps; ++i) {
    const Instant due = trial.clock().now() + trial.time("brown_out_s") / steps;
    co_await st.supply().set_voltage(std::round(from * (steps - i) / steps * 1000) / 1000);
    co_await sleep_until(due);
  }
  co_await sleep_for(trial.time("hold_s"));
  const double nominal_v = trial.dut().nominal_voltage_v;
  for (int i = 1; i <= 10; ++i) {
    co_await st.supply().set_voltage(std::round(nominal_v * i / 10 * 1000) / 1000);
    co_await sleep_for(trial.time("return_ramp_s") / 10);
  }
  co_await sleep_for(trial.time("settle_s"));
  const auto after = co_await persistent_items(trial);
  co_return changed_items(trial, before, after);
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  const double nominal_v = trial.dut().nominal_voltage_v;
  const double undervoltage_v = trial.number("undervoltage_v");
  const double minimum_v = trial.number("minimum_voltage_v");
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await open_valve(trial);
  const auto before = co_await persistent_items(trial);
  const MeterStatus at_nominal = co_await st.meter().status();
  trial.count("warning_at_nominal", at_nominal.undervoltage ? 1 : 0);
  co_await admit_air(trial, trial.number("flow_pressure_kpa"));

  Seen seen;
  double set = co_await reach(trial, nominal_v, undervoltage_v, seen);
  co_await sleep_for(trial.time("latency_s"));
  co_await look_closely(trial, set, seen);
  trial.count("warning_at_undervoltage", seen.warned_at_v > 0 ? 1 : 0, {.parameters = {"latency_s"}});
  set = co_await reach(trial, set, minimum_v, seen);
  co_await sleep_for(trial.time("latency_s"));
  co_await look_closely(trial, set, seen);
  const bool closed = co_await closed_by_flow(trial);
  rig::Basis basis{.parameters = {"latency_s"}};
  // It says that it is closed: then it is the flow that a closed valve may pass which decides.
  if (seen.closed_at_v > 0) basis.parameters.push_back("closed_flow_max_l_per_h");
  trial.count("valve_closed_at_minimum", closed && seen.closed_at_v > 0 ? 1 : 0, basis);
  trial.record("warning_voltage", seen.warned_at_v, "V");
  trial.record("closing_voltage", seen.closed_at_v, "V");
  if (seen.warned_at_v > undervoltage_v * (1 + trial.number("early_fraction")))
    trial.note("欠压提示早于声明值 5 % 以上", "the warning came more than 5 % above the declared undervoltage");
  co_await vent_air(trial);

  std::map<std::string, std::string> at_minimum;
  bool silent = false;
  try {
    at_minimum = co_await persistent_items(trial);
  } catch (const TimeoutError&) {
    silent = true;
  }
  if (!silent) trial.count("changed_items", changed_items(trial, before, at_minimum));
  const int changed = co_await brown_out(trial, set, before);
  if (silent) trial.count("changed_items", changed);
  trial.count("changed_items_after_brown_out", changed);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double way = dut.nominal_voltage_v - dut.minimum_voltage_v.value_or(dut.nominal_voltage_v - 1.5);
  return 2 * clause.number("settle_s", dut) + way / clause.number("ramp_v_per_s", dut) +
         2 * clause.number("latency_s", dut) + 55;
}

}  // namespace

extern const Procedure procedure_undervoltage{
    "undervoltage",
    "电源欠压保护",
    "undervoltage protection",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "leak_sensor", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
