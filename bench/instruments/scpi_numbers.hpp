#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace meterrig::bench {

// Readings as Keysight instruments send them: NR3 with nine digits, separated by commas. Neighbours of a waveform are
// mostly equal; those are written once and copied.
inline void append_readings(std::string& out, const std::vector<double>& values) {
  constexpr std::size_t width = 16;  // "+3.24000000E-05,"
  std::size_t last = 0;
  out.reserve(out.size() + values.size() * width);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += ',';
    const std::size_t begin = out.size();
    const bool same = i > 0 && std::bit_cast<std::uint64_t>(values[i]) == std::bit_cast<std::uint64_t>(values[i - 1]);
    if (same)
      out.append(out, last, begin - 1 - last);
    else
      fmt::format_to(std::back_inserter(out), "{:+.8E}", values[i]);
    last = begin;
  }
}

// A definite-length block (IEEE 488.2, 8.7.9) of IEEE 754 numbers; big-endian unless swapped.
template <typename Real>
void append_block(std::string& out, const std::vector<double>& values, bool swapped) {
  const std::string length = std::to_string(values.size() * sizeof(Real));
  fmt::format_to(std::back_inserter(out), "#{}{}", length.size(), length);
  const std::size_t begin = out.size();
  out.resize(begin + values.size() * sizeof(Real));
  char* to = out.data() + begin;
  const bool turn = swapped != (std::endian::native == std::endian::little);
  for (const double value : values) {
    const Real real = static_cast<Real>(value);
    std::memcpy(to, &real, sizeof real);
    if (turn)
      for (std::size_t i = 0; i < sizeof real / 2; ++i) std::swap(to[i], to[sizeof real - 1 - i]);
    to += sizeof real;
  }
}

}  // namespace meterrig::bench
