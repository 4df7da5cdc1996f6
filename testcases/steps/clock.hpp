#pragma once

#include "testcases/steps/water.hpp"

// CJ/T 484 (revision) 6.4.2: the error of a meter's clock, against the rig's own.
namespace meterrig::testcases {

// What reads the temperature of the air around the meter, Cel, and where it has to stay all the time, its reading's
// uncertainty included.
struct AirAround {
  Task<Reading> (*read)(Trial&) = nullptr;
  double low_c = 0, high_c = 0;
  bool holds(const Reading& air) const {
    return air.value - air.half_width >= low_c && air.value + air.half_width <= high_c;
  }
};

// Sets the meter's clock to the rig's; of a meter that refuses, the operator is asked whether to wait.
Task<> set_clock_right(Trial& trial);

// Measures `clock_error`, seconds a day, over `duration_s`, and records the offsets and the coldest and warmest air.
// Void when the air leaves its bounds, when somebody else sets the clock meanwhile, or when the rig's own clock is
// stepped; inconclusive when the meter's stands still.
Task<> measure_clock_error(Trial& trial, AirAround around);

}  // namespace meterrig::testcases
