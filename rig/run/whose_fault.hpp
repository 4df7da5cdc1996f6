#pragma once

#include "rig/run/station.hpp"

namespace meterrig::rig {

// A meter that drags the supply into limit, leaks the pressure away or says nothing looks like a sick rig, and the
// other way round. Before such a finding the rig proves its own side good (docs/semantics.md, "Whose fault it is").

// The link answered earlier in this run, the meter's supply is good, and the station's UART hears itself.
Task<bool> uart_side_is_good(Station& station);

// With the meter off (K0) the supply holds `volts` into the heavy dummy load, and the ammeter reads what that load
// draws.
Task<bool> supply_side_is_good(Station& station, double volts);

// The same for the microammeter path, with the light dummy load.
Task<bool> microammeter_side_is_good(Station& station, double volts);

// With the inlet valve closed the source alone holds `kpa` within `tolerance_kpa`.
Task<bool> air_side_is_good(Station& station, double kpa, double tolerance_kpa);

}  // namespace meterrig::rig
