#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace meterrig::bench {

// What a rate adds up to, in whole units; the fraction of a unit is kept exactly and never rounded away.
class ExactSum {
 public:
  ExactSum() = default;
  explicit ExactSum(std::int64_t units) : units_(units) {}
  // `per_hour` in units; neither is negative.
  void add(std::int64_t per_hour, Duration lasting) {
    const Wide sum = static_cast<Wide>(per_hour) * lasting.count() + rest_;
    units_ += static_cast<std::int64_t>(sum / hour);
    rest_ = static_cast<std::int64_t>(sum % hour);
  }
  std::int64_t units() const { return units_; }

 private:
  __extension__ typedef __int128 Wide;
  static constexpr std::int64_t hour = 3'600'000'000'000;  // nanoseconds
  std::int64_t units_ = 0;
  std::int64_t rest_ = 0;  // units times nanoseconds of an hour
};

}  // namespace meterrig::bench
