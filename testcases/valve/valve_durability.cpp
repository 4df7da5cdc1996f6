// CJ/T 503-2016 6.8: 5000 openings and 5000 closings, then the tightness of 6.7. An action counts when the motor's
// current shows that it was completed, not when the meter acknowledges it.
#include <algorithm>

#include <fmt/format.h>

#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

// Coarse enough for ten thousand actions, fine enough to see a stall of 80 ms.
constexpr Duration interval = 20ms;

// How much longer than the first an action of the same valve is watched. A scaled clock makes much of little: what the
// computer is late by counts as many times.
Duration margin(const Trial& trial) { return 1s + trial.clock().exchange_slack() / 20; }

struct Counts {
  std::int64_t opened = 0;
  std::int64_t closed = 0;
  std::int64_t missing = 0;
  std::vector<double> open_s, close_s;
  double ended_s = 0;  // of the last action, from its command
  double peak_a = 0;
};

// What was counted before an interruption goes on from its last acknowledged cycle: actions after it, and the closing
// that the loss of the supply may have forced, count for nothing.
std::int64_t take_up(Trial& trial, Counts& counts) {
  const nlohmann::json& earlier = trial.earlier();
  if (earlier.is_null()) return 0;
  counts.opened = earlier.at("opened");
  counts.closed = earlier.at("closed");
  counts.missing = earlier.at("missing");
  const std::int64_t cycle = earlier.at("cycle");
  trial.note(fmt::format("自已确认的第 {} 次循环继续（已开阀 {} 次、关阀 {} 次）", cycle, counts.opened, counts.closed),
             fmt::format("goes on from cycle {}, the last one acknowledged ({} openings, {} closings)", cycle,
                         counts.opened, counts.closed));
  return cycle;
}

// One action seen from its command to the motor's rest. False: no motion within the time.
Task<bool> act(Trial& trial, bool open, Duration watch, Counts& counts) {
  Station& st = trial.station();
  co_await st.ammeter().start(interval, static_cast<std::size_t>(watch / interval));
  if (open) {
    co_await st.meter().authorise_opening();
    co_await st.opener().work();
  } else {
    co_await st.meter().close_valve();
  }
  const Waveform waveform = co_await st.ammeter().fetch(false);
  const Motion motion = motion_in(waveform, trial.number("motion_threshold_ma") / 1000);
  if (!motion.moved) co_return false;
  (open ? counts.open_s : counts.close_s).push_back(motion.seconds);
  counts.peak_a = std::max(counts.peak_a, motion.peak_a);
  counts.ended_s = motion.ended_s;
  ++(open ? counts.opened : counts.closed);
  co_return true;
}

// What moved when nobody looked is brought back: a valve that is there already moves at no command.
Task<> undo(Trial& trial, bool open) {
  using Valve = MeterStatus::Valve;
  const MeterStatus status = co_await trial.station().meter().status();
  if (status.valve != (open ? Valve::open : Valve::closed)) co_return;
  trial.note("阀门在观察窗口之外动作，复位后重做",
             "the valve moved outside the window: brought back, to be done again");
  Counts uncounted;
  co_await act(trial, !open, trial.time("action_timeout_s"), uncounted);
}

// Repeats an action that did not happen; false when it is missing more often than allowed in a row.
Task<bool> act_until_done(Trial& trial, bool open, Duration watch, Counts& counts) {
  const int most = static_cast<int>(trial.number("missing_actions_max"));
  for (int missing = 0; missing <= most; ++missing) {
    const bool done = co_await act(trial, open, watch, counts);
    if (done) co_return true;
    ++counts.missing;
    if (missing < most) co_await undo(trial, open);
  }
  co_return false;
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void report(Trial& trial, Counts& counts, std::int64_t cycle) {
  trial.checkpoint({{"cycle", cycle},
                    {"opened", counts.opened},
                    {"closed", counts.closed},
                    {"missing", counts.missing},
                    {"median_open_s", median(counts.open_s)},
                    {"median_close_s", median(counts.close_s)},
                    {"peak_ma", counts.peak_a * 1000}});
  counts.open_s.clear();
  counts.close_s.clear();
  counts.peak_a = 0;
}

Task<> check_status(Trial& trial) {
  const MeterStatus status = co_await trial.station().meter().status();
  if (status.valve != MeterStatus::Valve::closed)
    trial.note("电机已动作，但表具状态不是关闭",
               "the motor moved, but the meter does not say that its valve is closed");
}

Task<> run(Trial& trial) {
  Station& st = trial.station();
  co_await power_up(trial);
  co_await sleep_for(trial.time("power_settle_s"));
  co_await close_valve(trial);
  if (trial.dut().test_mode == "none")
    trial.note("开阀：由执行器完成现场手动动作", "opening: the actuator does the manual part");
  const auto cycles = static_cast<std::int64_t>(trial.number("cycles"));
  const auto checkpoint = static_cast<std::int64_t>(trial.number("checkpoint_cycles"));
  const auto status_check = static_cast<std::int64_t>(trial.number("status_check_cycles"));
  Counts counts;
  const std::int64_t before = take_up(trial, counts);
  // The first actions are watched for as long as a valve may take; later ones for as long as this valve takes.
  const Duration longest = trial.time("action_timeout_s");
  Duration open_watch = longest;
  Duration close_watch = longest;
  bool working = true;
  for (std::int64_t cycle = before + 1; working && cycle <= cycles; ++cycle) {
    working = co_await act_until_done(trial, true, open_watch, counts);
    if (!working) break;
    if (cycle == before + 1) open_watch = seconds(counts.ended_s) + margin(trial);
    co_await sleep_for(trial.time("dwell_s"));
    working = co_await act_until_done(trial, false, close_watch, counts);
    if (!working) break;
    if (cycle == before + 1) close_watch = seconds(counts.ended_s) + margin(trial);
    co_await sleep_for(trial.time("dwell_s"));
    if (cycle % status_check == 0) co_await check_status(trial);
    if (cycle % checkpoint != 0) continue;
    report(trial, counts, cycle);
    if (!trial.clock().is_virtual()) co_await trial.commit();
  }
  // A plan that asks for fewer cycles than the standard is not held to the standard's number: it is recorded.
  const auto limit = trial.clause().limit("opening_actions", trial.dut());
  if (working && limit && static_cast<double>(cycles) < limit->low) {
    trial.record("opening_actions", static_cast<double>(counts.opened), "1");
    trial.record("closing_actions", static_cast<double>(counts.closed), "1");
  } else {
    trial.count("opening_actions", counts.opened);
    trial.count("closing_actions", counts.closed);
  }
  trial.record("missing_actions", static_cast<double>(counts.missing), "1");
  if (!working) {
    // Authorised, and not told by the key: the actuator can't be proven, so the meter is not blamed.
    const MeterStatus status = co_await st.meter().status();
    if (status.awaiting_manual_action)
      trial.rig_fault("the meter waits for the manual action that the opener has done: the opener, or the meter's key");
    const std::string what =
        fmt::format("the valve did not move any more after {} openings and {} closings", counts.opened, counts.closed);
    trial.end(Verdict::fail, Cause{"meter", "", "", 0, what});
  }
  co_await close_valve(trial);
  // Hours of cycles need no leak sensor; the meter stays powered and closed until one is free.
  co_await trial.borrow();
  co_await measure_leakage(trial);
  co_await st.path().select(Position::off);
}

double leakage_estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("settle_s", dut) + clause.number("average_s", dut) + 40;
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double action_s = dut.valve_close_time_s.value_or(3.5);
  return clause.number("power_settle_s", dut) + clause.number("cycles", dut) * (2 * action_s + 4) +
         leakage_estimate(clause, dut);
}

}  // namespace

extern const Procedure procedure_valve_durability{
    "valve_durability",
    "阀门耐用性",
    "valve durability",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "gas_thermometer", "leak_sensor", "ambient"},
    Radio::none,
    run,
    estimate,
    {"leak_sensor"},
    leakage_estimate,
    true};

}  // namespace meterrig::testcases
