#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/task.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::rig {

// The three levels of a run's life. A first stop ends the work, a second one the teardown too; bringing the outputs to
// their safe state is never stopped. An interlock is a second stop at once, of one station or of the run.
class Stops {
 public:
  CancelScope work;
  CancelScope teardown;
  CancelScope safety;
  int requested = 0;

  // The same of one station; a stop of the run reaches them.
  CancelScope& work_of(const std::string& station) { return of(station).work; }
  CancelScope& teardown_of(const std::string& station) { return of(station).teardown; }
  // The run or this station may do no more.
  bool reached(const std::string& station) { return requested > 0 || of(station).cause; }
  // The interlock that ended the station's work, or the run's; null: none did.
  const Cause* interlock(const std::string& station) {
    const auto& own = of(station).cause;
    return own ? &*own : cause_ ? &*cause_ : nullptr;
  }

  void trip(const std::string& station, const Cause& cause) {
    OfStation& its = of(station);
    if (its.cause) return;
    its.cause = cause;
    its.work.cancel(cause.text);
    its.teardown.cancel(cause.text);
  }
  void trip_all(const Cause& cause) {
    if (cause_) return;
    cause_ = cause;
    requested = 2;
    work.cancel(cause.text);
    teardown.cancel(cause.text);
  }

 private:
  struct OfStation {
    explicit OfStation(Stops& run) : work(&run.work), teardown(&run.teardown) {}
    CancelScope work;
    CancelScope teardown;
    std::optional<Cause> cause;
  };
  OfStation& of(const std::string& station) { return stations_.try_emplace(station, *this).first->second; }

  std::map<std::string, OfStation> stations_;
  std::optional<Cause> cause_;
};

}  // namespace meterrig::rig
