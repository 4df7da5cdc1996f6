// CJ/T 484 (revision) 6.4.2 a): the clock's error over a day at reference temperature, against the rig's own clock.
#include <fmt/format.h>

#include "testcases/steps/clock.hpp"

namespace meterrig::testcases {
namespace {

// Where the rig has a chamber the meters stand in it: at rest it is as warm as the room. Its sensor is coarser than the
// bounds, so only what is outside them for certain counts.
Task<> expect_chamber_at_rest(Trial& trial) {
  if (!trial.station().has("chamber")) co_return;
  const Reading air = co_await trial.station().chamber().celsius();
  const bool outside = air.value + air.half_width < trial.number("ambient_min_c") ||
                       air.value - air.half_width > trial.number("ambient_max_c");
  if (outside)
    trial.rig_fault(
        fmt::format("{:.1f} Cel in the chamber around the meter: wait until it is as warm as the room", air.value));
}

Task<Reading> room(Trial& trial) {
  co_await expect_chamber_at_rest(trial);
  const Ambient::Conditions air = co_await trial.station().ambient().read();
  co_return air.celsius;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  co_await set_clock_right(trial);
  const AirAround around{room, trial.number("ambient_min_c"), trial.number("ambient_max_c")};
  co_await measure_clock_error(trial, around);
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
