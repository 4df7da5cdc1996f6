#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "bindings/procedure.hpp"
#include "rig/cli/session.hpp"

namespace meterrig::python {

// A run of a plan on a thread of its own: a slow reader of its events never keeps the rig waiting.
class PlanRun {
 public:
  // Reads the files. Throws UserError; nothing is opened.
  PlanRun(cli::RunOptions options, std::vector<std::shared_ptr<PythonProcedure>> procedures);
  // Stops a run that goes on, and waits for its end.
  ~PlanRun();

  void start();
  // From any thread: the first one stops the run, the second one is an emergency.
  void stop();
  // The next events that are durable, as JSON texts, once there are some or the run is over; empty: it is over, or
  // `timeout` went by.
  std::vector<std::string> next_events(double timeout_s);
  // Whether it is over, after waiting so long at most.
  bool wait(double timeout_s);
  // Throws what the run ended with, if an error did.
  void rethrow() const;
  // Of a run that is over: its record as a JSON text, written to the data directory as well.
  std::string record();
  std::string id() const;

 private:
  class Watcher;
  void execute();

  cli::RunOptions options_;
  std::atomic<int> stops_{0};
  PythonProcedures procedures_;
  cli::RunFiles files_;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> events_;
  std::string id_;
  bool over_ = true;
  std::exception_ptr error_;
  cli::Session* session_ = nullptr;  // of the thread, while it runs
};

}  // namespace meterrig::python
