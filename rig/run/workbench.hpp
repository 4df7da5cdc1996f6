#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rig/record/journal.hpp"
#include "rig/record/memory_store.hpp"
#include "rig/run/station.hpp"

namespace meterrig::rig {

// A rig in the hands of a script: no plan, no leases, no verdicts. What stands on it is what a run has: instruments are
// identified before any output, outputs are made safe first and last, each read back.
class Workbench {
 public:
  // What is given outlives it. Throws UserError when there are more samples than stations.
  Workbench(Clock& clock, plan::Loader& loader, const plan::RigFile& rig, const std::vector<plan::DutFile>& duts,
            Connector& connector);

  // Opens and identifies everything, brings the outputs to their safe state and sets the supplies' own protections.
  // Throws what the first instrument that fails or its link throws, and InstrumentError for an output that does not
  // read back safe; then nothing was switched on.
  Task<> open();
  // Every output to its safe state. Tells, never throws an Error.
  Task<std::vector<OutputState>> make_safe();
  // What the instruments' profiles want said before their links are closed.
  Task<> take_leave() { return instruments_.take_leave(); }

  std::vector<std::unique_ptr<Station>>& stations() noexcept { return stations_; }
  Instruments& instruments() noexcept { return instruments_; }

 private:
  Task<> open_station(Station& station);

  const plan::RigFile& rig_;
  const std::vector<plan::DutFile>& duts_;
  MeterProfile meter_profile_;
  Instruments instruments_;
  std::vector<std::unique_ptr<Station>> stations_;
  record::MemoryStore scratch_;
  record::Journal journal_;  // what the parts of a run write down: nobody reads it
};

}  // namespace meterrig::rig
