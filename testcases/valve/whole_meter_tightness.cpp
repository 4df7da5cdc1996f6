// CJ/T 503-2016 6.9, figure 2: source, inlet valve, gauge, meter with its valve open, outlet sealed. Filled to 15 kPa
// and shut off, the gauge must not drop during three minutes.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

struct Hold {
  double p0_pa = 0;
  double p1_pa = 0;
  double t0_c = 0;
  double t1_c = 0;
  double raw() const { return p1_pa - p0_pa; }
  // P_abs moves with T_abs in a closed volume.
  double compensated(double barometer_pa) const {
    return raw() - (p0_pa + barometer_pa) * (t1_c - t0_c) / (t0_c + 273.15);
  }
};

Task<Hold> hold(Trial& trial) {
  Station& st = trial.station();
  co_await st.inlet_valve().open(false);
  Hold h;
  const Reading p0 = co_await st.gauge().pressure_pa();
  const Reading t0 = co_await st.thermometer().celsius();
  h.p0_pa = p0.value;
  h.t0_c = t0.value;
  std::vector<double> trace;
  const Instant start = trial.clock().now();
  const Utc started = trial.clock().utc();
  const auto samples = static_cast<int>(trial.number("hold_s") / trial.number("sample_interval_s"));
  for (int i = 0; i < samples; ++i) {
    co_await sleep_until(start + (i + 1) * trial.time("sample_interval_s"));
    const Reading p = co_await st.gauge().pressure_pa();
    trace.push_back(p.value);
    h.p1_pa = p.value;
  }
  const Reading t1 = co_await st.thermometer().celsius();
  h.t1_c = t1.value;
  trial.evidence("gauge", "Pa", started, trial.number("sample_interval_s"), trace);
  co_return h;
}

// Two readings of one gauge: what it is wrong by falls out, each reading's resolution stays.
Budget raw_budget(double resolution) {
  Budget budget("Pa");
  return budget.half_width("first reading", resolution / 2).half_width("last reading", resolution / 2);
}

// And the temperature difference, with its sensitivity P_abs / T (397 Pa/K at 116 kPa, 20 C).
Budget compensated_budget(Trial& trial, const Hold& h, const Reading& barometer_kpa, double resolution) {
  const double per_kelvin = (h.p0_pa + barometer_kpa.value * 1000) / (h.t0_c + 273.15);
  Budget budget = raw_budget(resolution);
  budget.half_width_of("temperature difference", trial.station().thermometer().difference_half_width(), "K",
                       per_kelvin);
  return budget.add(barometer_kpa.budget("kPa"), 1000 * (h.t1_c - h.t0_c) / (h.t0_c + 273.15), "barometer");
}

Budget temperature_budget(Trial& trial) {
  Budget budget("K");
  return budget.half_width("temperature difference", trial.station().thermometer().difference_half_width());
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  const double resolution = co_await st.gauge().resolution_pa();
  if (resolution > trial.number("gauge_resolution_max_pa"))
    trial.rig_fault(fmt::format("the gauge resolves {:g} Pa; this clause needs {:g} Pa", resolution,
                                trial.number("gauge_resolution_max_pa")));
  co_await power_up(trial);
  co_await sleep_for(trial.time("power_settle_s"));
  // With its valve closed only the part before it would be tested.
  co_await open_valve(trial);
  co_await st.outlet_seal().open(true);
  const Ambient::Conditions room = co_await st.ambient().read();
  const double barometer_pa = room.barometer_kpa.value * 1000;
  co_await hold_test_pressure(trial, "pressure_drop", "Pa");
  co_await sleep_for(trial.time("stabilise_s"));
  const int repeats = static_cast<int>(trial.number("repeats_max"));
  for (int i = 1; i <= repeats; ++i) {
    const Hold h = co_await hold(trial);
    const Budget raw = raw_budget(resolution);
    const Budget compensated = compensated_budget(trial, h, room.barometer_kpa, resolution);
    const double uncertainty = compensated.expanded();
    const double threshold = std::max(resolution, uncertainty);
    const double drop = -h.compensated(barometer_pa);
    trial.record("pressure_drop_raw", -h.raw(), raw);
    trial.record("pressure_drop_compensated", drop, compensated);
    trial.record("temperature_change", h.t1_c - h.t0_c, temperature_budget(trial));
    const bool steady = std::abs(h.t1_c - h.t0_c) <= trial.number("temperature_change_max_k");
    // Raw and compensated drop must say the same; if not, the air was not at rest.
    const bool agree = (-h.raw() > threshold) == (drop > threshold);
    if ((steady && agree) || (i == repeats && uncertainty <= trial.number("uncertainty_max_pa") && !steady)) {
      trial.record("resolvable_drop", threshold, "Pa");
      const double gauge_alone = -h.raw() > threshold ? -h.raw() : 0;
      trial.measure("pressure_drop", drop > threshold ? drop : 0, compensated,
                    {.others = {{"仅看压力计示值，不作温度补偿", "the gauge alone, not compensated", gauge_alone}}});
      co_await vent_air(trial);
      co_return;
    }
    if (i == repeats) break;
    trial.note("气体温度尚未稳定，重新保压", "the gas was not at rest: pressurised and held again");
    co_await st.inlet_valve().open(true);
    co_await sleep_for(2 * trial.time("stabilise_s"));
  }
  trial.rig_fault("the gas temperature did not come to rest: raw and compensated drop do not agree");
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("power_settle_s", dut) + clause.number("stabilise_s", dut) + clause.number("hold_s", dut) + 27;
}

}  // namespace

extern const Procedure procedure_whole_meter_tightness{
    "whole_meter_tightness",
    "整机密封性",
    "whole-meter tightness",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "gas_thermometer", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
