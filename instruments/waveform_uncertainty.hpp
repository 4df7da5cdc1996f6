#pragma once

#include "instruments/waveform.hpp"

namespace meterrig {

// A value taken from a waveform, amperes, corrected; with the uncertainty of what it was taken with.
struct WaveformValue {
  double amperes = 0;
  Budget budget{"A"};
};

// The mean of the samples [from, to). The errors of the samples are those of the ranges that held them and fully
// correlated: they add and do not average out (docs/decisions/0003). `parts`: the stretch is divided into so many equal
// ones, whose means give the repeatability; below five they are too few to say anything (JJF 1059.1).
WaveformValue mean_of(const Waveform& waveform, const Accuracy& accuracy, std::size_t from, std::size_t to, int parts);

// The largest mean over any `window`. The samples do not tell how much larger a window between them would be: at most
// by what lies in one sample beside it, and by what its own samples leave to the peak.
WaveformValue largest_mean(const Waveform& waveform, const Accuracy& accuracy, Duration window);

}  // namespace meterrig
