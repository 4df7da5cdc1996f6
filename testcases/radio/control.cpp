// CJ/T 503-2016 6.20: an authorisation to open is accepted, a command to close is executed, one for another meter is
// not.
#include <fmt/format.h>

#include "testcases/steps/control.hpp"

namespace meterrig::testcases {
namespace {

// The neighbour that differs as little as an address can: the number's highest byte, the maker's code alike.
cjt188::Address neighbour_of(cjt188::Address address) {
  address[4] = address[4] == 0x99 ? 0x01 : static_cast<std::uint8_t>(address[4] + 1);
  return address;
}

Task<> close_over_the_air(Trial& trial) {
  Station& st = trial.station();
  const Instant sent = trial.clock().now();
  const auto limit = trial.clause().limit("closing_time", trial.dut());
  const double most_s = (limit ? limit->high : trial.number("close_within_s")) + 5;
  const Over command = co_await over_the_air(trial, st.meter().request_valve(st.meter().address(), false),
                                             st.meter().address(), trial.time("answer_timeout_s"), 0);
  trial.record_text("close_acknowledged", command.answered ? "yes" : "no");
  const Duration unseen = trial.clock().now() - sent;
  PolledTime closed = co_await wait_for_air(trial, AirSays::closed, seconds(most_s) - unseen);
  if (!closed.seen) {
    trial.one_sided("closing_time", true, most_s, "s");
    co_return;
  }
  // Closed at the first look, it may have been so at any time since the command.
  if (closed.since_last_look_s >= closed.seconds) closed.since_last_look_s += to_seconds(unseen);
  closed.seconds += to_seconds(unseen);
  expect_watched(trial, closed, most_s - 5);
  trial.measure("closing_time", closed.seconds, closed.budget());
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await open_valve(trial);
  co_await admit_air(trial, trial.number("flow_pressure_kpa"));
  const AirSays open = co_await what_the_air_says(trial);
  if (open != AirSays::open) trial.rig_fault("no air passes the valve that says it is open");

  // For another meter first, while the valve is open: nothing may happen.
  const cjt188::Address other = neighbour_of(st.meter().address());
  const Over foreign =
      co_await over_the_air(trial, st.meter().request_valve(other, false), other, trial.time("answer_timeout_s"), 0);
  co_await sleep_for(10s);
  const AirSays after_foreign = co_await what_the_air_says(trial);
  trial.count("foreign_reactions", foreign.answered || after_foreign != AirSays::open ? 1 : 0);
  if (after_foreign != AirSays::open) co_await open_valve(trial);

  co_await close_over_the_air(trial);

  const bool accepted = co_await authorise_over_the_air(trial, trial.time("answer_timeout_s"));
  const PolledTime opened = co_await wait_for_air(trial, AirSays::open, trial.time("guard_s"));
  trial.count("authorisation_accepted", accepted ? 1 : 0, {.parameters = {"answer_timeout_s"}});
  trial.count("opened_by_itself", opened.seen ? 1 : 0);
  co_await close_valve(trial);
  co_await vent_air(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("settle_s", dut) + clause.number("guard_s", dut) + 70;
}

}  // namespace

extern const Procedure procedure_control{
    "control",
    "控制功能",
    "control",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "leak_sensor", "host", "ambient"},
    Radio::talking,
    run,
    estimate};

}  // namespace meterrig::testcases
