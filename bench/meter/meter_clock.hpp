#pragma once

#include <chrono>
#include <optional>

#include "core/clock.hpp"

namespace meterrig::bench {

// A time as meters send it.
struct Civil {
  int year = 2000;
  unsigned month = 1, day = 1, hour = 0, minute = 0, second = 0;
  unsigned weekday = 0;  // 0: Sunday
};
Civil civil(Utc time);  // to a whole second
// Null when there is no such time from 2000 to 2099. The weekday is not looked at.
std::optional<Utc> time_of(const Civil& civil);

// The next time after `time` at which the day of the month and the hour are these; `day` 1 to 28, `hour` 0 to 23.
Utc next_monthly(Utc time, unsigned day, unsigned hour);

// The clock inside a meter: it keeps the bench's pace from the time it was last set to.
class MeterClock {
 public:
  // Set to the bench's UTC.
  explicit MeterClock(const Clock& bench) : bench_(bench), at_start_(bench.utc() - bench.now().time_since_epoch()) {}
  Utc now() const { return at_start_ + bench_.now().time_since_epoch(); }
  void set(Utc time) { at_start_ = time - bench_.now().time_since_epoch(); }

 private:
  const Clock& bench_;
  Utc at_start_;
};

}  // namespace meterrig::bench
