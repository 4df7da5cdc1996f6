// CJ/T 503-2016 6.12 b): the remote reading against the mechanical counter, absolute, at rest, at several positions
// among which wheels carry from 9 to 0.
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "instruments/scpi_session.hpp"
#include "testcases/steps/register.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::int64_t per_cubic_metre = 10000;

// Ten-thousandths of a cubic metre from `now` to the next position: in turn just before and just after a carry of one
// wheel (0.1 m3), of two wheels (1 m3), then plain steps.
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

Task<> run(Trial& trial) {
  Station& st = trial.station();
  std::int64_t division = 0;
  if (!parse_scaled(trial.dut().division_m3, 4, division) || division <= 0)
    throw UserError(fmt::format("{}: division_m3 {:?} is no volume", trial.dut().file, trial.dut().division_m3));
  std::int64_t step = per_cubic_metre;
  for (int i = 0; i < st.meter().volume_decimals(); ++i) step /= 10;
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await open_valve(trial);
  const int positions = static_cast<int>(trial.number("positions"));
  const auto least = static_cast<std::int64_t>(trial.number("divisions_min")) * division;
  // 8 digits: five of cubic metres, two of decimals and one hidden; the counter is compared modulo its range.
  const std::int64_t range = 100000 * per_cubic_metre;
  std::int64_t mechanical = co_await read_counter(trial);
  for (int i = 0; i < positions; ++i) {
    const std::int64_t way = way_to_next(i, mechanical, division, least);
    co_await pass_volume(trial, static_cast<double>(way) / per_cubic_metre);
    co_await sleep_for(trial.time("debounce_wait_s"));
    const std::int64_t remote = (co_await st.meter().volume_steps()) * step;
    mechanical = co_await read_counter(trial);
    std::int64_t difference = (remote - mechanical) % range;
    if (difference > range / 2) difference -= range;
    if (difference < -range / 2) difference += range;
    // One reading of the counter, to half of its smallest mark; in the meter's smallest divisions.
    Budget budget("1");
    budget.half_width("reading", counter_division / 2.0 / static_cast<double>(division));
    trial.record("mechanical_reading", static_cast<double>(mechanical) / per_cubic_metre, "m3");
    trial.record("remote_reading", static_cast<double>(remote) / per_cubic_metre, "m3");
    trial.measure("reading_difference", static_cast<double>(difference) / static_cast<double>(division), budget);
  }
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return clause.number("settle_s", dut) + 60 +
         clause.number("positions", dut) * (0.5 / dut.qmax_m3_per_h.value_or(4) * 3600 + 12);
}

}  // namespace

extern const Procedure procedure_conversion_error_direct_reading{
    "conversion_error_direct_reading",
    "机电转换误差（直读式）",
    "electromechanical conversion error, direct-reading type",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "vent", "outlet_seal",
     "flow_standard", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
