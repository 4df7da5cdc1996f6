#pragma once

#include <nlohmann/json.hpp>

#include "rig/run/lower_bound.hpp"
#include "tests/support/virtual_rig.hpp"

namespace meterrig::support {

// The plan `cjt503-auto` on the rig `shared-instruments` with as many stations as asked for, all built after its first
// one: one microammeter, one leak sensor, one flow standard for all. `cycles`: of the valve, instead of 5000; 0: those.
cli::RunFiles shared_files(int stations, int cycles = 0);

// What the clauses of a run really took, waiting aside, from its journal.
rig::ClauseTimes times_in(const std::vector<nlohmann::json>& events, const rig::RunSetup& setup);
// Seconds from run_started to run_ended.
double makespan_s(const std::vector<nlohmann::json>& events);

}  // namespace meterrig::support
