#include "instruments/sample_block.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace meterrig {
namespace {

// Vectors of the least that every x86-64 and ARMv8 has; the compiler finds no such loop for __builtin_bswap32.
using Halves = std::uint16_t __attribute__((vector_size(16)));
using Words = std::uint32_t __attribute__((vector_size(16)));

constexpr double counts_per_ampere = 1e10;
constexpr double most = 2e5;
// 1.5 * 2^52: a double this far up has steps of one, so that the sum is rounded as llrint would, and its lowest bits
// are the integer. Without a call a sample, this is four times as fast.
constexpr double magic = 6755399441055744.0;
constexpr auto magic_bits = std::bit_cast<std::int64_t>(magic);

}  // namespace

void swap_bytes(std::span<float> values) {
  auto* const bytes = reinterpret_cast<std::uint8_t*>(values.data());
  const std::size_t size = values.size_bytes();
  std::size_t i = 0;
  for (; i + sizeof(Words) <= size; i += sizeof(Words)) {
    Halves halves;
    std::memcpy(&halves, bytes + i, sizeof halves);
    halves = halves << 8 | halves >> 8;
    Words words = std::bit_cast<Words>(halves);
    words = words << 16 | words >> 16;
    std::memcpy(bytes + i, &words, sizeof words);
  }
  for (; i < size; i += sizeof(std::uint32_t)) {
    std::uint32_t word;
    std::memcpy(&word, bytes + i, sizeof word);
    word = __builtin_bswap32(word);
    std::memcpy(bytes + i, &word, sizeof word);
  }
}

bool counts_of(std::span<const float> amperes, std::span<std::int64_t> counts, std::int64_t overload) {
  std::size_t beyond = 0;
  for (std::size_t i = 0; i < amperes.size(); ++i) {
    const double value = amperes[i];
    const bool plausible = std::abs(value) <= most;
    const std::int64_t rounded = std::bit_cast<std::int64_t>(value * counts_per_ampere + magic) - magic_bits;
    counts[i] = plausible ? rounded : overload;
    beyond += !plausible;
  }
  if (beyond == 0) return true;
  for (const float value : amperes)
    if (std::abs(value) > static_cast<float>(most) && std::abs(value) < 9.9e37f) return false;
  return true;
}

}  // namespace meterrig
