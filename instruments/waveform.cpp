#include "instruments/waveform.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace meterrig {

std::size_t Waveform::overloads() const {
  return static_cast<std::size_t>(std::count(counts.begin(), counts.end(), overload));
}

double Waveform::mean(std::size_t from, std::size_t to) const {
  if (from >= to || to > size()) throw std::logic_error("mean over no samples");
  std::int64_t sum = 0;  // 2^63 counts: 3 A for three years at 10 kS/s
  for (std::size_t i = from; i < to; ++i) {
    if (counts[i] == overload) throw std::logic_error("mean over an overloaded sample");
    sum += counts[i];
  }
  const auto n = static_cast<std::int64_t>(to - from);
  // Whole part and remainder apart: a mean that is a whole number of counts comes out exactly.
  const double in_counts = static_cast<double>(sum / n) + static_cast<double>(sum % n) / static_cast<double>(n);
  return in_counts / 1e10;
}

double Waveform::maximum() const {
  std::int64_t top = 0;
  for (const std::int64_t c : counts)
    if (c != overload) top = std::max(top, c);
  return static_cast<double>(top) / 1e10;
}

double Waveform::maximum_moving_mean(Duration window) const {
  if (counts.empty()) throw std::logic_error("an empty waveform has no maximum");
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(1, (window + interval / 2) / interval));
  const std::size_t width = std::min(wanted, size());
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < width; ++i) sum += counts[i];
  std::int64_t top = sum;
  for (std::size_t i = width; i < size(); ++i) {
    sum += counts[i] - counts[i - width];
    top = std::max(top, sum);
  }
  return static_cast<double>(top) / static_cast<double>(width) / 1e10;
}

double Waveform::percentile_of_means(Duration width, double percent) const {
  const auto step = static_cast<std::size_t>(std::max<std::int64_t>(1, width / interval));
  std::vector<double> means;
  for (std::size_t i = 0; i + step <= size(); i += step) means.push_back(mean(i, i + step));
  if (means.empty()) throw std::logic_error("the waveform is shorter than the width of the means");
  const auto rank = static_cast<std::size_t>(percent / 100 * static_cast<double>(means.size() - 1) + 0.5);
  std::nth_element(means.begin(), means.begin() + static_cast<std::ptrdiff_t>(rank), means.end());
  return means[rank];
}

double Waveform::half_width_of_mean(const Accuracy& accuracy, std::size_t from, std::size_t to) const {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += accuracy.half_width(static_cast<double>(counts[i]) / 1e10);
  return sum / static_cast<double>(to - from);
}

std::vector<Burst> bursts(const Waveform& waveform, double threshold_a, Duration bridge) {
  const auto threshold = static_cast<std::int64_t>(threshold_a * 1e10);
  const auto gap = static_cast<std::size_t>(bridge / waveform.interval);
  std::vector<Burst> found;
  for (std::size_t i = 0; i < waveform.size(); ++i) {
    const std::int64_t c = waveform.counts[i];
    if (c <= threshold) continue;
    const double amperes = c == Waveform::overload ? INFINITY : static_cast<double>(c) / 1e10;
    if (!found.empty() && i - found.back().last <= gap) {
      found.back().last = i + 1;
      found.back().peak = std::max(found.back().peak, amperes);
    } else {
      found.push_back({i, i + 1, amperes});
    }
  }
  return found;
}

WholePeriods whole_periods(const Waveform& waveform, Duration expected) {
  WholePeriods result;
  if (waveform.counts.empty()) return result;
  const double floor = waveform.percentile_of_means(waveform.interval * 10, 10);
  const double top = waveform.maximum();
  // A wake-up stands at least ten times above the floor; anything lower is ripple of the floor itself.
  if (top < 10 * std::max(floor, 1e-7)) return result;
  // LCD refreshes and the like recur within one listening period: bridge everything shorter than half a period.
  std::vector<std::size_t> starts;
  for (const Burst& burst : bursts(waveform, floor + (top - floor) / 2, waveform.interval))
    if (starts.empty() || waveform.interval * static_cast<std::int64_t>(burst.first - starts.back()) > expected / 2)
      starts.push_back(burst.first);
  if (starts.size() < 2) return result;
  result.from = starts.front();
  result.to = starts.back();
  result.periods = static_cast<int>(starts.size()) - 1;
  result.period = waveform.interval * static_cast<std::int64_t>(result.to - result.from) / result.periods;
  const double span = to_seconds(waveform.interval * static_cast<std::int64_t>(result.to - result.from));
  result.charge_per_wake = (waveform.mean(result.from, result.to) - floor) * span / result.periods;
  return result;
}

}  // namespace meterrig
