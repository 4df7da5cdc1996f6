#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/time.hpp"

namespace meterrig::bench {

// Running statistics over readings.
struct ReadingStatistics {
  std::uint64_t count = 0;
  double sum = 0;
  double sum_of_squares = 0;  // of deviations from the first reading
  double first = 0;
  double minimum = 0;
  double maximum = 0;
  void add(double value, std::uint64_t times);
  double mean() const { return sum / static_cast<double>(count); }
  double deviation() const;
};

// The readings of one triggered series of a multimeter. They are worked out when somebody asks, up to the time of
// asking, and kept as runs of equal values: a steady hour takes no more room than a second.
class ReadingSeries {
 public:
  // Fills in readings [from, from + count) of the series by calling emit(value, times).
  using Emit = std::function<void(double, std::uint64_t)>;
  using Source = std::function<void(std::uint64_t from, std::uint64_t count, const Emit& emit)>;

  void begin(Instant start, Duration interval, Duration aperture, std::uint64_t count, Source source);
  void clear();
  // How many readings are over at `now`.
  std::uint64_t complete(Instant now) const;
  Instant end() const;
  Instant reading_end(std::uint64_t index) const;
  bool running(Instant now) const { return count_ > 0 && !stopped_ && complete(now) < count_; }
  // No more readings after those complete at `now`.
  void stop(Instant now);
  void update(Instant now);

  std::uint64_t known() const { return known_; }
  std::uint64_t removed() const { return removed_; }
  std::uint64_t available() const { return known_ - removed_; }
  double last() const { return runs_.back().value; }
  // Values [removed, removed + count) in order; `remove` takes them out.
  std::vector<double> take(std::uint64_t count, bool remove);
  ReadingStatistics& statistics() { return statistics_; }

 private:
  struct Run {
    std::uint64_t first;  // index of its first reading
    double value;
  };
  Instant start_{};
  Duration interval_{};
  Duration aperture_{};
  std::uint64_t count_ = 0;
  std::uint64_t known_ = 0;
  std::uint64_t removed_ = 0;
  bool stopped_ = false;
  Source source_;
  std::vector<Run> runs_;
  ReadingStatistics statistics_;
};

}  // namespace meterrig::bench
