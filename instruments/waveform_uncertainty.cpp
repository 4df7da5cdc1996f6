#include "instruments/waveform_uncertainty.hpp"

#include <algorithm>
#include <cmath>

namespace meterrig {
namespace {

constexpr int fewest_parts = 5;

// The mean bounds and the mean correction of a stretch.
struct Errors {
  ErrorBounds bounds;
  double correction = 0;
};

Errors mean_errors(const Waveform& waveform, const Accuracy& accuracy, std::size_t from, std::size_t to) {
  Errors sum;
  for (std::size_t i = from; i < to; ++i) {
    const double indication = amperes(waveform.counts[i]);
    const ErrorBounds one = accuracy.errors(indication);
    sum.bounds.accuracy += one.accuracy;
    sum.bounds.calibration += one.calibration;
    sum.bounds.drift += one.drift;
    if (accuracy.corrects()) sum.correction += accuracy.correction(indication).value_or(0);
  }
  const auto n = static_cast<double>(to - from);
  sum.bounds.accuracy /= n;
  sum.bounds.calibration /= n;
  sum.bounds.drift /= n;
  sum.correction /= n;
  sum.bounds.resolution = accuracy.resolution(waveform.mean(from, to));
  return sum;
}

WaveformValue value_of(double indication, const Errors& errors, const Accuracy& accuracy) {
  WaveformValue value{indication + errors.correction, errors.bounds.budget("A")};
  if (accuracy.corrects()) value.budget.corrected(errors.correction);
  return value;
}

// What a window between two samples may hold more than the largest one of whole samples, in counts. Shifted by a part
// of a sample it takes in a part of the next one, `in`, and loses a part of its own first one, `out`; within a sample
// the current is at most `peak`, so the gain is at most the lesser of `in` and `peak - out`.
std::int64_t missed_at_edges(const Waveform& waveform, std::size_t at, std::size_t width) {
  const auto& counts = waveform.counts;
  const std::size_t first = at > 0 ? at - 1 : at;
  const std::size_t end = std::min(at + width + 1, counts.size());
  std::int64_t peak = 0;
  for (std::size_t i = first; i < end; ++i) peak = std::max(peak, counts[i]);
  std::int64_t missed = 0;
  if (at + width < counts.size()) missed = std::max(missed, std::min(counts[at + width], peak - counts[at]));
  if (at > 0) missed = std::max(missed, std::min(counts[at - 1], peak - counts[at + width - 1]));
  return missed;
}

}  // namespace

WaveformValue mean_of(const Waveform& waveform, const Accuracy& accuracy, std::size_t from, std::size_t to, int parts) {
  WaveformValue value = value_of(waveform.mean(from, to), mean_errors(waveform, accuracy, from, to), accuracy);
  if (parts < fewest_parts || to - from < static_cast<std::size_t>(parts)) return value;
  std::vector<double> means;
  const std::size_t length = to - from;
  const auto n = static_cast<std::size_t>(parts);
  for (std::size_t i = 0; i < n; ++i)
    means.push_back(waveform.mean(from + length * i / n, from + length * (i + 1) / n));
  value.budget.standard("repeatability", standard_deviation_of_mean(means));
  return value;
}

WaveformValue largest_mean(const Waveform& waveform, const Accuracy& accuracy, Duration window) {
  const double top = waveform.maximum_moving_mean(window);
  const auto wanted =
      static_cast<std::size_t>(std::max<std::int64_t>(1, (window + waveform.interval / 2) / waveform.interval));
  const std::size_t width = std::min(wanted, waveform.size());
  std::int64_t sum = 0;
  std::int64_t most = INT64_MIN;
  std::size_t at = 0;
  for (std::size_t i = 0; i < waveform.size(); ++i) {
    sum += waveform.counts[i] - (i >= width ? waveform.counts[i - width] : 0);
    if (i + 1 < width || sum <= most) continue;
    most = sum;
    at = i + 1 - width;
  }
  WaveformValue value = value_of(top, mean_errors(waveform, accuracy, at, at + width), accuracy);
  value.budget.half_width("window", amperes(missed_at_edges(waveform, at, width)) / static_cast<double>(width));
  return value;
}

}  // namespace meterrig
