#pragma once

#include <rapidcheck.h>

#include <cstdlib>
#include <vector>

#include "core/waveform/samples.hpp"

namespace meterrig::waveforms {

using Counts = std::vector<std::int64_t>;

inline constexpr std::int64_t microampere = 10'000;  // in counts
inline constexpr std::int64_t milliampere = 10'000'000;

// The same examples in every run, unless who runs the test asks for others.
inline const bool repeatable = setenv("RC_PARAMS", "seed=503", 0) == 0;

// Appends `n` samples of one current.
inline void hold(Counts& counts, std::size_t n, std::int64_t count) { counts.insert(counts.end(), n, count); }

// A current that sleeps and wakes in stretches of all lengths, with samples at and beside thresholds, negative ones,
// and now and then an overload.
inline Counts any_current(std::size_t longest = 6000) {
  Counts counts;
  const auto stretches = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 12));
  for (int i = 0; i < stretches; ++i) {
    const auto level = *rc::gen::element<std::int64_t>(0, 18 * microampere, 1 * milliampere, 12 * milliampere,
                                                       20 * milliampere, 80 * milliampere, count_limit);
    const auto n = *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(1, 2 + longest / 12));
    const auto noise = *rc::gen::element<std::int64_t>(0, 1, 5 * microampere, milliampere);
    auto state = *rc::gen::arbitrary<std::uint32_t>();
    for (std::size_t k = 0; k < n; ++k) {
      state = state * 1664525u + 1013904223u;
      counts.push_back(level - noise + static_cast<std::int64_t>(state >> 8) % (2 * noise + 1));
    }
    if (*rc::gen::inRange(0, 8) == 0) counts.push_back(overload_count);
  }
  return counts;
}

// Feeds `counts` in chunks of drawn sizes.
template <typename Sink>
void feed_in_chunks(Sink& sink, std::span<const std::int64_t> counts) {
  while (!counts.empty()) {
    const auto n = *rc::gen::inRange<std::size_t>(1, std::min<std::size_t>(counts.size(), 3000) + 1);
    sink.feed(counts.first(0));
    sink.feed(counts.first(n));
    counts = counts.subspan(n);
  }
}

}  // namespace meterrig::waveforms
