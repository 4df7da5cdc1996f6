#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "bench/instruments/line_peer.hpp"
#include "bench/instruments/spread.hpp"
#include "bench/meter/station_meter.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// The person at the rig, one prompt after another, three to eight seconds each. One JSON object a line:
//
//   {"prompt": ID, "station": N, "kind": KIND, "text": {...}}
//   {"prompt": ID, "value": VALUE, "operator": "virtual operator"}
//
//   read_counter     the drum counter, cubic metres with three decimals, of a water meter with four: "12.346"
//   work_opener      works the valve key, then "done"
//   observe_status   what the display shows of the valve: "open", "closed", "fault" or "blank"
//   observe_battery  "low" or "ok"; "blank" when nothing is shown
//   observe_waiting  whether the display asks for the key: "yes" or "no"
//   read_display:PAGE  what stands on that page of the display, "blank" when nothing does
//   confirm[:DEED]   "yes"; a deed is done to the meter first: "drained" (step_meter.hpp)
//   inspect:5.2.8    whether the meter meets that requirement, as far as it can be seen: "yes", "no" or "n.a."
//   treat:5.2.10     has that requirement's treatment done to the meter elsewhere, then "done"
//   pass_water:5.2.9 the same on a water bench; says how much water passed, cubic metres: "0.250"
//
// What the station's meter has nothing of is answered with "blank".
//
// A line that is no such object, or names no station, is answered at once with {"prompt": ID or null, "error": "..."}.
class VirtualOperator final : public LinePeer {
 public:
  VirtualOperator(Clock& clock, std::vector<StationMeter*> meters, std::uint64_t seed);
  // Fault R15: gone for coffee.
  void stay_away() { away_ = true; }

 private:
  struct Prompt {
    Instant due;
    std::string id;  // as JSON
    std::string kind;
    StationMeter* meter;
  };
  void take(const std::string& line) override;
  void act();

  Clock& clock_;
  std::vector<StationMeter*> meters_;
  Spread spread_;
  bool away_ = false;
  std::deque<Prompt> prompts_;
  Instant free_{};
  Timer timer_;
};

}  // namespace meterrig::bench
