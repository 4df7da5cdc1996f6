#pragma once

#include "testcases/steps/register.hpp"

// The valve as the companion equipment, the person on site and the air see it.
namespace meterrig::testcases {

struct Over {
  bool answered = false;
  Cjt188Meter::AirReply reply;
  Duration after{};
  double rssi_dbm = 0;
};
// One command or question over the air, repeated up to `repeats` times in silence (CJ/T 503-2016 A.4.5: at most three).
// No answer is an outcome, not an error.
Task<Over> over_the_air(Trial& trial, cjt188::Bytes frame, cjt188::Address to, Duration timeout, int repeats);
// An authorisation to open, and whether the meter took it: by its answer, or by what it says over its UART.
Task<bool> authorise_over_the_air(Trial& trial, Duration timeout);

// What the air says: at `flow_pressure_kpa`, open from open_flow_min_l_per_h on, closed up to closed_flow_max_l_per_h.
enum class AirSays { open, closed, between };
Task<AirSays> what_the_air_says(Trial& trial);

// Waits until the air says `wanted`, at most `most`; the time it took from now.
Task<PolledTime> wait_for_air(Trial& trial, AirSays wanted, Duration most);

}  // namespace meterrig::testcases
