// CJ/T 503-2016 6.19: the companion equipment wakes the meter and reads it; every reading must be the meter's own.
#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/control.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  Station& st = trial.station();
  if (trial.dut().communication == "G")
    trial.inconclusive(
        "mode G reports through a public network, which this rig's companion equipment does not receive");
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  // A reading that no default and no older reading can be.
  co_await open_valve(trial);
  const auto pulses = static_cast<std::uint32_t>(trial.number("pulses"));
  if (trial.dut().conversion == "pulse") {
    co_await pass_pulses(trial, pulses);
  } else {
    co_await pass_volume(trial, pulses * std::stod(trial.dut().division_m3));
  }
  co_await sleep_for(trial.time("pulse_wait_s"));
  const std::int64_t near_end = co_await st.meter().volume_steps();

  const int attempts = static_cast<int>(trial.number("attempts"));
  const Duration spacing = seconds(trial.number("spacing_wake_periods") * trial.dut().wake_period_s.value_or(5));
  int successful = 0;
  int wrong = 0;
  double slowest_s = 0;
  for (int i = 0; i < attempts; ++i) {
    const Instant next = trial.clock().now() + spacing;
    Over over;
    std::string unreadable;
    try {
      over = co_await over_the_air(trial, st.meter().request_status(st.meter().address()), st.meter().address(),
                                   trial.time("answer_timeout_s"), 0);
    } catch (const ProtocolError& error) {
      // What the companion equipment itself garbles is not the meter's.
      if (error.exchange().of.rfind("meter ", 0) != 0) throw;
      unreadable = error.what();
    }
    const bool own = over.answered && over.reply.address == st.meter().address();
    if (own && over.reply.volume_steps == near_end) {
      ++successful;
      slowest_s = std::max(slowest_s, to_seconds(over.after));
    } else if (over.answered || !unreadable.empty()) {
      ++wrong;
      trial.note(fmt::format("第 {} 次读数错误 {}", i + 1, unreadable),
                 fmt::format("reading {} is wrong: address {}, {} steps instead of {}; {}", i + 1,
                             to_hex(over.reply.address), over.reply.volume_steps, near_end, unreadable));
    } else {
      trial.note(fmt::format("第 {} 次唤醒无应答", i + 1), fmt::format("wake-up {} was not answered", i + 1));
    }
    co_await sleep_until(next);
  }
  trial.count("successful_readings", successful);
  trial.count("wrong_frames", wrong);
  trial.record("slowest_reading", slowest_s, "s");
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const double wake_s = dut.wake_period_s.value_or(5);
  return clause.number("settle_s", dut) + 90 +
         clause.number("attempts", dut) * clause.number("spacing_wake_periods", dut) * wake_s;
}

}  // namespace

extern const Procedure procedure_remote_transmission{
    "remote_transmission",
    "远传功能",
    "remote transmission",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "vent", "outlet_seal",
     "flow_standard", "pulse_counter", "host", "ambient"},
    Radio::talking,
    run,
    estimate};

}  // namespace meterrig::testcases
