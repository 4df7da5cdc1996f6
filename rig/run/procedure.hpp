#pragma once

#include <span>
#include <string>
#include <vector>

#include "rig/run/lease.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::run {

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

// All procedures that are built in: one a file of testcases/, in a list that the build makes from the folder.
std::span<const Procedure* const> procedures();
const Procedure* find_procedure(std::string_view name);

}  // namespace meterrig::run
