#pragma once

#include <cstdint>
#include <stdexcept>

// Sums that say so when 64 bits do not hold them.
namespace meterrig::tariff {

[[noreturn]] inline void too_large() {
  throw std::invalid_argument("an amount of money beyond 92233720368547.75807 yuan; expected less water or money");
}

inline std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) too_large();
  return result;
}

inline std::int64_t difference(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_sub_overflow(a, b, &result)) too_large();
  return result;
}

inline std::int64_t product(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) too_large();
  return result;
}

}  // namespace meterrig::tariff
