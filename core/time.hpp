#pragma once

#include <chrono>
#include <cstdint>

namespace meterrig {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

// The monotonic scale that deadlines run on. Zero is the start of the clock that handed the instant out.
struct MonotonicScale {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<MonotonicScale>;
  static constexpr bool is_steady = true;
};
using Instant = std::chrono::time_point<MonotonicScale>;

// The traceable scale that reports run on.
using Utc = std::chrono::sys_time<Duration>;

// Seconds as a real number, to a whole nanosecond.
constexpr Duration seconds(double value) {
  return Duration{static_cast<std::int64_t>(value * 1e9 + (value < 0 ? -0.5 : 0.5))};
}
constexpr double to_seconds(Duration d) { return static_cast<double>(d.count()) * 1e-9; }

}  // namespace meterrig
