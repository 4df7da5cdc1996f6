#pragma once

#include "rig/run/agenda.hpp"
#include "rig/run/committer.hpp"
#include "rig/run/demands.hpp"
#include "rig/run/loans.hpp"
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
  // anew until all read back. Gives what did not. `loans`: when others are at work already, what may be touched.
  Task<std::optional<Cause>> secure(Station& station, const AttemptLoans* loans = nullptr);
  Task<> station(Station& station);
  // The station's outputs to their safe state at once, journaled; those that stations share only when the whole run is
  // stopped. Gives what did not read back safe; null when all did.
  Task<std::optional<Cause>> safe_state(Station& station, std::string reason);

 private:
  struct Outcome {
    record::Verdict verdict = record::Verdict::void_;
    std::optional<Cause> cause;
  };
  class Work;
  Task<bool> clause(Station& station, const plan::PlannedClause& planned, const Needs& needs, int tries, Lease lease);
  // Those of the part before, when the run goes on.
  int attempts_before(const Station& station, const plan::PlannedClause& planned) const;
  Task<Outcome> attempt(Station& station, const plan::PlannedClause& planned, int number, AttemptLoans& loans);
  Task<> body(Station& station, Trial& trial, const Procedure& procedure, AttemptLoans& loans);
  Task<Outcome> judged(Station& station, Trial& trial, const Procedure& procedure, AttemptLoans& loans);
  Task<Outcome> confirmed(Station& station, const Procedure& procedure, Outcome outcome);
  Task<> restore(Station& station, Trial& trial);
  Task<> blame_protection(Station& station, Outcome& outcome);
  Task<> safe_after(Station& station, const plan::PlannedClause& planned, Outcome& outcome, const AttemptLoans& loans);
  // What did not read back safe; null when all did.
  Task<std::optional<Cause>> safe_state(Station& station, std::string reason, std::vector<std::string> roles);
  // The outputs that are this station's alone, and those that it holds.
  std::vector<std::string> own_outputs(const Station& station, const AttemptLoans& loans) const;
  Task<> give_back(Station& station, std::string clause, LeaseRequest borrowed);
  AttemptLoans::Others others_of(Station& station, const plan::PlannedClause& planned, const Procedure& procedure,
                                 const Needs& needs);
  Task<> leave_gatherings(Station& station, const Agenda& agenda);
  Task<> conditions(Trial& trial);
  Task<> ended(Station& station, const plan::PlannedClause& planned, int attempt, const Outcome& outcome);
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
  Ambient* ambient_;                                              // null: the rig does not say
  std::vector<Agenda> agendas_;                                   // by station, in the rig file's order
  std::map<std::string, std::unique_ptr<Gathering>> gatherings_;  // by role
  std::vector<Shortfall> shortfalls_;                             // at the start; a named person answers for them
  std::map<int, std::vector<Unrestored>> left_behind_;            // by sample, of a run that goes on
};

}  // namespace meterrig::rig
