#pragma once

#include <span>
#include <string>
#include <vector>

#include "rig/run/lease.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::rig {

// How a procedure uses the radio channel: not at all, needing it quiet (others may, too), or talking on it.
enum class Radio { none, quiet, talking };

// One test, for every standard that asks for it. A procedure sees its trial and its station, nothing else.
struct Procedure {
  const char* name;
  const char* title_zh;
  const char* title_en;
  std::vector<std::string> needs;  // roles
  Radio radio = Radio::none;
  Task<> (*run)(Trial&);
  // Rig time that it will take, seconds, for the schedule and the display.
  double (*estimate_s)(const plan::Clause&, const plan::DutFile&);
};

// The procedures that a run may call; testcases/list.hpp has those that are built in.
using Procedures = std::vector<const Procedure*>;
// Null: none of that name.
const Procedure* find_procedure(const Procedures& procedures, std::string_view name);

}  // namespace meterrig::rig
