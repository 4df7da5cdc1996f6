// CJ/T 484 (revision) 6.4.2 a): the clock's error over a day at reference temperature, against the rig's own clock. The
// second's roll-over is looked for by asking again and again: finer than the second that the meter shows.
#include <fmt/format.h>

#include "testcases/steps/water.hpp"

namespace meterrig::testcases {
namespace {

struct Offset {
  double seconds = 0;     // meter minus rig
  double half_width = 0;  // of the stretch in which the roll-over lay
  Utc at;
};

// Asks until the shown second changes; the change lay between the beginning of the asking before and the end of this.
Task<Offset> offset(Trial& trial) {
  CivilTime shown = co_await meter_clock(trial);
  Utc before = trial.clock().utc();
  for (int i = 0; i < 100; ++i) {
    const Utc asked = trial.clock().utc();
    const CivilTime now = co_await meter_clock(trial);
    const Utc answered = trial.clock().utc();
    if (now != shown) {
      const auto early = before.time_since_epoch(), late = answered.time_since_epoch();
      const auto middle = early + (late - early) / 2;
      co_return Offset{to_seconds(now.time_since_epoch() - middle), to_seconds(late - early) / 2, answered};
    }
    before = asked;
  }
  trial.inconclusive(fmt::format("the meter's clock stands still at {}", civil_text(shown)));
}

// The air around the meter, all the time: an excursion is void.
Task<> rest(Trial& trial) {
  const double low = trial.number("ambient_min_c"), high = trial.number("ambient_max_c");
  const Instant until = trial.clock().now() + trial.time("duration_s");
  double coldest = 1e9, warmest = -1e9;
  while (trial.clock().now() < until) {
    const Ambient::Conditions air = co_await trial.station().ambient().read();
    coldest = std::min(coldest, air.celsius.value);
    warmest = std::max(warmest, air.celsius.value);
    if (air.celsius.value - air.celsius.half_width < low || air.celsius.value + air.celsius.half_width > high)
      trial.rig_fault(
          fmt::format("{:.1f} Cel around the meter, outside {:g} to {:g} Cel", air.celsius.value, low, high));
    co_await sleep_until(std::min(until, trial.clock().now() + trial.time("ambient_every_s")));
  }
  trial.record("coldest", coldest, "Cel");
  trial.record("warmest", warmest, "Cel");
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  const auto now = std::chrono::round<std::chrono::seconds>(trial.clock().utc().time_since_epoch());
  co_await set_meter_clock(trial, CivilTime(now));
  const Instant started = trial.clock().now();
  const Offset first = co_await offset(trial);
  co_await rest(trial);
  const Offset last = co_await offset(trial);
  const double monotonic_s = to_seconds(trial.clock().now() - started);
  const double utc_s = to_seconds(last.at - first.at);
  // The reference itself: its UTC and its own pace must tell the same.
  if (std::abs(monotonic_s - utc_s) > 2)
    trial.rig_fault(fmt::format("the rig's clock was stepped by {:.1f} s meanwhile", utc_s - monotonic_s));
  const double days = utc_s / 86400;
  const double error = (last.seconds - first.seconds) / days;
  trial.record("first_offset", first.seconds, "s");
  trial.record("last_offset", last.seconds, "s");
  Budget budget("s/d");
  budget.half_width("first roll-over", first.half_width / days)
      .half_width("last roll-over", last.half_width / days)
      .half_width("reference clock", trial.number("reference_half_width_s") / days);
  trial.measure("clock_error", error, budget);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("boot_s", dut) + clause.number("duration_s", dut) + 10;
}

}  // namespace

extern const Procedure procedure_clock_error{
    "clock_error",
    "时钟误差（参比温度）",
    "clock error at reference temperature",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
