#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "bench/bench.hpp"
#include "core/io/transport/wall_clock.hpp"
#include "rig/cli/answers.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/cli/sealing.hpp"
#include "rig/cli/signals.hpp"
#include "rig/cli/store_hooks.hpp"
#include "rig/cli/watchdog.hpp"
#include "rig/record/memory_store.hpp"
#include "rig/run/run.hpp"

namespace meterrig::cli {

// One run of a plan with all that stands around it: clock, bench, links, store and watchdog. Whoever shows it, in a
// terminal or in Python, brings the observer.
class Session {
 public:
  // All of them outlive it. `resumption`: of the run that goes on; null: a new one. Throws UserError, StoreError.
  Session(RunFiles& files, const RunOptions& options, const rig::Resumption* resumption = nullptr);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Clock& clock() { return *clock_; }
  // Null on the virtual clock.
  WallClock* wall() { return wall_; }
  record::JournalStore& store() { return store_; }

  // The first one stops the run, the second one is an emergency. From any thread.
  void request_stop();
  // The same for each stop signal from now on; a host that has handlers of its own leaves it be.
  void listen_to_signals();

  // To the end, whatever happens; gives the run's id. `begun`: told of the run before anything is opened. Throws
  // UserError for a run that may not start: its record says why.
  std::string execute(rig::Observer& observer, const std::function<void(const rig::Run&)>& begun = {});

 private:
  int stops() const;
  std::unique_ptr<Watchdog> start_watchdog(rig::Run& run);
  LinkPeer* interpose(const std::string& member, LinkPeer& own);
  void step_utc_once();
  void take_up_bench();

  RunFiles& files_;
  const RunOptions& options_;
  const rig::Resumption* resumption_;
  std::atomic<int> stops_{0};
  std::unique_ptr<StopSignals> signals_;
  bool stepped_ = false;
  std::unique_ptr<Clock> clock_;
  WallClock* wall_ = nullptr;
  SealingStore store_;
  KillingStore killing_;
  std::unique_ptr<bench::Bench> bench_;
  std::unique_ptr<AnsweringOperator> answering_;
};

// What a run of these files on this clock is made of.
rig::RunSetup setup_of(RunFiles& files, const RunOptions& options, Clock& clock, rig::Connector& connector,
                       record::JournalStore& store);

// A run of these files that opens nothing: held against each other, and its schedule. Both outlive it.
class DryRun {
 public:
  // Throws UserError for files that can't be run together.
  DryRun(RunFiles& files, const RunOptions& options);
  const rig::RunSetup& setup() const noexcept { return setup_; }

 private:
  VirtualClock clock_;
  record::MemoryStore store_;
  BenchConnector connector_;
  rig::RunSetup setup_;
};

}  // namespace meterrig::cli
