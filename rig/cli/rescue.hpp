#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/io/transport/wall_clock.hpp"
#include "meters/cjt188_meter.hpp"
#include "rig/plan/loader.hpp"

namespace meterrig::cli {

struct RescueOrder {
  std::string rig;
  std::vector<std::string> duts;  // one a station
  std::string run;
  std::filesystem::path log;
};

// Brings the outputs of a rig that nobody drives any more to their safe state, in the order of the rig file and through
// the drivers that switched them on.
class Rescue {
 public:
  // Reads all files now: they are those of the run. Throws UserError.
  explicit Rescue(const RescueOrder& order);

  // Tries until every output reads back safe, some times at most; says on standard error and in the log what it did.
  // Gives 0 when all are safe.
  int execute(const std::string& why);

 private:
  struct Round;
  Task<> work(Round& round);
  void say(const std::string& line);

  const RescueOrder& order_;
  plan::Loader loader_;
  plan::RigFile rig_;
  std::vector<plan::DutFile> duts_;
  std::unique_ptr<MeterProfile> meter_profile_;
  std::unique_ptr<WallClock> clock_;
};

}  // namespace meterrig::cli
