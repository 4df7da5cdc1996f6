#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "bindings/caller.hpp"
#include "core/io/transport/wall_clock.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::python {

// What a Python procedure's own thread and the rig's thread hand each other: a job one way, its end the other way.
// On the virtual clock exactly one of all threads runs: the rig's thread stands still while Python computes, so that
// the order of things is that of (time, station) and nothing else. On the wall clock the rig's thread never waits for
// Python.
class Link final : public Caller, public std::enable_shared_from_this<Link> {
 public:
  // How often the run was asked to stop by now; called on the rig's thread while Python computes.
  using Stops = std::function<int()>;
  Link(rig::Trial& trial, Stops stops);

  // Python's side, on the procedure's thread.
  void run(const Job& job) override;
  rig::Station& station(std::size_t index) override;
  rig::Trial& trial() noexcept { return trial_; }  // within a job only

  // The rig's side: lets `body` run on a thread of its own, does its jobs, and ends with it. `body` catches all and
  // gives what the procedure ended with; null: nothing. Throws that; Cancelled when the trial was stopped.
  Task<> serve(std::function<std::exception_ptr()> body);

 private:
  enum class State { computing, asking, ended, given_up };
  class Asked;
  class Serving;
  void start(std::function<std::exception_ptr()> body);
  void tell(State state);
  bool wait_for_python();
  void answer(std::exception_ptr error);
  void interrupt_python(const char* exception);
  void give_up();
  Task<> next(bool stopped);
  Task<> do_job();
  State state();

  rig::Trial& trial_;
  Stops stops_;
  int stops_before_;
  WallClock* wall_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable for_rig_, for_python_;
  State state_ = State::computing;
  const Job* job_ = nullptr;
  bool answered_ = false;
  std::exception_ptr error_;   // of the job
  std::exception_ptr result_;  // of the procedure
  std::string stopped_;        // why every further job ends with Stopped; empty: it does not
  int refused_ = 0;            // jobs since then
  unsigned long python_thread_ = 0;
  Asked* waiter_ = nullptr;
};

}  // namespace meterrig::python
