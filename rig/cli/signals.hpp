#pragma once

namespace meterrig::cli {

// Counts the requests to stop (SIGINT, SIGTERM, SIGHUP) while it lives. For the virtual clock, on which nothing waits
// for signals; one at a time.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();
  static int count() noexcept;
};

inline constexpr int stop_signals[] = {1, 2, 15};  // SIGHUP, SIGINT, SIGTERM

// A reader of our output that goes away must not end the program with outputs on.
void ignore_broken_pipes();

}  // namespace meterrig::cli
