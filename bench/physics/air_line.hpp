#pragma once

#include <cstdint>
#include <memory>

#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

inline constexpr double reference_kpa = 101.325;  // leak rates are stated at 20 C and this
inline constexpr double reference_kelvin = 293.15;

// What the air of a station is made of. Litres, kPa, seconds.
struct AirLineParameters {
  double volume_l = 2.0;           // gauge, pipe and meter, downstream of the inlet valve
  double open_flow_l_per_h = 300;  // through a fully open valve at 2.0 kPa, in proportion to pressure and opening
  double source_capacity_l_per_h = 1500;
  double inlet_lag_s = 0.3;  // gauge behind source with the inlet valve open
  double vent_lag_s = 0.2;
  double fill_heat_k = 0.1;  // adiabatic, for a fill of 15 kPa
  double heat_settling_s = 20;
  double temperature_swing_k = 3;  // a drifting gas temperature turns round there, both ways
};

// A flow source of the line is idle until set_flow(). Barometer 101.325 kPa, ambient 20 C until set_ambient().
std::unique_ptr<AirLine> make_air_line(Clock& clock, MeterBody& meter, std::uint64_t seed);
std::unique_ptr<AirLine> make_air_line(Clock& clock, MeterBody& meter, const AirLineParameters& parameters);

}  // namespace meterrig::bench
