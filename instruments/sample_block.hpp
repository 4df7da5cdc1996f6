#pragma once

#include <cstdint>
#include <span>

namespace meterrig {

// Turns the byte order of each value round, in place.
void swap_bytes(std::span<float> values);

// Amperes as an instrument sends them to whole counts of 0.1 nA (instruments/waveform.hpp), rounded to the nearest,
// ties to even. |amperes| of 9.9E37 and more, and what is no number, become `overload`. False when another value is
// beyond 200 kA, where a double no longer holds tenths of a nanoampere: it was no reading. `counts` is as long as
// `amperes`.
bool counts_of(std::span<const float> amperes, std::span<std::int64_t> counts, std::int64_t overload);

}  // namespace meterrig
