#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rig/run/lease.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::rig {

// How a procedure uses the radio channel: not at all, needing it quiet (others may, too), or talking on it.
enum class Radio { none, quiet, talking };

// A thing that stations use together, a chamber: it is brought to each setting once, for all stations that want it.
struct Gathered {
  const char* role;  // "chamber"
  // What it is brought to for this clause, in ascending order; degrees, say.
  std::vector<double> (*settings)(const plan::Clause&, const plan::DutFile&);
  // Brings it there and waits until all is at rest (a soak); done by one of the stations that meet.
  Task<> (*bring)(Trial&, double setting);
  double (*bring_s)(const plan::Clause&, const plan::DutFile&);  // estimate of one setting, seconds
  double wait_max_s = 4 * 3600;  // so long those who are there wait for those who are not
};

// One test, for every standard that asks for it. A procedure sees its trial and its station, nothing else.
struct Procedure {
  std::string name;
  std::string title_zh;
  std::string title_en;
  std::vector<std::string> needs;  // roles
  Radio radio = Radio::none;
  std::function<Task<>(Trial&)> run;
  // Rig time that it will take, seconds, for the schedule and the display.
  std::function<double(const plan::Clause&, const plan::DutFile&)> estimate_s;
  // Of `needs`, what is taken with Trial::borrow() and only for the last `later_s` seconds (estimated) of the clause.
  std::vector<std::string> later = {};
  double (*later_s)(const plan::Clause&, const plan::DutFile&) = nullptr;
  // Changes the sample for good: what stands before it in the plan is done before it, what stands behind it after it.
  bool lasting = false;
  // Null: the stations do it each by itself. Else `estimate_s` is without the bringing.
  const Gathered* gathered = nullptr;
  // Null: any values will do. Whether a run may start with the clause's values, as planned, on this sample (null: none
  // is known yet). Throws UserError; Clause::refuse names the place.
  std::function<void(const plan::Clause&, const plan::DutFile*)> check = nullptr;
};

// The procedures that a run may call; testcases/list.hpp has those that are built in.
using Procedures = std::vector<const Procedure*>;
// Null: none of that name.
const Procedure* find_procedure(const Procedures& procedures, std::string_view name);
// Holds the clause's values against what its procedure can run with. Throws UserError.
void check_values(const Procedures& procedures, const plan::Clause& clause, const plan::DutFile* dut);

}  // namespace meterrig::rig
