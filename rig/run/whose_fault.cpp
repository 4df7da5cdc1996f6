#include "rig/run/whose_fault.hpp"

#include <cmath>

namespace meterrig::rig {
namespace {

constexpr Duration settle = 500ms;

// A dummy load's current is known to its own tolerance and the instruments' accuracy: 5 % tells good from sick.
constexpr double dummy_tolerance = 0.05;

Task<bool> dummy_reads(Station& station, PathSwitch::Position path, CurrentMeter& meter, double volts, double ohms) {
  co_await station.path().select(PathSwitch::Position::off);
  co_await station.supply().set(volts, station.supply().current_max());
  co_await station.supply().output(true);
  co_await station.path().dummy(path, true);
  co_await sleep_for(settle);
  bool good = false;
  try {
    const Reading current = co_await meter.current();
    const Reading supply = co_await station.supply().voltage();
    const bool limited = co_await station.supply().in_current_limit();
    const double expected = volts / ohms;
    good = !limited && std::abs(current.value - expected) <= dummy_tolerance * expected + current.half_width &&
           std::abs(supply.value - volts) <= dummy_tolerance * volts;
  } catch (const OverRange&) {
    good = false;
  } catch (const NoReading&) {
    good = false;
  }
  co_await station.path().dummy(path, false);
  // A load that stays would be taken for the meter's current.
  co_await sleep_for(settle);
  try {
    const Reading rest = co_await meter.current();
    good = good && std::abs(rest.value) <= dummy_tolerance * volts / ohms + rest.half_width;
  } catch (const NoReading&) {
    good = false;
  }
  co_return good;
}

}  // namespace

Task<bool> supply_side_is_good(Station& station, double volts) {
  return dummy_reads(station, PathSwitch::Position::ammeter, station.ammeter(), volts, station.rig().dummy_heavy_ohm);
}

Task<bool> microammeter_side_is_good(Station& station, double volts) {
  return dummy_reads(station, PathSwitch::Position::microammeter, station.microammeter(), volts,
                     station.rig().dummy_light_ohm);
}

Task<bool> air_side_is_good(Station& station, double kpa, double tolerance_kpa) {
  co_await station.inlet_valve().open(false);
  co_await sleep_for(5s);
  const Reading source = co_await station.air_source().pressure_kpa();
  co_return std::abs(source.value - kpa) <= tolerance_kpa + source.half_width;
}

Task<bool> uart_side_is_good(Station& station) {
  if (!station.meter_answered) co_return false;
  const Reading volts = co_await station.voltmeter().voltage();
  const bool limited = co_await station.supply().in_current_limit();
  if (limited || std::abs(volts.value - station.dut().nominal_voltage_v) > 0.05 * station.dut().nominal_voltage_v)
    co_return false;
  co_await station.uart().loopback(true);
  const bool heard = co_await station.meter().hears_itself();
  co_await station.uart().loopback(false);
  co_return heard;
}

}  // namespace meterrig::rig
