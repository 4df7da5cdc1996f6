// The sample is treated on other equipment (drop, vibration, water bench ...): what it had counted before must be there
// afterwards, and it must work (CJ/T 484 (revision) 5.2.10: not damaged, no information lost, works normally). A
// certificate of the treatment takes its place; the functional check is done here all the same.
#include <cstdlib>

#include <fmt/format.h>

#include "rig/run/run_facts.hpp"
#include "testcases/steps/function_check.hpp"
#include "testcases/steps/inspection.hpp"

namespace meterrig::testcases {
namespace {

// Before it leaves the station, or when it is back.
struct Left {
  Usage usage;
  Settled last;
  Instant at{};
};

Task<Left> read_sample(Trial& trial, const char* when) {
  Left left;
  left.usage = co_await usage(trial);
  left.last = co_await settled(trial, 1);
  left.at = trial.clock().now();
  trial.record(fmt::format("cumulative_{}", when), static_cast<double>(left.usage.cumulative), "L");
  trial.record(fmt::format("period_{}", when), static_cast<double>(left.usage.period), "L");
  trial.record_text(fmt::format("clock_{}", when), civil_text(left.usage.at));
  co_return left;
}

// The station without voltage and signals, each read back: the sample is taken out by hand.
Task<> take_out(Trial& trial) {
  Station& st = trial.station();
  std::vector<std::string> roles{"pulse_simulator", "uart_link", "path_switch", "power_supply"};
  const std::vector<OutputState> states = co_await st.make_safe(std::move(roles));
  trial.event("safe_state",
              {{"reason", trial.clause().id + ": the sample is taken out"}, {"outputs", rig::outputs_json(states)}});
  for (const OutputState& state : states)
    if (!state.ok)
      trial.rig_fault(fmt::format("{} of {} reads back {:?}: the sample can't be taken out", state.role,
                                  state.instrument, state.read_back));
  // It is wired anew when it comes back: its first power is one with a low limit.
  st.commissioned = false;
}

bool treated_here(const plan::Clause& clause) { return clause.text("certificate") != "required"; }
bool passes_water(const Trial& trial) { return trial.clause().text("water") == "bench"; }

// The operator has it done. Gives the litres that a water bench has passed through it; 0 without one.
Task<std::int64_t> have_it_treated(Trial& trial) {
  const plan::Clause& clause = trial.clause();
  const bool water = passes_water(trial);
  const std::string zh =
      fmt::format("从工位 {} 取下样品 {}，进行 {} {}，恢复后装回并接线，然后回答{}", trial.station().name(),
                  trial.dut().serial, clause.test, clause.title.zh, water ? "水台通过的水量（m³，三位小数）" : " done");
  const std::string en = fmt::format(
      "take sample {} out of station {}, have {} ({}) done to it, put it back when it has recovered, wire it, then "
      "answer {}",
      trial.dut().serial, trial.station().name(), clause.test, clause.title.en,
      water ? "with the volume that the water bench passed through it (m3, three decimals)" : "done");
  const auto kind = water ? Operator::Kind::pass_water : Operator::Kind::treat;
  const std::string answer = co_await ask(trial, kind, zh, en, clause.requirement, "treatment_timeout_s");
  std::int64_t litres = 0;
  const bool good = water ? parse_scaled(answer, 3, litres) && litres > 0 : answer == "done";
  if (!good) trial.inconclusive(fmt::format("whether the treatment was done was answered with {:?}", answer));
  co_return litres;
}

void compare_usage(Trial& trial, const Left& before, const Left& after, std::int64_t passed) {
  const std::int64_t cumulative = volume_between(before.usage.cumulative, after.usage.cumulative);
  if (passes_water(trial)) {
    const auto volume = static_cast<double>(passed);
    Budget budget("%");
    budget.half_width("first reading", 50 / volume).half_width("last reading", 50 / volume);
    trial.record("bench_volume", volume, "L");
    trial.measure("volume_error", 100 * (static_cast<double>(cumulative) - volume) / volume, budget);
  } else {
    trial.count("cumulative_lost", -cumulative);
  }
  if (before.last == after.last)
    trial.count("period_lost", period_steps_off(trial, before.usage.period + cumulative, after.usage.period));
  else
    trial.note("期间跨过结算时刻，周期用量不比较",
               "a settlement came in between: the usage of the period is not compared");
}

// A clock that stood still or began anew is information lost; its own error is another clause's (5.4.2).
void compare_clock(Trial& trial, const Left& before, const Left& after) {
  if (!trial.dut().clock_backup) return;
  const double passed_s = to_seconds(after.at - before.at);
  const double off_s = static_cast<double>((after.usage.at - before.usage.at).count()) - passed_s;
  const double allowed_s = trial.number("clock_tolerance_s") + trial.number("clock_error_s_per_d") * passed_s / 86400;
  trial.record("clock_off", off_s, "s");
  trial.count("clock_lost", std::abs(off_s) > allowed_s ? 1 : 0);
}

Task<> treat(Trial& trial) {
  // A meter that has counted nothing has nothing to lose.
  co_await pass_water(trial, static_cast<std::int64_t>(trial.number("volume_l")));
  const Left before = co_await read_sample(trial, "before");
  co_await trial.commit();
  co_await take_out(trial);
  const std::int64_t passed = co_await have_it_treated(trial);
  const Seen seen = co_await look_at_sample(trial);
  co_await start_water_meter(trial);
  const Left after = co_await read_sample(trial, "after");
  compare_usage(trial, before, after, passed);
  compare_clock(trial, before, after);
  if (seen == Seen::not_applicable)
    trial.inconclusive("the sample was treated, and the operator says that the requirement does not apply to it");
  trial.count("nonconformities", seen == Seen::met ? 0 : 1);
}

Task<> run(Trial& trial) {
  const bool treated_elsewhere = trial.certificates().has_value();
  if (!treated_elsewhere && !treated_here(trial.clause())) trial.without_certificate();
  co_await start_water_meter(trial);
  if (!treated_elsewhere) co_await treat(trial);
  co_await check_function(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double treatment_s = treated_here(clause) ? clause.number("treatment_s", dut) + 60 : 0;
  return 2 * clause.number("boot_s", dut) + 20 + treatment_s +
         (treated_here(clause) ? 2 : 1) * function_check_s(clause, dut);
}

}  // namespace

extern const Procedure procedure_treatment{"treatment",
                                           "外部处理后检查",
                                           "check after a treatment on other equipment",
                                           {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link",
                                            "pulse_simulator", "pulse_counter", "operator", "ambient"},
                                           Radio::none,
                                           run,
                                           estimate,
                                           {},
                                           nullptr,
                                           true};

}  // namespace meterrig::testcases
