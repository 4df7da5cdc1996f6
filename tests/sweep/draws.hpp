#pragma once

#include <random>
#include <string>

#include "tests/sweep/sweep_support.hpp"

namespace meterrig::sweep {

// What happens to a run, drawn from a seed; the same seed draws the same.
class Draws {
 public:
  // `baseline` outlives it.
  Draws(const Baseline& baseline, std::uint64_t seed) : baseline_(baseline), random_(seed) {}
  std::uint64_t below(std::uint64_t end) { return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_); }
  // A first stop, or a first and a second one.
  std::string stop();
  // One exchange with one member of the bench that goes wrong.
  std::string io_fault();

 private:
  const Baseline& baseline_;
  std::mt19937_64 random_;
};

}  // namespace meterrig::sweep
