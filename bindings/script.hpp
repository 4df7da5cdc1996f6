#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/bench.hpp"
#include "bindings/caller.hpp"
#include "core/io/transport/wall_clock.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/watchdog.hpp"
#include "rig/run/workbench.hpp"

namespace meterrig::python {

// What meterrig.open_rig() was told; files by path or name.
struct ScriptWords {
  std::string rig;
  std::vector<std::string> duts;
  std::string clock;  // "wall", "virtual"; empty: virtual when every member is
  std::uint64_t seed = 1;
  std::vector<std::string> defects;
  std::vector<std::string> faults;
};

// A rig that a script owns. Each call takes the clock's turns on the calling thread until it is done, so that no other
// thread has to be woken.
class Script final : public Caller {
 public:
  // Reads the files; nothing is opened. Throws UserError.
  explicit Script(const ScriptWords& words);
  ~Script() override;

  void open();
  // Outputs to their safe state, read back: (instrument, role, setting, read back, safe) each. Not stopped by signals.
  pybind11::list make_safe();
  // The same, and everything is closed; once.
  pybind11::list close();
  // From any thread: the call under way ends with Stopped, and so does every later one but make_safe() and close().
  void stop(const std::string& reason);

  void run(const Job& job) override;
  rig::Station& station(std::size_t index) override;

  bool is_open() const noexcept { return open_; }
  bool is_virtual() const noexcept { return clock_->is_virtual(); }
  Utc utc() const noexcept { return clock_->utc(); }
  std::size_t station_count() const noexcept { return duts_.size(); }

 private:
  class SignalWatch;
  void expect_usable() const;
  void take_turns(const Job& job, bool stoppable);
  void start_watchdog();
  std::string stop_reason() const;

  std::thread::id owner_;
  bool open_ = false;
  bool running_ = false;
  CancelScope* scope_ = nullptr;  // of the call under way
  std::unique_ptr<pybind11::error_already_set> interrupted_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  std::string stop_reason_;

  plan::Loader loader_;
  plan::RigFile rig_;
  std::vector<plan::DutFile> duts_;
  std::unique_ptr<Clock> clock_;
  WallClock* wall_ = nullptr;
  std::unique_ptr<bench::Bench> bench_;
  std::unique_ptr<cli::BenchConnector> connector_;
  std::unique_ptr<cli::Watchdog> watchdog_;
  std::unique_ptr<rig::Workbench> workbench_;
};

}  // namespace meterrig::python
