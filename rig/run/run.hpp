#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rig/plan/loader.hpp"
#include "rig/record/journal.hpp"
#include "rig/run/procedure.hpp"
#include "rig/run/resumption.hpp"

namespace meterrig::rig {

// What a run is made of. References must outlive it.
struct RunSetup {
  Clock& clock;
  plan::Loader& loader;
  const plan::Plan& plan;
  const plan::RigFile& rig;
  std::vector<plan::DutFile> duts;  // one a station, in order
  Procedures procedures;
  Connector& connector;
  record::JournalStore& store;
  std::uint64_t seed = 1;
  std::string version;
  std::string build;
  std::vector<std::string> simulation;  // why results are simulated: "virtual clock", "defect cjt503-..."; empty: real
  std::string override_by;              // WHO:WHY of --override
  std::string operator_name;
  nlohmann::json inputs;  // what the run id of a simulation is a hash of, besides plan, rig, DUTs, seed
  const Resumption* resumption = nullptr;  // of the run that goes on; null: a new one
  // What stays with the virtual meter of a station (1-based) that lives in this program, and ends with it; null: none
  // does. Checkpoints and ends of clauses keep it, so that such a run can go on, too.
  std::function<nlohmann::json(int station)> world = nullptr;
};

// What is shown while a run goes on. Called on the clock's thread, verdicts only after they are durable.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void run_started(const std::string& /*run*/, double /*estimate_s*/) {}
  virtual void clause_started(const Station&, const plan::Clause&, int /*attempt*/, double /*estimate_s*/) {}
  virtual void clause_ended(const Station&, const plan::Clause&, record::Verdict, const std::string& /*cause*/) {}
  // Something that a person near the rig should know at once.
  virtual void alarm(const std::string& /*zh*/, const std::string& /*en*/) {}
  // It waits from now on; one call for each thing that is in the way.
  virtual void waiting(const Station&, const LeaseObstacle&) {}
  // What it waited for in the midst of a clause has come.
  virtual void goes_on(const Station&) {}
  virtual void run_ended(record::RunState, record::Verdict) {}
};

// One execution of a plan on a rig. Semantics: docs/semantics.md.
class Run {
 public:
  Run(RunSetup setup, Observer& observer);
  ~Run();

  // What the files demand of each other, before anything is opened: DUTs and stations, roles of procedures, instruments
  // against the standard, calibration. Throws UserError (exit 2).
  void check() const;
  // To the end, whatever happens. Throws StoreError when the run can't be recorded, before anything is switched on.
  Task<> execute();

  // First call: stop; second: emergency. Safe to call from a hook of the clock.
  void stop(const std::string& by);
  int stops() const noexcept;
  // Something about the machinery that belongs into the record: journaled and shown. On the clock's thread.
  void warn(const std::string& zh, const std::string& en);

  const std::string& id() const noexcept;
  record::RunState state() const noexcept;
  const record::Journal& journal() const;
  const LeaseTable& leases() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Turns of the clock until the run is over; stops it as `stop_requests` grows (signals write it).
void drive(Run& run, Clock& clock, const std::function<int()>& stop_requests);

}  // namespace meterrig::rig
