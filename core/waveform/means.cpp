#include "core/waveform/means.hpp"

#include <bit>
#include <cmath>
#include <stdexcept>

namespace meterrig {
namespace {

// 512 steps to each doubling; sizes below 1024 have a step each.
constexpr int step_bits = 9;
constexpr std::uint64_t steps = std::uint64_t{1} << step_bits;

std::size_t step_of(std::uint64_t size) {
  if (size < 2 * steps) return static_cast<std::size_t>(size);
  const int shift = static_cast<int>(std::bit_width(size)) - step_bits - 1;
  return static_cast<std::size_t>(static_cast<std::uint64_t>(shift) * steps + (size >> shift));
}

// The middle of a step.
std::int64_t size_of(std::size_t step) {
  if (step < 2 * steps) return static_cast<std::int64_t>(step);
  const std::uint64_t shift = step / steps - 1;
  return static_cast<std::int64_t>(((step - shift * steps) << shift) + (std::uint64_t{1} << shift >> 1));
}

void count_in(std::vector<std::uint64_t>& histogram, std::uint64_t size) {
  const std::size_t step = step_of(size);
  if (step >= histogram.size()) histogram.resize(step + 1);
  ++histogram[step];
}

}  // namespace

MeansDistribution::MeansDistribution(std::uint64_t width) : width_(width) {
  if (width == 0 || width > width_max) throw std::invalid_argument("a mean is over 1 to 2^18 samples");
}

void MeansDistribution::feed(const Block& block) {
  std::span<const std::int64_t> counts = block.counts;
  const bool clean = block.totals.overloads == 0;
  while (!counts.empty()) {
    const std::size_t n = std::min<std::size_t>(width_ - filled_, counts.size());
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<std::uint64_t>(counts[i]);
    if (!clean) overloaded_ = overloaded_ || std::any_of(counts.begin(), counts.begin() + n, is_overload);
    // Without overloads the sum of 2^18 samples fits; with one it is not looked at.
    sum_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum_) + sum);
    filled_ += n;
    counts = counts.subspan(n);
    if (filled_ < width_) return;
    add(overloaded_ ? overload_count : sum_);
    filled_ = 0;
    sum_ = 0;
    overloaded_ = false;
  }
}

void MeansDistribution::add(std::int64_t sum) {
  ++means_;
  if (exact()) return sums_.push_back(sum);
  for (const std::int64_t earlier : sums_) count(earlier);
  std::vector<std::int64_t>().swap(sums_);
  count(sum);
}

void MeansDistribution::count(std::int64_t sum) {
  if (sum == overload_count) {
    ++overloaded_means_;
  } else if (sum < 0) {
    count_in(below_, static_cast<std::uint64_t>(-sum));
  } else {
    count_in(above_, static_cast<std::uint64_t>(sum));
  }
}

std::int64_t MeansDistribution::ranked(std::uint64_t rank) const {
  if (exact()) {
    std::vector<std::int64_t> sums = sums_;
    const auto place = sums.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(sums.begin(), place, sums.end());
    return *place;
  }
  for (std::size_t step = below_.size(); step-- > 0;) {
    if (rank < below_[step]) return -size_of(step);
    rank -= below_[step];
  }
  for (std::size_t step = 0; step < above_.size(); ++step) {
    if (rank < above_[step]) return size_of(step);
    rank -= above_[step];
  }
  return overload_count;
}

double MeansDistribution::percentile(double percent) const {
  if (means_ == 0) throw std::logic_error("the waveform is shorter than the width of the means");
  if (!(percent >= 0 && percent <= 100)) throw std::invalid_argument("a percentile is from 0 to 100");
  const std::int64_t sum = ranked(static_cast<std::uint64_t>(percent / 100 * static_cast<double>(means_ - 1) + 0.5));
  if (sum == overload_count) return INFINITY;
  return Totals{.samples = width_, .sum = sum}.mean();
}

}  // namespace meterrig
