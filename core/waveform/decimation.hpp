#pragma once

#include <cstddef>
#include <vector>

#include "core/waveform/samples.hpp"

namespace meterrig {

// A waveform of any length as at most `buckets_max` buckets of its lowest and highest sample, for plots. All buckets
// but the last are of one width, a power of two of samples: when there would be too many, neighbours are merged. No
// extreme is ever lost, and no samples are kept.
class Decimation {
 public:
  struct Bucket {
    std::int64_t lowest = INT64_MAX;   // counts, of the samples that are no overloads
    std::int64_t highest = INT64_MIN;  // counts; below `lowest` when all samples are overloads
    bool overload = false;             // some sample is one
  };

  // `buckets_max`: even, at least 2; std::invalid_argument else.
  explicit Decimation(std::size_t buckets_max);
  void feed(std::span<const std::int64_t> counts);
  const std::vector<Bucket>& buckets() const noexcept { return buckets_; }
  // Of every bucket but the last, which may have fewer.
  std::uint64_t samples_per_bucket() const noexcept { return width_; }
  std::uint64_t samples() const noexcept { return samples_; }

 private:
  void merge();
  std::size_t buckets_max_;
  std::vector<Bucket> buckets_;
  std::uint64_t width_ = 1;
  std::uint64_t samples_ = 0;
};

}  // namespace meterrig
