#include <fmt/format.h>

#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

using Valve = MeterStatus::Valve;

// A valve takes seconds; the longest that is declared, and as much again.
Duration travel_time(const Trial& trial) { return seconds(2 * trial.dut().valve_close_time_s.value_or(5) + 2); }

// Until the motor has been at rest for two seconds (CJ/T 503-2016 6.7, step 2).
Task<> motor_at_rest(Trial& trial) {
  CurrentMeter& ammeter = trial.station().ammeter();
  for (int i = 0; i < 15; ++i) {
    co_await ammeter.start(20ms, 100);
    const Waveform window = co_await ammeter.fetch(false);
    if (window.overloads() == 0 && window.mean() < 5e-3) co_return;
  }
}

}  // namespace

Motion motion_in(const Waveform& waveform, double threshold_a) {
  Motion motion;
  // Motors run for tenths of seconds; a transmission or a wake-up is shorter than that.
  for (const Burst& burst : bursts(waveform, threshold_a, 100ms)) {
    const double length = to_seconds(waveform.interval * static_cast<std::int64_t>(burst.last - burst.first));
    if (length < 0.3 || length < motion.seconds) continue;
    motion = {true, length, to_seconds(waveform.interval * static_cast<std::int64_t>(burst.last)), burst.peak};
  }
  return motion;
}

Task<> open_valve(Trial& trial) {
  Station& st = trial.station();
  const MeterStatus before = co_await st.meter().status();
  if (before.valve == Valve::open) co_return;
  trial.event("meter_write", {{"item", "valve"}, {"old", "closed"}, {"new", "opening authorised"}});
  co_await st.meter().authorise_opening();
  co_await st.opener().work();
  // Ten seconds from the manual action to the motion (rig default), and the travel.
  const Duration most = 10s + travel_time(trial);
  const Instant asked = trial.clock().now();
  while (trial.clock().now() - asked < most) {
    co_await sleep_for(2s);
    const MeterStatus after = co_await st.meter().status();
    if (after.valve == Valve::open) co_return;
  }
  trial.end(Verdict::void_, Cause{"meter", "A017 55", "valve not open", to_seconds(most),
                                  "the valve did not open after authorisation and the manual action"});
}

Task<> close_valve(Trial& trial) {
  Station& st = trial.station();
  // A valve on its way says nothing certain of where it is.
  co_await motor_at_rest(trial);
  const MeterStatus before = co_await st.meter().status();
  if (before.valve != Valve::closed) {
    trial.event("meter_write", {{"item", "valve"}, {"old", "open"}, {"new", "close"}});
    co_await st.meter().close_valve();
    co_await sleep_for(travel_time(trial));
  }
  co_await motor_at_rest(trial);
}

}  // namespace meterrig::testcases
