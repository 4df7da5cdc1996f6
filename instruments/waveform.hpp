#pragma once

#include <cstdint>
#include <vector>

#include "core/waveform/samples.hpp"
#include "instruments/reading.hpp"

namespace meterrig {

// A digitised current. Samples are whole counts of 0.1 nA, each the mean over its interval, so that sums are exact and
// the mean of samples at a limit is the limit. A sample beyond the range is marked, never a number. core/waveform has
// what looks at samples as they come.
struct Waveform {
  static constexpr std::int64_t overload = overload_count;

  Duration interval{};
  std::vector<std::int64_t> counts;

  std::size_t size() const noexcept { return counts.size(); }
  Duration duration() const noexcept { return interval * static_cast<std::int64_t>(counts.size()); }
  // Of samples [from, to). std::logic_error when they are not all there.
  Totals totals(std::size_t from, std::size_t to) const;
  Totals totals() const { return totals(0, size()); }
  Waveform part(std::size_t from, std::size_t to) const;
  std::size_t overloads() const { return totals().overloads; }
  // Amperes over samples [from, to). Overloaded samples must not be in it: throws std::logic_error.
  double mean(std::size_t from, std::size_t to) const { return totals(from, to).mean(); }
  double mean() const { return mean(0, size()); }
  double maximum() const;
  // The largest mean over any `window` (rounded to whole samples, at least one); amperes.
  double maximum_moving_mean(Duration window) const;
  // The value that `percent` of the means over `width` lie below.
  double percentile_of_means(Duration width, double percent) const;
  // Limits of error of the mean of [from, to): the mean of those of the ranges that held each sample.
  double half_width_of_mean(const Accuracy& accuracy, std::size_t from, std::size_t to) const;
};

// A stretch of a waveform above a threshold.
struct Burst {
  std::size_t first = 0;  // sample
  std::size_t last = 0;   // one past the end
  double peak = 0;        // amperes
};
// Stretches above `threshold_a`; gaps shorter than `bridge` do not end one.
std::vector<Burst> bursts(const Waveform& waveform, double threshold_a, Duration bridge);

// The stretch of whole wake-up periods: from the start of the first wake-up to the start of the last one.
struct WholePeriods {
  std::size_t from = 0;
  std::size_t to = 0;
  int periods = 0;
  Duration period{};           // mean
  double charge_per_wake = 0;  // coulombs above the floor, mean
};
// periods = 0: fewer than two wake-ups were found.
WholePeriods whole_periods(const Waveform& waveform, Duration expected);

}  // namespace meterrig
