#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/time.hpp"

// Samples of a digitised current, as they come from the drivers: contiguous whole counts of 0.1 nA in 64 bits, each the
// mean over its interval. Everything here adds up in integers, so that a result is the same however the samples were
// cut into chunks, on any processor.
namespace meterrig {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

inline constexpr double counts_per_ampere = 1e10;
// The mark of a sample beyond the instrument's range.
inline constexpr std::int64_t overload_count = INT64_MAX;
// 1759 A. What lies beyond, either way, is an overload as well: no instrument of a meter's current measures it, and the
// sum of 2^38 squares still fits.
inline constexpr std::int64_t count_limit = std::int64_t{1} << 44;
constexpr bool is_overload(std::int64_t count) noexcept { return count > count_limit || count < -count_limit; }
constexpr double amperes(std::int64_t count) noexcept { return static_cast<double>(count) / counts_per_ampere; }
// A threshold in counts: a sample is above `amperes` when it is above this. Within +-count_limit.
std::int64_t threshold_count(double amperes) noexcept;

// What a stretch of samples comes to. Sums and extremes are those of the samples that are no overloads.
struct Totals {
  std::uint64_t samples = 0;  // all
  std::uint64_t overloads = 0;
  Int128 sum = 0;
  Uint128 squares = 0;
  std::int64_t lowest = INT64_MAX;
  std::int64_t highest = INT64_MIN;

  void add(const Totals& more) noexcept {
    samples += more.samples;
    overloads += more.overloads;
    sum += more.sum;
    squares += more.squares;
    lowest = std::min(lowest, more.lowest);
    highest = std::max(highest, more.highest);
  }
  // Nothing of it lies above, or at or below, `count`; an overload lies above everything.
  bool none_above(std::int64_t count) const noexcept { return overloads == 0 && highest <= count; }
  bool all_above(std::int64_t count) const noexcept { return lowest > count; }

  // Amperes. std::logic_error when there is no sample, or when an overload is among them: there is no such mean then.
  double mean() const;
  double rms() const;
  // Coulombs, of samples over `interval` each. std::logic_error when an overload is among them.
  double charge(Duration interval) const;
};
Totals totals_of(std::span<const std::int64_t> counts);

// A few samples with their totals: what everything that looks at a waveform as it comes works on, so that they are
// added up once for all.
struct Block {
  std::span<const std::int64_t> counts;
  Totals totals;
};
inline constexpr std::size_t block_samples = 1024;

template <typename Take>
void each_block(std::span<const std::int64_t> counts, Take take) {
  for (; !counts.empty(); counts = counts.subspan(std::min(block_samples, counts.size()))) {
    const auto part = counts.first(std::min(block_samples, counts.size()));
    take(Block{part, totals_of(part)});
  }
}

// A duration in whole samples: to the nearest, at least one.
constexpr std::uint64_t samples_in(Duration duration, Duration interval) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, (duration + interval / 2) / interval));
}

}  // namespace meterrig
