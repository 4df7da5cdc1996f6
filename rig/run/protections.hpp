#pragma once

#include <optional>

#include "rig/record/journal.hpp"
#include "rig/run/station.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::rig {

// Tells the station's supply at what it has to switch itself off, with its output off, and journals it: what the rig
// file says, else 1.2 times the highest voltage and 1.1 times the highest current limit that a procedure sets. Nothing
// for a station without a supply, a note where it has no such protections and the rig file asks for none. Gives why the
// supply did not take it.
Task<std::optional<Cause>> set_protections(Station& station, record::Journal& journal);

// Fills `tripped` when the supply has switched itself off. Throws what the supply or its link throws.
Task<> find_tripped_protection(Station& station, std::optional<Cause>& tripped);

}  // namespace meterrig::rig
