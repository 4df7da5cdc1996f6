// CJ/T 484 (revision) 6.4.2 b): the clock's error in the cold and in the heat. All samples stand in one chamber, which
// goes to each temperature once; the standard prints no duration, so it is that of 6.4.2 a), behind a soak.
#include <algorithm>

#include <fmt/format.h>

#include "testcases/steps/clock.hpp"

namespace meterrig::testcases {
namespace {

Task<Reading> chamber_air(Trial& trial) { return trial.station().chamber().celsius(); }

AirAround around(Trial& trial, double celsius) {
  const double tolerance = trial.number("tolerance_k");
  return {chamber_air, celsius - tolerance, celsius + tolerance};
}

std::vector<double> temperatures(const plan::Clause& clause, const plan::DutFile&) {
  std::vector<double> all = clause.list("temperatures_c");
  std::sort(all.begin(), all.end());
  return all;
}

[[noreturn]] void does_not_come(Trial& trial, const AirAround& wanted, double shown, Duration after) {
  const std::string chamber = trial.station().instrument_of("chamber");
  trial.end(Verdict::void_,
            Cause{chamber, "", fmt::format("{:.1f} Cel", shown), to_seconds(after),
                  fmt::format("{} shows {:.1f} Cel and does not come to {:g} to {:g} Cel, or does not stay there: look "
                              "at its door, its load and its alarms",
                              chamber, shown, wanted.low_c, wanted.high_c)});
}

// The samples follow the air: an excursion begins the soak anew.
Task<> bring(Trial& trial, double celsius) {
  const AirAround wanted = around(trial, celsius);
  Chamber& chamber = trial.station().chamber();
  co_await chamber.set(celsius);
  co_await chamber.start();
  const Instant began = trial.clock().now();
  std::optional<Instant> there;
  while (!there || trial.clock().now() - *there < trial.time("soak_s")) {
    co_await sleep_for(trial.time("ambient_every_s"));
    const Reading air = co_await wanted.read(trial);
    const Instant now = trial.clock().now();
    if (!wanted.holds(air)) {
      there.reset();
      if (now - began > trial.time("reach_max_s")) does_not_come(trial, wanted, air.value, now - began);
    } else if (!there) {
      there = now;
    }
  }
}

double bring_s(const plan::Clause& clause, const plan::DutFile& dut) {
  constexpr double way_s = 3600;
  return way_s + clause.number("soak_s", dut);
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await set_clock_right(trial);
  for (;;) {
    const std::optional<double> celsius = co_await trial.meet();
    if (!celsius) break;
    trial.record("chamber_setting", *celsius, "Cel");
    co_await measure_clock_error(trial, around(trial, *celsius));
  }
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  const auto settings = static_cast<double>(clause.list("temperatures_c").size());
  return clause.number("boot_s", dut) + settings * (clause.number("duration_s", dut) + 10);
}

// So long the others wait for a station that still has its day at room temperature to do, twice.
constexpr double wait_max_s = 60 * 3600;
const rig::Gathered in_chamber{"chamber", temperatures, bring, bring_s, wait_max_s};

}  // namespace

extern const Procedure procedure_clock_error_at_temperatures{
    "clock_error_at_temperatures",
    "时钟误差（工作温度）",
    "clock error in the cold and in the heat",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "operator", "ambient", "chamber"},
    Radio::none,
    run,
    estimate,
    {},
    nullptr,
    false,
    &in_chamber};

}  // namespace meterrig::testcases
