#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/io/transport/wall_clock.hpp"
#include "rig/plan/dut_file.hpp"
#include "rig/plan/rig_file.hpp"

namespace meterrig::cli {

// How `meterrig watchdog` is told what to switch off when its program can't; without `--limit`.
std::vector<std::string> watchdog_words(const plan::RigFile& rig, const std::vector<plan::DutFile>& duts,
                                        const std::string& run, const std::filesystem::path& log);

// The second process, which brings the outputs to their safe state when this one can't (docs/interlocks.md), seen from
// here. Heartbeats come from the clock's own loop, so that a loop that hangs stops them too, and are answered.
class Watchdog {
 public:
  // On the clock's thread. `lost`: it had ended or hung, another one was started. `hopeless`: none can be had.
  struct Listener {
    std::function<void(const std::string& zh, const std::string& en)> lost;
    std::function<void(const std::string& zh, const std::string& en)> hopeless;
  };

  // Starts it and waits until it is ready. `words`: those of `meterrig watchdog`. Throws Error when it can't be
  // started.
  Watchdog(WallClock& clock, std::vector<std::string> words, Listener listener);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  // Without a goodbye it takes this program for lost and works; waits until it has.
  ~Watchdog();

  // The outputs are safe: it ends, and leaves nothing behind.
  void goodbye();

 private:
  void start();
  void wait_until_ready();
  void beat();
  bool alive();
  void replace(const std::string& why);
  std::string reap();

  WallClock& clock_;
  std::vector<std::string> words_;
  Listener listener_;
  Timer timer_;
  pid_t process_ = -1;
  int link_ = -1;
  Instant heard_{};
  int losses_ = 0;
};

}  // namespace meterrig::cli
