#include "bench/meter/step_calendar.hpp"

#include "bench/meter/meter_clock.hpp"

namespace meterrig::bench {
namespace {

Utc next_by_days(Utc time, std::chrono::sys_days from, int days, unsigned hour) {
  const Utc first = Utc{from} + std::chrono::hours{hour};
  const Duration cycle = std::chrono::days{days};
  const Duration since = time - first;
  const auto cycles = since / cycle - (since < Duration{} && since % cycle != Duration{} ? 1 : 0);
  return first + (cycles + 1) * cycle;
}

}  // namespace

Utc next_settlement(const SettlementRule& rule, Utc time) {
  using Cycle = SettlementRule::Cycle;
  switch (rule.cycle) {
    case Cycle::day:
      return next_by_days(time, {}, 1, rule.hour);
    case Cycle::month:
      return next_monthly(time, rule.day, rule.hour);
    case Cycle::quarter:
      return next_monthly(time, rule.day, rule.hour, {rule.month, 3});
    case Cycle::year:
      return next_monthly(time, rule.day, rule.hour, {rule.month, 12});
    case Cycle::custom:
      break;
  }
  return next_by_days(time, rule.custom_from, rule.custom_days, rule.hour);
}

}  // namespace meterrig::bench
