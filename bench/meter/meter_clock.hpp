#pragma once

#include <chrono>
#include <cstdint>
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

// What a clock shows that has been without supply.
inline constexpr Utc clock_of_a_new_battery = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1};

// Which months are meant: `first` and every `step`-th from it on, the year round; step 1, 3 or 12.
struct Months {
  unsigned first = 1, step = 1;
};
// The next time after `time` at which month, day of the month and hour are these; `day` 1 to 28, `hour` 0 to 23.
Utc next_monthly(Utc time, unsigned day, unsigned hour, Months months = {});

// The clock inside a meter: it keeps the bench's pace from the time it was last set to, or goes wrong by its rate.
class MeterClock {
 public:
  static constexpr std::int64_t unit_of_rate = 1'000'000'000'000;

  // Set to the bench's UTC.
  explicit MeterClock(const Clock& bench) : bench_(bench), set_at_(bench.now()), shown_(bench.utc()) {}
  Utc now() const { return at(bench_.now()); }
  void set(Utc time);
  // Too fast by so many parts in 1e12 from now on; -unit_of_rate: it stands still.
  void set_rate(std::int64_t parts);
  // The first instant at which it shows `time`, or now if it is past that. Instant::max(): never.
  Instant when(Utc time) const;

 private:
  Utc at(Instant instant) const;

  const Clock& bench_;
  Instant set_at_;
  Utc shown_;  // at set_at_
  std::int64_t rate_ = 0;
};

}  // namespace meterrig::bench
