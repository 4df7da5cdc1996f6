#include "bench/instruments/dmm_readings.hpp"

#include <algorithm>
#include <cmath>

namespace meterrig::bench {

void ReadingStatistics::add(double value, std::uint64_t times) {
  if (times == 0) return;
  if (count == 0) first = minimum = maximum = value;
  const auto n = static_cast<double>(times);
  count += times;
  sum += value * n;
  sum_of_squares += (value - first) * (value - first) * n;
  minimum = std::min(minimum, value);
  maximum = std::max(maximum, value);
}

double ReadingStatistics::deviation() const {
  if (count < 2) return 0;
  const auto n = static_cast<double>(count);
  const double shift = mean() - first;
  return std::sqrt(std::max(0.0, (sum_of_squares - n * shift * shift) / (n - 1)));
}

void ReadingSeries::begin(Instant start, Duration interval, Duration aperture, std::uint64_t count, Source source) {
  clear();
  start_ = start;
  interval_ = interval;
  aperture_ = aperture;
  count_ = count;
  source_ = std::move(source);
}

void ReadingSeries::clear() {
  count_ = known_ = removed_ = 0;
  stopped_ = false;
  source_ = {};
  runs_.clear();
  statistics_ = {};
}

Instant ReadingSeries::reading_end(std::uint64_t index) const {
  return start_ + interval_ * static_cast<std::int64_t>(index) + aperture_;
}

Instant ReadingSeries::end() const { return count_ == 0 ? Instant::min() : reading_end(count_ - 1); }

std::uint64_t ReadingSeries::complete(Instant now) const {
  if (count_ == 0 || now < start_ + aperture_) return 0;
  return std::min(count_, static_cast<std::uint64_t>((now - start_ - aperture_) / interval_) + 1);
}

void ReadingSeries::update(Instant now) {
  if (stopped_) return;
  const std::uint64_t over = complete(now);
  if (over <= known_) return;
  source_(known_, over - known_, [this](double value, std::uint64_t times) {
    if (runs_.empty() || runs_.back().value != value) runs_.push_back({known_, value});
    known_ += times;
    statistics_.add(value, times);
  });
}

void ReadingSeries::stop(Instant now) {
  update(now);
  stopped_ = true;
  source_ = {};
}

std::vector<double> ReadingSeries::take(std::uint64_t count, bool remove) {
  const std::uint64_t end = removed_ + std::min(count, available());
  std::vector<double> values;
  values.reserve(end - removed_);
  auto run = std::upper_bound(runs_.begin(), runs_.end(), removed_,
                              [](std::uint64_t index, const Run& its) { return index < its.first; });
  for (std::uint64_t i = removed_; i < end; ++i) {
    if (run != runs_.end() && run->first == i) ++run;
    values.push_back(std::prev(run)->value);
  }
  if (remove) removed_ = end;
  return values;
}

}  // namespace meterrig::bench
