#include "testcases/steps/clock.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace meterrig::testcases {
namespace {

struct Offset {
  double seconds = 0;     // meter minus rig
  double half_width = 0;  // of the stretch in which the roll-over lay
  Utc at;                 // both scales of the rig's clock, at the same moment
  Instant monotonic;
};

// The second's roll-over is looked for by asking again and again: finer than the second that the meter shows. It rolls
// over between two askings; each second after it that stretch is halved, by an asking in its middle. What an exchange
// takes is the same each time and goes out of the difference of two offsets.
Task<Offset> offset(Trial& trial) {
  constexpr int halvings = 6;
  Utc early = trial.clock().utc(), late = early;
  const CivilTime shown = co_await meter_clock(trial);
  CivilTime now = shown;
  for (int i = 0; i < 100 && now == shown; ++i) {
    early = late;
    late = trial.clock().utc();
    now = co_await meter_clock(trial);
  }
  if (now == shown) trial.inconclusive(fmt::format("the meter's clock stands still at {}", civil_text(shown)));
  for (int i = 1; i <= halvings; ++i) {
    const Utc middle = early + (late - early) / 2 + std::chrono::seconds(i);
    co_await sleep_for(std::max<Duration>(middle - trial.clock().utc(), Duration::zero()));
    const Utc asked = trial.clock().utc() - std::chrono::seconds(i);
    const CivilTime is = co_await meter_clock(trial);
    if (asked <= early || asked >= late) continue;  // late by itself: says nothing new
    (is >= now + std::chrono::seconds(i) ? late : early) = asked;
  }
  const Duration roll_over = early.time_since_epoch() + (late - early) / 2;
  co_return Offset{to_seconds(now.time_since_epoch() - roll_over), to_seconds(late - early) / 2, trial.clock().utc(),
                   trial.clock().now()};
}

// A clock that somebody sets meanwhile, the network perhaps, does not show what it does by itself: between two looks it
// goes as far as between the others.
void expect_no_step(Trial& trial, const std::vector<Offset>& offsets) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < offsets.size(); ++i) steps.push_back(offsets[i].seconds - offsets[i - 1].seconds);
  if (steps.size() < 3) return;
  std::vector<double> sorted = steps;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
  const double usual = sorted[sorted.size() / 2];
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (std::abs(steps[i] - usual) > trial.number("step_max_s"))
      trial.rig_fault(
          fmt::format("the meter's clock was set meanwhile: it went {:+.2f} s in a look's time instead of "
                      "{:+.2f} s; keep the network away from it",
                      steps[i], usual));
}

// The air around the meter, all the time. Looks at the clock in between.
Task<> rest(Trial& trial, Offset first, AirAround around) {
  std::vector<Offset> offsets(1, first);
  Instant next_look = trial.clock().now() + trial.time("look_every_s");
  const Instant until = trial.clock().now() + trial.time("duration_s");
  double coldest = 1e9, warmest = -1e9;
  while (trial.clock().now() < until) {
    const Reading air = co_await around.read(trial);
    coldest = std::min(coldest, air.value);
    warmest = std::max(warmest, air.value);
    if (!around.holds(air))
      trial.rig_fault(
          fmt::format("{:.1f} Cel around the meter, outside {:g} to {:g} Cel", air.value, around.low_c, around.high_c));
    if (trial.clock().now() >= next_look) {
      next_look += trial.time("look_every_s");
      const Offset now = co_await offset(trial);
      offsets.push_back(now);
    }
    co_await sleep_until(std::min(until, trial.clock().now() + trial.time("ambient_every_s")));
  }
  expect_no_step(trial, offsets);
  trial.record("coldest", coldest, "Cel");
  trial.record("warmest", warmest, "Cel");
}

}  // namespace

Task<> set_clock_right(Trial& trial) {
  const auto now = std::chrono::round<std::chrono::seconds>(trial.clock().utc().time_since_epoch());
  co_await set_meter_clock(trial, CivilTime(now));
}

Task<> measure_clock_error(Trial& trial, AirAround around) {
  const Offset first = co_await offset(trial);
  co_await rest(trial, first, around);
  const Offset last = co_await offset(trial);
  const double monotonic_s = to_seconds(last.monotonic - first.monotonic);
  const double utc_s = to_seconds(last.at - first.at);
  // The reference itself: its UTC and its own pace must tell the same.
  if (std::abs(monotonic_s - utc_s) > 2)
    trial.rig_fault(fmt::format("the rig's clock was stepped by {:.1f} s meanwhile", utc_s - monotonic_s));
  const double days = utc_s / 86400;
  // The roll-overs are found to some hundredths of a second: told in tenths.
  const double error = std::round((last.seconds - first.seconds) / days * 10) / 10;
  trial.record("first_offset", first.seconds, "s");
  trial.record("last_offset", last.seconds, "s");
  Budget budget("s/d");
  budget.half_width("first roll-over", first.half_width / days)
      .half_width("last roll-over", last.half_width / days)
      .half_width("reference clock", trial.number("reference_half_width_s") / days);
  trial.measure("clock_error", error, budget);
}

}  // namespace meterrig::testcases
