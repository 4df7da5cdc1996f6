#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "rig/run/run.hpp"

namespace meterrig::rig {

// What an instrument of a station lacks in a role that a clause of the plan needs: it falls short of what the standard
// demands of the role, its calibration is over or still to come, or it has none and verdicts rest on it.
struct Shortfall {
  std::string station;
  std::string role;
  std::string instrument;
  std::string zh;
  std::string en;
};

// Each once, in the order of stations and roles. Throws UserError when calibration data can't be read.
std::vector<Shortfall> shortfalls(const RunSetup& setup);
// Throws UserError (exit 2) with all of them, unless a named person answers for them.
void check_demands(const RunSetup& setup);

// The roles that a procedure's readings come from: those that it needs, and the barometer of the ambient conditions.
std::vector<std::string> roles_read(const Procedure& procedure);
bool concerns(const Shortfall& shortfall, const std::string& station, const Procedure& procedure);
nlohmann::json shortfalls_json(const std::vector<Shortfall>& all);

// The day at the rig's place, `2026-11-21`.
std::string local_day(const RunSetup& setup);

}  // namespace meterrig::rig
