#pragma once

#include <algorithm>
#include <vector>

#include "core/time.hpp"

namespace meterrig::benchmarks {

// The processors this process may use, lowest first.
std::vector<int> processors();
// Binds the calling thread to one processor.
void pin(int processor);
double processor_seconds_of_this_thread();

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Each prints its numbers and says whether its target was met.
bool line_query(int rounds);
bool block_transfer(int rounds);
bool modbus_reads(int rounds);
bool many_meters(Duration span);
bool many_uarts(Duration span);

}  // namespace meterrig::benchmarks
