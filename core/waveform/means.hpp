#pragma once

#include <cstddef>
#include <vector>

#include "core/waveform/samples.hpp"

namespace meterrig {

// The distribution of the means over a fixed number of samples, one after the other, for percentiles. Exact for the
// first 65,536 means (11 minutes of 10 ms); from the next one on all are kept in a histogram whose steps are 1/512 of a
// doubling apart, so that a percentile is within 0.1 % of the mean that has its rank. At most 1 MiB.
class MeansDistribution {
 public:
  static constexpr std::size_t exact_means = 65'536;
  static constexpr double relative_error = 1.0 / 1024;  // of a percentile beyond exact_means
  static constexpr std::uint64_t width_max = std::uint64_t{1} << 18;

  // `width`: samples of each mean, 1 to width_max; std::invalid_argument beyond.
  explicit MeansDistribution(std::uint64_t width);
  void feed(const Block& block);
  // Whole means so far; samples after the last are in none.
  std::uint64_t means() const noexcept { return means_; }
  bool exact() const noexcept { return means_ <= exact_means; }
  // Amperes: the mean that `percent` (0 to 100) of the means lie below, nearest rank. Infinite when that one has an
  // overload in it. std::logic_error without a mean.
  double percentile(double percent) const;

 private:
  void add(std::int64_t sum);
  void count(std::int64_t sum);
  std::int64_t ranked(std::uint64_t rank) const;

  std::uint64_t width_;
  std::uint64_t filled_ = 0;  // samples of the mean under way
  std::int64_t sum_ = 0;
  bool overloaded_ = false;
  std::uint64_t means_ = 0;
  std::vector<std::int64_t> sums_;      // while exact
  std::vector<std::uint64_t> below_;    // histogram of negative sums, by size
  std::vector<std::uint64_t> above_;    // of all others
  std::uint64_t overloaded_means_ = 0;  // in the histogram
};

}  // namespace meterrig
