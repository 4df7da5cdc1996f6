#pragma once

#include <string>
#include <vector>

#include "rig/run/gathering.hpp"
#include "rig/run/procedure.hpp"
#include "rig/run/run.hpp"

namespace meterrig::rig {

// What a clause wants at a station that other stations want, too.
struct Needs {
  LeaseRequest at_start;
  LeaseRequest later;  // within the procedure, Trial::borrow()
};

// Leases a clause for one station: the instruments of the roles that its procedure needs and that another station uses
// as well, the radio channel. A coil of a relay board is its station's own. One who takes something
// within a procedure holds nothing then that anybody takes so: else all is taken at the start.
Needs needs_of(const RunSetup& setup, const plan::RigStation& place, const Procedure& procedure);
// Is the instrument behind this role of the station used by another station, too?
bool is_shared(const plan::RigFile& rig, const plan::RigStation& place, const std::string& role);

// The clauses that one station still has to do, by their place in the plan. docs/semantics.md, "Order of clauses".
class Agenda {
 public:
  Agenda(const RunSetup& setup, std::size_t station);

  bool empty() const;
  // What may be begun now, in the plan's order: all that must come before it is done. A clause that stations do
  // together comes when there is nothing else.
  std::vector<std::size_t> ready() const;
  void done(std::size_t place) { done_.at(place) = true; }
  // Estimated, seconds, of all that is left.
  double remaining_s() const;
  const Needs& needs(std::size_t place) const { return needs_.at(place); }
  // Is a clause left that is done together in this thing?
  bool gathers(const std::string& role) const;
  // Must `later` come after `earlier`, both places in the plan?
  bool must_follow(std::size_t later, std::size_t earlier) const;
  double estimate_s(std::size_t place) const { return estimates_.at(place); }
  const Procedure* procedure(std::size_t place) const { return procedures_.at(place); }

 private:
  const RunSetup& setup_;
  std::vector<const Procedure*> procedures_;  // null: the clause does not apply here, or nothing serves it
  std::vector<Needs> needs_;
  std::vector<double> estimates_;
  std::vector<bool> done_;
  bool in_step_ = false;  // the stations share no instrument
};

// A gathering for each thing that procedures use together, with the stations that have such a clause to do.
std::map<std::string, std::unique_ptr<Gathering>> gatherings_of(const RunSetup& setup,
                                                                const std::vector<Agenda>& agendas, Clock& clock);

// Who does the clauses of a station: the sequencer, or a forecast in estimated time.
class StationWork {
 public:
  virtual ~StationWork() = default;
  // Nothing is asked of the rig for it: not applicable, not possible here, or the run was stopped.
  virtual bool settled(std::size_t place) const = 0;
  virtual void waits(std::size_t place, const std::vector<LeaseObstacle>& obstacles) = 0;
  virtual void granted(std::size_t place, const LeaseRequest& request, Duration waited) = 0;
  // Does it, and says so on the agenda, unless it is to be done once more.
  virtual Task<> attempt(std::size_t place, Lease lease) = 0;
};

// Takes a station through its agenda: always the first clause of the plan whose leases are free, among those that may
// be begun. `scope`: what a stop reaches.
Task<> work_off(Agenda& agenda, const std::string& station, LeaseTable& leases, CancelScope& scope, StationWork& work);

}  // namespace meterrig::rig
