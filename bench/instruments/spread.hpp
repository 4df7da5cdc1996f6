#pragma once

#include <cstdint>
#include <string_view>

namespace meterrig::bench {

// Deviations of one specimen of an instrument and its noise, from the seed of the bench: the same on every platform.
class Spread {
 public:
  explicit Spread(std::uint64_t seed) : state_(seed) {}
  // Every instrument of a bench gets its own stream.
  Spread(std::uint64_t seed, std::string_view name) : state_(seed * 0x9e3779b97f4a7c15ull) {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  // splitmix64
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  // Uniform in [-half_width, half_width).
  double within(double half_width) {
    return half_width * (static_cast<double>(next() >> 11) * (2.0 / 9007199254740992.0) - 1.0);
  }

 private:
  std::uint64_t state_;
};

// A reading in whole digits of its display.
inline double quantised(double value, double resolution) {
  const double digits = value / resolution;
  const auto whole = static_cast<std::int64_t>(digits + (digits < 0 ? -0.5 : 0.5));
  return static_cast<double>(whole) * resolution;
}

}  // namespace meterrig::bench
