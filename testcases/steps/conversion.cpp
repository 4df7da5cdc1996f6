#include "testcases/steps/conversion.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "instruments/scpi_session.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::int64_t per_cubic_metre = 10000;
// Five digits of cubic metres: both readings are compared modulo that.
constexpr std::int64_t range = 100000 * per_cubic_metre;

double cubic_metres(std::int64_t volume) { return static_cast<double>(volume) / per_cubic_metre; }

std::int64_t wrapped(std::int64_t difference) {
  const std::int64_t rest = difference % range;
  if (rest > range / 2) return rest - range;
  return rest < -range / 2 ? rest + range : rest;
}

std::int64_t declared(const Trial& trial, const std::string& text, const char* key) {
  std::int64_t volume = 0;
  if (!parse_scaled(text, 4, volume) || volume <= 0)
    throw UserError(fmt::format("{}: {} {:?} is no volume", trial.dut().file, key, text));
  return volume;
}

// From `now` to the next position: in turn just before and just after a carry of one wheel (0.1 m3), of two wheels
// (1 m3), then plain steps.
std::int64_t way_to_next(int position, std::int64_t now, std::int64_t division, std::int64_t least) {
  const auto to_next = [&](std::int64_t multiple, std::int64_t offset) {
    std::int64_t way = (now / multiple + 1) * multiple + offset - now;
    while (way < least) way += multiple;
    return way;
  };
  switch (position % 5) {
    case 0:
      return to_next(per_cubic_metre / 10, -division / 2);
    case 1:
      return to_next(per_cubic_metre / 10, division / 4);
    case 2:
      return to_next(per_cubic_metre, -division / 2);
    case 3:
      return to_next(per_cubic_metre, division / 4);
    default:
      return least + 3 * division;
  }
}

}  // namespace

Task<std::int64_t> remote_reading(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  std::int64_t step = per_cubic_metre;
  for (int i = 0; i < meter.volume_decimals(); ++i) step /= 10;
  co_return (co_await meter.volume_steps()) * step;
}

Task<> compare_changes(Trial& trial, Conversion how) {
  const std::int64_t weight = declared(trial, trial.dut().pulse_volume_m3, "pulse_volume_m3");
  const std::int64_t m0 = co_await read_counter(trial);
  const std::int64_t r0 = co_await how.electronic(trial);
  const bool listens = co_await listen_to_contact(trial);
  const double equivalents = std::max(trial.number("equivalents"), trial.number("equivalents_min"));
  const Reading passed = co_await pass_volume(trial, equivalents * cubic_metres(weight));
  co_await sleep_for(trial.time("debounce_wait_s"));
  if (listens) co_await tell_of_contact(trial);
  const std::int64_t r1 = co_await how.electronic(trial);
  const std::int64_t m1 = co_await read_counter(trial);

  const std::int64_t electronic = wrapped(r1 - r0), mechanical = wrapped(m1 - m0);
  // Two readings of the counter, each to half of its smallest division; in pulse equivalents.
  const double half_division = static_cast<double>(how.counter_division) / 2.0 / static_cast<double>(weight);
  Budget budget("1");
  budget.half_width("first reading", half_division).half_width("second reading", half_division);
  trial.record("mechanical_change", cubic_metres(mechanical), "m3");
  trial.record("remote_change", cubic_metres(electronic), "m3");
  trial.record("flow_standard_volume", passed.value, passed.budget("m3"));
  trial.measure("conversion_error", static_cast<double>(electronic - mechanical) / static_cast<double>(weight), budget);
}

Task<> compare_readings(Trial& trial, Conversion how) {
  const std::int64_t division = declared(trial, trial.dut().division_m3, "division_m3");
  const int positions = static_cast<int>(trial.number("positions"));
  const auto least = static_cast<std::int64_t>(trial.number("divisions_min")) * division;
  std::int64_t mechanical = co_await read_counter(trial);
  for (int i = 0; i < positions; ++i) {
    const std::int64_t way = way_to_next(i, mechanical, division, least);
    co_await pass_volume(trial, cubic_metres(way));
    co_await sleep_for(trial.time("debounce_wait_s"));
    const std::int64_t remote = co_await how.electronic(trial);
    mechanical = co_await read_counter(trial);
    // One reading of the counter, to half of its smallest mark; in the meter's smallest divisions.
    Budget budget("1");
    budget.half_width("reading", static_cast<double>(how.counter_division) / 2.0 / static_cast<double>(division));
    trial.record("mechanical_reading", cubic_metres(mechanical), "m3");
    trial.record("remote_reading", cubic_metres(remote), "m3");
    trial.measure("reading_difference",
                  static_cast<double>(wrapped(remote - mechanical)) / static_cast<double>(division), budget);
  }
}

}  // namespace meterrig::testcases
