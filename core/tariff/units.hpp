#pragma once

#include <cstdint>

// Water and money as whole numbers. No binary floating point: 10,000 litres at 2.07 yuan/m3, added up one by one as
// doubles, fall short of 20.70 yuan and lose a cent.
namespace meterrig::tariff {

using Litres = std::int64_t;  // 0.001 m3
using Price = std::int64_t;   // 0.01 yuan/m3
using Cents = std::int64_t;   // 0.01 yuan
using Cost = std::int64_t;    // 1e-5 yuan: a price times litres, nothing rounded

inline constexpr Litres litres_per_m3 = 1000;
inline constexpr Cost costs_per_cent = 1000;

// CJ/T 484, table 2: six digits of whole m3, six digits with two decimals of yuan/m3.
inline constexpr std::int64_t step_volume_max_m3 = 999'999;
inline constexpr Price price_max = 999'999;
// 999999999.999 m3, more than any register holds; the dearest is 1e18, a ninth of what a Cost holds.
inline constexpr Litres volume_max = 999'999'999'999;
static_assert(price_max <= INT64_MAX / volume_max);

}  // namespace meterrig::tariff
