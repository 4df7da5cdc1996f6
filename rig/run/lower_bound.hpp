#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rig/run/agenda.hpp"

namespace meterrig::rig {

// A stretch of work of one station, and what it holds of the shared things meanwhile.
struct Demand {
  std::optional<std::size_t> station;  // none: it is done for several together
  LeaseRequest holds;
  double seconds = 0;
  double tail_s = 0;  // what this station must still do afterwards, whatever the order
};

// No order of the clauses takes less time than this.
struct LowerBound {
  double seconds = 0;
  // What sets it: the shared thing, or else the station with the longest path.
  std::string resource;
  std::size_t station = 0;
  std::map<std::string, double> demand_s;  // of each shared thing, in all
};

// What a clause takes of a station's time, seconds: until it borrows, and from then on.
struct ClauseTime {
  double before_s = 0;
  double later_s = 0;
};
using ClauseTimes = std::function<ClauseTime(std::size_t station, std::size_t place)>;

// The work of all stations of a run, with these times.
std::vector<Demand> demands_of(const RunSetup& setup, const ClauseTimes& times);
// Estimated times, as the files have them.
ClauseTime estimated_time(const RunSetup& setup, std::size_t station, std::size_t place);
LowerBound lower_bound(const std::vector<Demand>& demands);

}  // namespace meterrig::rig
