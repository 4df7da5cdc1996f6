// CJ/T 503-2016 6.16: opening is completed by a person on site. The authorised command alone must not open the valve;
// command and local action together must.
#include "testcases/steps/control.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  Station& st = trial.station();
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  // A meter in test mode opens by itself; that would prove nothing here.
  co_await close_valve(trial);
  co_await admit_air(trial, trial.number("flow_pressure_kpa"));
  const AirSays at_first = co_await what_the_air_says(trial);
  if (at_first == AirSays::open) trial.note("阀门报告关闭但仍有气流", "the valve says closed, but air passes");

  const bool authorised = co_await authorise_over_the_air(trial, 30s);
  if (!authorised) trial.inconclusive("the meter did not take the authorisation over the air");
  const PolledTime by_itself = co_await wait_for_air(trial, AirSays::open, trial.time("guard_s"));
  const MeterStatus waiting = co_await st.meter().status();
  const AirSays after_guard = co_await what_the_air_says(trial);
  const bool opened = by_itself.seen || after_guard != AirSays::closed || waiting.valve == MeterStatus::Valve::open;
  trial.count("opened_without_manual_action", opened ? 1 : 0);

  co_await ask(trial, Operator::Kind::work_opener, "请在现场完成手动开阀动作：" + trial.dut().manual_action,
               "do the manual part of opening the valve: " + trial.dut().manual_action);
  const PolledTime after = co_await wait_for_air(trial, AirSays::open, trial.time("open_within_s"));
  trial.count("opened_after_manual_action", after.seen ? 1 : 0, {.parameters = {"open_within_s"}});
  if (after.seen) trial.record("time_to_open", after.seconds, after.budget());

  // Implied by 5.3.14 and not printed: without an authorisation the local action must not open.
  co_await close_valve(trial);
  co_await ask(trial, Operator::Kind::work_opener, "未授权时请完成手动开阀动作：" + trial.dut().manual_action,
               "without an authorisation, do the manual part: " + trial.dut().manual_action);
  const PolledTime unauthorised = co_await wait_for_air(trial, AirSays::open, trial.time("open_within_s"));
  trial.count("opened_without_authorisation", unauthorised.seen ? 1 : 0);
  co_await vent_air(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("settle_s", dut) + clause.number("guard_s", dut) + 2 * clause.number("open_within_s", dut) + 50;
}

}  // namespace

extern const Procedure procedure_valve_open_protection{
    "valve_open_protection",
    "开阀保护",
    "opening needs a person on site",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "leak_sensor", "host", "operator", "ambient"},
    Radio::talking,
    run,
    estimate};

}  // namespace meterrig::testcases
