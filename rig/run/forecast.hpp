#pragma once

#include <string>
#include <vector>

#include "rig/run/lower_bound.hpp"

namespace meterrig::rig {

struct ForecastWait {
  LeaseObstacle obstacle;  // as it was when the station began to wait
  double from_s = 0;
  double until_s = 0;
};

struct ForecastStep {
  std::size_t station = 0;
  std::size_t place = 0;  // in the plan
  double begin_s = 0;
  double end_s = 0;
  std::vector<ForecastWait> waits;
};

// How a run would go if every clause took what it is estimated to take.
struct Forecast {
  std::vector<ForecastStep> steps;  // by begin
  double duration_s = 0;
  LowerBound bound;
};

// Goes through the agendas as a run does, with the same leases and gatherings, on a virtual clock of its own; nothing
// is opened.
Forecast forecast(const RunSetup& setup);

}  // namespace meterrig::rig
