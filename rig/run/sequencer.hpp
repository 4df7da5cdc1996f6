#pragma once

#include "rig/run/committer.hpp"
#include "rig/run/run.hpp"

#include <nlohmann/json.hpp>

namespace meterrig::rig {

// The three levels of a run's life. A first stop ends the work, a second one the teardown too; bringing the outputs to
// their safe state is never stopped.
struct Stops {
  CancelScope work;
  CancelScope teardown;
  CancelScope safety;
  int requested = 0;
};

// What stations share, and what they need to be opened.
struct Equipment {
  Instruments& instruments;
  std::shared_ptr<Host> host;
  std::shared_ptr<Operator> person;
  std::shared_ptr<Ambient> ambient;
  const MeterProfile& meter_profile;
};

// Takes one station through the clauses of the plan. docs/semantics.md says what happens when something goes wrong.
class Sequencer {
 public:
  Sequencer(const RunSetup& setup, record::Journal& journal, Committer& committer, LeaseTable& leases, Stops& stops,
            Observer& observer);

  // Opens the station's instruments and asks who they are. What fails is kept for the clauses that need them.
  Task<> make_ready(Station& station, Equipment& equipment);
  Task<> station(Station& station, Equipment& equipment);

 private:
  struct Outcome {
    record::Verdict verdict = record::Verdict::void_;
    std::optional<Cause> cause;
  };
  Task<Outcome> clause(Station& station, const plan::PlannedClause& planned, Equipment& equipment, double remaining_s);
  Task<Outcome> attempt(Station& station, const plan::PlannedClause& planned, Equipment& equipment, int number);
  Task<> body(Station& station, const plan::PlannedClause& planned, Equipment& equipment, Trial& trial,
              const Procedure& procedure);
  Task<Outcome> judged(Station& station, const plan::PlannedClause& planned, Equipment& equipment, Trial& trial,
                       const Procedure& procedure);
  Task<Outcome> confirmed(Station& station, Outcome outcome);
  Task<bool> safe_state(Station& station, std::string reason);
  Task<> conditions(Trial& trial, Equipment& equipment);
  Task<> ended(Station& station, const plan::PlannedClause& planned, int attempt, const Outcome& outcome);
  LeaseRequest leases_of(const Station& station, const Procedure& procedure) const;
  std::optional<Outcome> without_running(const Station& station, const plan::PlannedClause& planned) const;
  nlohmann::json head(const Station& station, const plan::PlannedClause& planned, int attempt) const;

  const RunSetup& setup_;
  record::Journal& journal_;
  Committer& committer_;
  LeaseTable& leases_;
  Stops& stops_;
  Observer& observer_;
};

}  // namespace meterrig::rig
