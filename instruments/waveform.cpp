#include "instruments/waveform.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "core/waveform/means.hpp"
#include "core/waveform/periods.hpp"

namespace meterrig {

Totals Waveform::totals(std::size_t from, std::size_t to) const {
  if (from > to || to > size()) throw std::logic_error("a stretch beyond the waveform");
  return totals_of(std::span(counts).subspan(from, to - from));
}

Waveform Waveform::part(std::size_t from, std::size_t to) const {
  const auto begin = counts.begin();
  return {interval, {begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to)}};
}

double Waveform::maximum() const { return amperes(std::max<std::int64_t>(0, totals().highest)); }

double Waveform::maximum_moving_mean(Duration window) const {
  if (counts.empty()) throw std::logic_error("an empty waveform has no maximum");
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(1, (window + interval / 2) / interval));
  const std::size_t width = std::min(wanted, size());
  Int128 sum = 0;
  for (std::size_t i = 0; i < width; ++i) sum += counts[i];
  Int128 top = sum;
  for (std::size_t i = width; i < size(); ++i) {
    sum += counts[i] - counts[i - width];
    top = std::max(top, sum);
  }
  return static_cast<double>(top) / static_cast<double>(width) / 1e10;
}

double Waveform::percentile_of_means(Duration width, double percent) const {
  MeansDistribution means(static_cast<std::uint64_t>(std::max<std::int64_t>(1, width / interval)));
  each_block(counts, [&](const Block& block) { means.feed(block); });
  return means.percentile(percent);
}

double Waveform::half_width_of_mean(const Accuracy& accuracy, std::size_t from, std::size_t to) const {
  double sum = 0;
  for (std::size_t i = from; i < to; ++i) sum += accuracy.half_width(static_cast<double>(counts[i]) / 1e10);
  return sum / static_cast<double>(to - from);
}

std::vector<Burst> bursts(const Waveform& waveform, double threshold_a, Duration bridge) {
  const auto gap = static_cast<std::int64_t>(bridge / waveform.interval);
  Segmenter segmenter(waveform.interval, {{"gap", -INFINITY, -INFINITY, waveform.interval * (gap + 1)},
                                          {"burst", threshold_a, threshold_a, {}}});
  segmenter.feed(waveform.counts);
  segmenter.finish();
  std::vector<Burst> found;
  for (const Segment& segment : segmenter.take())
    if (segment.kind == "burst") found.push_back({segment.first, segment.last(), segment.peak()});
  return found;
}

WholePeriods whole_periods(const Waveform& waveform, Duration expected) {
  WholePeriods result;
  if (waveform.counts.empty()) return result;
  const double floor = waveform.percentile_of_means(waveform.interval * 10, 10);
  const double top = waveform.maximum();
  // A wake-up stands at least ten times above the floor; anything lower is ripple of the floor itself.
  if (top < 10 * std::max(floor, 1e-7)) return result;
  PeriodFinder finder(waveform.interval, floor + (top - floor) / 2, expected);
  each_block(waveform.counts, [&](const Block& block) { finder.feed(block); });
  const PeriodStretch found = finder.found();
  if (found.periods == 0) return result;
  result.from = found.from;
  result.to = found.to;
  result.periods = found.periods;
  const Duration span = waveform.interval * static_cast<std::int64_t>(found.totals.samples);
  result.period = span / found.periods;
  result.charge_per_wake = (found.totals.mean() - floor) * to_seconds(span) / found.periods;
  return result;
}

}  // namespace meterrig
