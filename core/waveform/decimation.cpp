#include "core/waveform/decimation.hpp"

#include <stdexcept>

namespace meterrig {
namespace {

void take(Decimation::Bucket& into, const Decimation::Bucket& more) {
  into.lowest = std::min(into.lowest, more.lowest);
  into.highest = std::max(into.highest, more.highest);
  into.overload = into.overload || more.overload;
}

Decimation::Bucket bucket_of(std::span<const std::int64_t> counts) {
  Decimation::Bucket bucket;
  for (const std::int64_t count : counts) {
    bucket.lowest = std::min(bucket.lowest, count);
    bucket.highest = std::max(bucket.highest, count);
  }
  if (!is_overload(bucket.lowest) && !is_overload(bucket.highest)) return bucket;
  const Totals totals = totals_of(counts);
  return {totals.lowest, totals.highest, true};
}

}  // namespace

Decimation::Decimation(std::size_t buckets_max) : buckets_max_(buckets_max) {
  if (buckets_max < 2 || buckets_max % 2 != 0)
    throw std::invalid_argument("a decimation needs an even number of buckets, at least 2");
  buckets_.reserve(buckets_max);
}

void Decimation::feed(std::span<const std::int64_t> counts) {
  while (!counts.empty()) {
    const std::uint64_t filled = samples_ % width_;
    if (filled == 0 && buckets_.size() == buckets_max_) {
      merge();
      continue;
    }
    if (filled == 0) buckets_.emplace_back();
    const std::size_t n = std::min<std::size_t>(width_ - filled, counts.size());
    take(buckets_.back(), bucket_of(counts.first(n)));
    samples_ += n;
    counts = counts.subspan(n);
  }
}

void Decimation::merge() {
  for (std::size_t i = 0; i < buckets_.size() / 2; ++i) {
    Bucket pair = buckets_[2 * i];
    take(pair, buckets_[2 * i + 1]);
    buckets_[i] = pair;
  }
  buckets_.resize(buckets_.size() / 2);
  width_ *= 2;
}

}  // namespace meterrig
