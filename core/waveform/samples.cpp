#include "core/waveform/samples.hpp"

#include <cmath>
#include <stdexcept>

namespace meterrig {
namespace {

// Whole part and remainder apart: a mean that is a whole number of counts comes out exactly.
double quotient(Int128 sum, Int128 n) {
  return static_cast<double>(sum / n) + static_cast<double>(sum % n) / static_cast<double>(n);
}

void demand_mean(const Totals& totals, const char* what) {
  if (totals.samples == 0) throw std::logic_error(std::string(what) + " over no samples");
  if (totals.overloads > 0) throw std::logic_error(std::string(what) + " over an overloaded sample");
}

// A block at most: the sum fits into 64 bits as long as no sample is an overload.
Totals totals_of_block(const std::int64_t* counts, std::size_t n) {
  std::uint64_t sum = 0;
  Uint128 squares = 0;
  std::int64_t lowest = counts[0];
  std::int64_t highest = counts[0];
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t count = counts[i];
    sum += static_cast<std::uint64_t>(count);
    squares += static_cast<Uint128>(static_cast<Int128>(count) * count);
    lowest = std::min(lowest, count);
    highest = std::max(highest, count);
  }
  if (!is_overload(lowest) && !is_overload(highest))
    return {n, 0, static_cast<std::int64_t>(sum), squares, lowest, highest};
  Totals totals;
  totals.samples = n;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t count = counts[i];
    if (is_overload(count)) {
      ++totals.overloads;
      continue;
    }
    totals.sum += count;
    totals.squares += static_cast<Uint128>(static_cast<Int128>(count) * count);
    totals.lowest = std::min(totals.lowest, count);
    totals.highest = std::max(totals.highest, count);
  }
  return totals;
}

}  // namespace

std::int64_t threshold_count(double amperes) noexcept {
  constexpr auto limit = static_cast<double>(count_limit);
  return static_cast<std::int64_t>(std::clamp(std::floor(amperes * counts_per_ampere), -limit, limit));
}

Totals totals_of(std::span<const std::int64_t> counts) {
  Totals totals;
  for (std::size_t at = 0; at < counts.size(); at += block_samples)
    totals.add(totals_of_block(counts.data() + at, std::min(block_samples, counts.size() - at)));
  return totals;
}

double Totals::mean() const {
  demand_mean(*this, "mean");
  return quotient(sum, static_cast<Int128>(samples)) / counts_per_ampere;
}

double Totals::rms() const {
  demand_mean(*this, "RMS");
  return std::sqrt(quotient(static_cast<Int128>(squares), static_cast<Int128>(samples))) / counts_per_ampere;
}

double Totals::charge(Duration interval) const {
  if (overloads > 0) throw std::logic_error("charge over an overloaded sample");
  // Counts of 1e-10 A times nanoseconds, exact: 2^84 by 2^43.
  return static_cast<double>(sum * interval.count()) / 1e19;
}

}  // namespace meterrig
