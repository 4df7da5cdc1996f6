// CJ/T 503-2016 6.13, figure 1: K2, then K0, then K2 again; what the maker declares as persistent must be as before.
// Pulses are never a multiple of ten, so that a meter that saves every tenth is found out.
#include <fmt/format.h>

#include "testcases/steps/register.hpp"

namespace meterrig::testcases {
namespace {

// Off for `off_time`; the source disconnected, not shorted.
Task<> cut(Trial& trial, Duration off_time) {
  Station& st = trial.station();
  co_await st.path().select(Position::off);
  co_await sleep_for(off_time);
  const Reading volts = co_await st.voltmeter().voltage();
  trial.record("residual_voltage", volts.value, volts.budget("V"));
  const double residual = trial.number("residual_voltage_fraction") * trial.dut().nominal_voltage_v;
  // The shortest cut may leave charge on the terminals; the longer ones may not.
  if (off_time >= 10s && volts.value > residual)
    trial.rig_fault(
        fmt::format("{:.2f} V are left at the meter's terminals {:g} s after K0", volts.value, to_seconds(off_time)));
}

Task<> inject(Trial& trial, std::uint32_t pulses) {
  if (trial.dut().conversion == "pulse") {
    co_await pass_pulses(trial, pulses);
  } else {
    co_await pass_volume(trial, pulses * std::stod(trial.dut().division_m3));
  }
}

// The printed method: pulses, rest, read, cut within a second, read again.
Task<int> cycle(Trial& trial, Duration off_time) {
  Station& st = trial.station();
  co_await open_valve(trial);
  co_await inject(trial, static_cast<std::uint32_t>(trial.number("pulses")));
  co_await sleep_for(trial.time("pulse_wait_s"));
  const auto before = co_await persistent_items(trial);
  co_await cut(trial, off_time);
  co_await st.path().select(Position::ammeter);
  co_await sleep_for(trial.time("settle_s"));
  const auto after = co_await persistent_items(trial);
  co_return changed_items(trial, before, after);
}

// A cut one second after the last pulse, without a reading before it: what must be there follows from the pulses
// counted, give or take the one in debounce.
Task<int> late_cut(Trial& trial) {
  Station& st = trial.station();
  co_await open_valve(trial);
  const std::int64_t before = co_await st.meter().volume_steps();
  const auto pulses = static_cast<std::uint32_t>(trial.number("pulses"));
  const std::uint32_t first = co_await st.pulses().count();
  co_await pass_pulses(trial, pulses);
  co_await sleep_for(trial.time("late_cut_s"));
  const std::uint32_t counted = (co_await st.pulses().count()) - first;
  if (counted > 2 * pulses + 10)
    trial.rig_fault(fmt::format("the pulse counter counted {} pulses where {} were asked for", counted, pulses));
  co_await cut(trial, 10s);
  co_await st.path().select(Position::ammeter);
  co_await sleep_for(trial.time("settle_s"));
  const std::int64_t after = co_await st.meter().volume_steps();
  const double weight = std::stod(trial.dut().pulse_volume_m3);
  double steps_per_pulse = weight;
  for (int i = 0; i < st.meter().volume_decimals(); ++i) steps_per_pulse *= 10;
  const double expected = static_cast<double>(before) + counted * steps_per_pulse;
  const bool kept = static_cast<double>(after) >= expected - steps_per_pulse - 0.5 &&
                    static_cast<double>(after) <= expected + steps_per_pulse + 0.5;
  if (!kept)
    trial.note(
        fmt::format("末脉冲后立即断电：累积量应为 {:g}，实为 {} 个最小单位", expected, after),
        fmt::format("cut right after the last pulse: the register should be {:g} and is {} steps", expected, after));
  co_return kept ? 0 : 1;
}

// What still has the maker's default would look kept after having been lost: it is set to something else first.
Task<> leave_defaults(Trial& trial) {
  for (const std::string& name : trial.dut().persistent_items) {
    const auto& values = trial.station().meter().profile().item(name).trial_values;
    if (values.size() < 2) continue;
    std::vector<std::string> names(1, name);
    const auto now = co_await trial.station().meter().read(std::move(names));
    co_await trial.write_item(name, now.at(name) == values[0] ? values[1] : values[0]);
  }
}

Task<> run(Trial& trial) {
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await leave_defaults(trial);
  int changed = 0;
  for (const double off_s : trial.list("off_times_s")) {
    const int in_cycle = co_await cycle(trial, seconds(off_s));
    trial.record("off_time", off_s, "s");
    changed += in_cycle;
  }
  if (trial.dut().conversion == "pulse") changed += co_await late_cut(trial);
  trial.count("changed_items", changed);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  double sum = clause.number("settle_s", dut);
  const double pulses_s = clause.number("pulses", dut) * 0.01 / dut.qmax_m3_per_h.value_or(4) * 3600;
  for (const double off_s : clause.list("off_times_s")) sum += off_s + pulses_s + clause.number("settle_s", dut) + 25;
  return sum + pulses_s + clause.number("settle_s", dut) + 30;
}

}  // namespace

extern const Procedure procedure_data_after_power_loss{
    "data_after_power_loss",
    "断电数据存储",
    "data after power loss",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "vent", "outlet_seal",
     "flow_standard", "pulse_counter", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
