#pragma once

#include "core/waveform/segmenter.hpp"

namespace meterrig {

// The stretch of whole periods of a current that recurs: from the start of the first rise to the start of the last one.
struct PeriodStretch {
  std::uint64_t from = 0;  // sample
  std::uint64_t to = 0;    // one past the end
  int periods = 0;         // 0: fewer than two rises
  Totals totals;           // of samples [from, to)
};

// Finds it as the samples come. A rise above `threshold_a` begins a period when more than half of `expected` has passed
// since the last one began: LCD refreshes and the like recur within one listening period. A single sample at or below
// the threshold does not end a rise.
class PeriodFinder {
 public:
  // Throws std::invalid_argument for an interval that is not positive.
  PeriodFinder(Duration interval, double threshold_a, Duration expected);
  void feed(const Block& block);
  // Of the samples so far.
  PeriodStretch found() const;

 private:
  void take(const Segment& segment);

  Duration interval_;
  Duration expected_;
  Segmenter segmenter_;
  PeriodStretch stretch_;
  Totals since_;  // from the last rise on
  int rises_ = 0;
};

}  // namespace meterrig
