#include "testcases/steps/control.hpp"
#include "meters/telegram.hpp"

namespace meterrig::testcases {

Task<Over> over_the_air(Trial& trial, cjt188::Bytes frame, cjt188::Address to, Duration timeout, int repeats) {
  Station& st = trial.station();
  const Duration wake = seconds(trial.dut().wake_period_s.value_or(5));
  Over over;
  Host::Reply reply;
  for (int i = 0; i <= repeats && !over.answered; ++i) {
    try {
      reply = co_await st.host().exchange(to_hex(to), frame, wake, timeout);
      over.answered = true;
    } catch (const TimeoutError&) {
      over.answered = false;
    }
  }
  if (!over.answered) co_return over;
  over.reply = st.meter().parse_air_reply(reply.frame);
  over.after = reply.after;
  over.rssi_dbm = reply.rssi_dbm;
  co_return over;
}

Task<bool> authorise_over_the_air(Trial& trial, Duration timeout) {
  Station& st = trial.station();
  const Over over = co_await over_the_air(trial, st.meter().request_valve(st.meter().address(), true),
                                          st.meter().address(), timeout, 3);
  if (over.answered && !over.reply.refused && over.reply.address == st.meter().address()) co_return true;
  const MeterStatus status = co_await st.meter().status();
  co_return status.awaiting_manual_action;
}

Task<AirSays> what_the_air_says(Trial& trial) {
  const Flow coarse = co_await outlet_flow(trial, LeakSensor::Range::coarse);
  if (coarse.more || coarse.l_per_h >= trial.number("open_flow_min_l_per_h")) co_return AirSays::open;
  const Flow fine = co_await outlet_flow(trial, LeakSensor::Range::fine);
  if (!fine.more && fine.l_per_h <= trial.number("closed_flow_max_l_per_h")) co_return AirSays::closed;
  co_return AirSays::between;
}

Task<PolledTime> wait_for_air(Trial& trial, AirSays wanted, Duration most) {
  const Instant start = trial.clock().now();
  Duration before{};
  for (;;) {
    const Duration asked = trial.clock().now() - start;
    const AirSays says = co_await what_the_air_says(trial);
    const Duration after = trial.clock().now() - start;
    if (says == wanted) co_return PolledTime{true, to_seconds(after), to_seconds(after - before)};
    // Only a look that began after `most` says that it did not come within it.
    if (asked >= most) co_return PolledTime{};
    before = after;
    co_await sleep_for(200ms);
  }
}

}  // namespace meterrig::testcases
