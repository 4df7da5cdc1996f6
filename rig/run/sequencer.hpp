#pragma once

#include "rig/run/committer.hpp"
#include "rig/run/demands.hpp"
#include "rig/run/run.hpp"
#include "rig/run/stops.hpp"

#include <nlohmann/json.hpp>

namespace meterrig::rig {

// Takes one station through the clauses of the plan. docs/semantics.md says what happens when something goes wrong.
class Sequencer {
 public:
  Sequencer(const RunSetup& setup, record::Journal& journal, Committer& committer, LeaseTable& leases, Stops& stops,
            Observer& observer, Instruments& instruments, Ambient* ambient);

  // Opens the station's instruments and asks who they are. What fails is kept for the clauses that need them.
  Task<> make_ready(Station& station);
  // Brings the station's outputs to their safe state, whatever an earlier program left switched on; once a run, tried
  // anew until all read back. Gives what did not.
  Task<std::optional<Cause>> secure(Station& station);
  Task<> station(Station& station);
  // Every output of the station to its safe state, journaled. Gives what did not read back safe; null when all did.
  Task<std::optional<Cause>> safe_state(Station& station, std::string reason);

 private:
  struct Outcome {
    record::Verdict verdict = record::Verdict::void_;
    std::optional<Cause> cause;
  };
  Task<Outcome> clause(Station& station, const plan::PlannedClause& planned, double remaining_s);
  Task<Outcome> attempt(Station& station, const plan::PlannedClause& planned, int number);
  Task<> body(Station& station, Trial& trial, const Procedure& procedure);
  Task<Outcome> judged(Station& station, const plan::PlannedClause& planned, Trial& trial, const Procedure& procedure);
  Task<Outcome> confirmed(Station& station, Outcome outcome);
  Task<> restore(Station& station, Trial& trial);
  Task<> blame_protection(Station& station, Outcome& outcome);
  Task<> safe_after(Station& station, const plan::PlannedClause& planned, Outcome& outcome);
  Task<> conditions(Trial& trial);
  Task<> ended(Station& station, const plan::PlannedClause& planned, int attempt, const Outcome& outcome);
  LeaseRequest leases_of(const Station& station, const Procedure& procedure) const;
  // An instrument of the procedure whose calibration ran out since the start of the run.
  std::optional<Cause> calibration_over(const Station& station, const Procedure& procedure) const;
  std::vector<Shortfall> set_aside(const Station& station, const Procedure& procedure) const;
  std::optional<Outcome> without_running(const Station& station, const plan::PlannedClause& planned) const;
  nlohmann::json head(const Station& station, const plan::PlannedClause& planned, int attempt) const;

  const RunSetup& setup_;
  record::Journal& journal_;
  Committer& committer_;
  LeaseTable& leases_;
  Stops& stops_;
  Observer& observer_;
  Instruments& instruments_;
  Ambient* ambient_;                   // null: the rig does not say
  std::vector<Shortfall> shortfalls_;  // at the start; a named person answers for them
};

}  // namespace meterrig::rig
