// CJ/T 503-2016 6.12 a): the change of the remote reading against the change of the mechanical counter, at least two
// signal equivalents at qmax. Where the rig dates the pulses of the contact, their spacing tells whether the contact or
// what counts behind it went wrong.
#include <cmath>

#include <fmt/format.h>

#include "instruments/scpi_session.hpp"
#include "testcases/steps/register.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  Station& st = trial.station();
  std::int64_t weight = 0;  // of one pulse, in ten-thousandths of a cubic metre
  if (!parse_scaled(trial.dut().pulse_volume_m3, 4, weight) || weight <= 0)
    throw UserError(
        fmt::format("{}: pulse_volume_m3 {:?} is no volume", trial.dut().file, trial.dut().pulse_volume_m3));
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await open_valve(trial);
  const std::int64_t m0 = co_await read_counter(trial);
  const std::int64_t r0 = co_await st.meter().volume_steps();
  const bool listens = co_await listen_to_contact(trial);
  const double equivalents = std::max(trial.number("equivalents"), trial.number("equivalents_min"));
  const Reading passed = co_await pass_volume(trial, equivalents * static_cast<double>(weight) / 1e4);
  co_await sleep_for(trial.time("debounce_wait_s"));
  if (listens) co_await tell_of_contact(trial);
  const std::int64_t r1 = co_await st.meter().volume_steps();
  const std::int64_t m1 = co_await read_counter(trial);

  std::int64_t step = 10000;
  for (int i = 0; i < st.meter().volume_decimals(); ++i) step /= 10;
  const std::int64_t difference = (r1 - r0) * step - (m1 - m0);
  // Two readings of the counter, each to half of its smallest division of 2 L; in pulse equivalents.
  const double half_division = counter_division / 2.0 / static_cast<double>(weight);
  Budget budget("1");
  budget.half_width("first reading", half_division).half_width("second reading", half_division);
  trial.record("mechanical_change", static_cast<double>(m1 - m0) / 1e4, "m3");
  trial.record("remote_change", static_cast<double>((r1 - r0) * step) / 1e4, "m3");
  trial.record("flow_standard_volume", passed.value, passed.budget("m3"));
  trial.measure("conversion_error", static_cast<double>(difference) / static_cast<double>(weight), budget);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double volume = clause.number("equivalents", dut) * std::stod(dut.pulse_volume_m3);
  return clause.number("settle_s", dut) + volume / dut.qmax_m3_per_h.value_or(4) * 3600 + 25;
}

}  // namespace

extern const Procedure procedure_conversion_error_pulse{
    "conversion_error_pulse",
    "机电转换误差（脉冲式）",
    "electromechanical conversion error, pulse type",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "vent", "outlet_seal",
     "flow_standard", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
