// CJ/T 503-2016 6.14, figure 1: the valve open, K0: the valve must close by itself, and stay closed.
#include <algorithm>

#include <fmt/format.h>

#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

constexpr Duration poll = 100ms;

Task<> expect_open_flow(Trial& trial) {
  co_await admit_air(trial, trial.number("flow_pressure_kpa"));
  const Flow flow = co_await outlet_flow(trial, LeakSensor::Range::coarse);
  trial.record("open_flow", flow.l_per_h, flow.budget);
  if (!flow.more && flow.l_per_h < trial.number("open_flow_min_l_per_h"))
    trial.rig_fault(fmt::format("only {:.1f} L/h pass the valve that says it is open", flow.l_per_h));
}

// Whether the outlet's flow is inside the fine range and below the limit.
Task<bool> looks_closed(Trial& trial) {
  try {
    const Reading flow = co_await trial.station().leak_sensor().flow_l_per_h();
    co_return flow.value <= trial.number("closed_flow_max_l_per_h");
  } catch (const OverRange&) {
    co_return false;
  }
}

// From K0 until the valve looks closed, and does for a second. Not seen: a look that began after `most_s` says open.
Task<PolledTime> time_to_close(Trial& trial, double most_s) {
  Station& st = trial.station();
  co_await st.leak_sensor().select(LeakSensor::Range::fine);
  const Instant cut = trial.clock().now();
  co_await st.path().select(Position::off);
  PolledTime closed_at;
  double last_open_s = 0;
  for (;;) {
    const double asked_s = to_seconds(trial.clock().now() - cut);
    const bool closed = co_await looks_closed(trial);
    const double now_s = to_seconds(trial.clock().now() - cut);
    if (!closed) {
      if (asked_s >= most_s) co_return PolledTime{};
      closed_at = {};
      last_open_s = asked_s;
    } else if (!closed_at.seen) {
      closed_at = {true, now_s, now_s - last_open_s};
    } else if (now_s - closed_at.seconds >= 1) {
      co_return closed_at;
    }
    co_await sleep_for(poll);
  }
}

Task<> measure_flow_after(Trial& trial) {
  const Flow flow = co_await outlet_flow(trial, LeakSensor::Range::fine);
  if (flow.more) {
    trial.one_sided("flow_after", true, flow.l_per_h, "L/h");
  } else {
    trial.measure("flow_after", flow.l_per_h, flow.budget);
  }
}

Task<> repetition(Trial& trial) {
  Station& st = trial.station();
  co_await power_up(trial);
  co_await open_valve(trial);
  co_await sleep_for(trial.time("charge_s"));
  co_await expect_open_flow(trial);
  const auto limit = trial.clause().limit("closing_time", trial.dut());
  const double most_s = limit ? limit->high : 5;
  const PolledTime closed = co_await time_to_close(trial, most_s + 2);
  if (!closed.seen) {
    trial.one_sided("closing_time", true, most_s + 2, "s");
  } else {
    expect_watched(trial, closed, most_s);
    trial.measure("closing_time", closed.seconds, closed.budget());
    co_await measure_leakage(trial);
    co_await admit_air(trial, trial.number("flow_pressure_kpa"));
  }
  co_await sleep_for(trial.time("unpowered_s"));
  co_await measure_flow_after(trial);
  // No reserve carries a meter this long: what is still there comes through a contact of K that did not open.
  const Reading left = co_await st.voltmeter().voltage();
  if (left.value > 0.95 * trial.dut().nominal_voltage_v)
    trial.rig_fault(fmt::format("{:.2f} V are still at the meter's terminals {:g} s after K0", left.value,
                                trial.number("unpowered_s")));
  // With power back it must still be closed: opening needs a person (5.3.14).
  co_await st.path().select(Position::ammeter);
  co_await sleep_for(trial.time("boot_timeout_s"));
  const MeterStatus status = co_await st.meter().status();
  trial.record_text("status_after_restart", status.valve == MeterStatus::Valve::closed ? "closed" : "open");
  co_await measure_flow_after(trial);
  co_await vent_air(trial);
}

Task<> run(Trial& trial) {
  const int repetitions = static_cast<int>(trial.number("repetitions"));
  for (int i = 0; i < repetitions; ++i) co_await repetition(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("repetitions", dut) *
         (clause.number("charge_s", dut) + clause.number("unpowered_s", dut) + clause.number("boot_timeout_s", dut) +
          clause.number("settle_s", dut) + clause.number("average_s", dut) + 100);
}

}  // namespace

extern const Procedure procedure_valve_closes_on_power_loss{
    "valve_closes_on_power_loss",
    "断电关阀",
    "valve closes on power loss",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "gas_thermometer", "leak_sensor", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
