#include "instruments/sample_block.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Each result is exact whatever the processor: wider registers only do more of the same at once.
namespace meterrig {
namespace {

constexpr double counts_per_ampere = 1e10;
constexpr double most = 2e5;
// 1.5 * 2^52: a double this far up has steps of one, so that the sum is rounded as llrint would, and its lowest bits
// are the integer. Without a call a sample.
constexpr double magic = 6755399441055744.0;
constexpr auto magic_bits = std::bit_cast<std::int64_t>(magic);

// So many of the first values done.
using Swap = std::size_t (*)(std::uint8_t* values, std::size_t count);
using Convert = std::size_t (*)(const float* amperes, std::int64_t* counts, std::size_t count, std::int64_t overload,
                                std::size_t& beyond);

std::size_t swap_none(std::uint8_t*, std::size_t) { return 0; }
std::size_t convert_none(const float*, std::int64_t*, std::size_t, std::int64_t, std::size_t&) { return 0; }

#if defined(__x86_64__)
__attribute__((target("avx2"))) std::size_t swap_by_eight(std::uint8_t* values, std::size_t count) {
  const __m256i turned =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    auto* const at = reinterpret_cast<__m256i*>(values + 4 * i);
    _mm256_storeu_si256(at, _mm256_shuffle_epi8(_mm256_loadu_si256(at), turned));
  }
  return i;
}

__attribute__((target("avx2"))) std::size_t convert_by_four(const float* amperes, std::int64_t* counts,
                                                            std::size_t count, std::int64_t overload,
                                                            std::size_t& beyond) {
  const __m256d sign = _mm256_set1_pd(-0.0);
  const __m256i marked = _mm256_set1_epi64x(overload), zero_point = _mm256_set1_epi64x(magic_bits);
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const __m256d value = _mm256_cvtps_pd(_mm_loadu_ps(amperes + i));
    const __m256d plausible = _mm256_cmp_pd(_mm256_andnot_pd(sign, value), _mm256_set1_pd(most), _CMP_LE_OQ);
    const __m256d scaled = _mm256_mul_pd(value, _mm256_set1_pd(counts_per_ampere));
    const __m256i bits = _mm256_castpd_si256(_mm256_add_pd(scaled, _mm256_set1_pd(magic)));
    const __m256i rounded = _mm256_sub_epi64(bits, zero_point);
    const __m256i chosen = _mm256_blendv_epi8(marked, rounded, _mm256_castpd_si256(plausible));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(counts + i), chosen);
    beyond += _mm256_movemask_pd(plausible) != 0xF;
  }
  return i;
}

const bool wide = __builtin_cpu_supports("avx2");
const Swap swap_wide = wide ? swap_by_eight : swap_none;
const Convert convert_wide = wide ? convert_by_four : convert_none;
#else
const Swap swap_wide = swap_none;
const Convert convert_wide = convert_none;
#endif

}  // namespace

void swap_bytes(std::span<float> values) {
  auto* const bytes = reinterpret_cast<std::uint8_t*>(values.data());
  for (std::size_t i = swap_wide(bytes, values.size()); i < values.size(); ++i) {
    std::uint32_t word;
    std::memcpy(&word, bytes + 4 * i, sizeof word);
    word = __builtin_bswap32(word);
    std::memcpy(bytes + 4 * i, &word, sizeof word);
  }
}

bool counts_of(std::span<const float> amperes, std::span<std::int64_t> counts, std::int64_t overload) {
  std::size_t beyond = 0;
  std::size_t i = convert_wide(amperes.data(), counts.data(), amperes.size(), overload, beyond);
  for (; i < amperes.size(); ++i) {
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
