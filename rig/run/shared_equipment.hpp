#pragma once

#include <memory>

#include "rig/run/station.hpp"

namespace meterrig::rig {

// Opens what the stations of the rig have in common and no lease is for: the host's radio, the operator's line, the
// room's sensors. Null where the rig has none. Throws what an instrument or its link throws.
Task<Station::Shared> open_shared_equipment(Instruments& instruments);

}  // namespace meterrig::rig
