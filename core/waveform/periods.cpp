#include "core/waveform/periods.hpp"

#include <cmath>

namespace meterrig {

PeriodFinder::PeriodFinder(Duration interval, double threshold_a, Duration expected)
    : interval_(interval),
      expected_(expected),
      segmenter_(interval, {{"below", -INFINITY, -INFINITY, interval * 2}, {"rise", threshold_a, threshold_a, {}}}) {}

void PeriodFinder::feed(const Block& block) {
  segmenter_.feed(block);
  for (const Segment& segment : segmenter_.take()) take(segment);
}

void PeriodFinder::take(const Segment& segment) {
  const bool rise = segment.kind == "rise";
  const bool begins =
      rise && (rises_ == 0 || interval_ * static_cast<std::int64_t>(segment.first - stretch_.to) > expected_ / 2);
  if (begins && rises_++ == 0) stretch_.from = segment.first;
  if (begins) {
    if (rises_ > 1) stretch_.totals.add(since_);
    stretch_.to = segment.first;
    since_ = {};
  }
  since_.add(segment.totals);
}

PeriodStretch PeriodFinder::found() const {
  PeriodFinder finished = *this;
  finished.segmenter_.finish();
  for (const Segment& segment : finished.segmenter_.take()) finished.take(segment);
  if (finished.rises_ < 2) return {};
  finished.stretch_.periods = finished.rises_ - 1;
  return finished.stretch_;
}

}  // namespace meterrig
