#pragma once

#include <nlohmann/json.hpp>

#include "rig/record/verdict.hpp"

namespace meterrig::record {

// The conclusion on the samples, from the record's `duts`: never more than what was tested (docs/journal.md).
// `opening`: the run_started event, for plan, membership and names of standards.
nlohmann::json conclude(const nlohmann::json& opening, const nlohmann::json& duts, RunState state, bool simulated);

}  // namespace meterrig::record
