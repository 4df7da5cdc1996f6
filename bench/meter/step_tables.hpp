#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bench/meter/fields.hpp"
#include "bench/meter/step_traits.hpp"

namespace meterrig::bench {

inline constexpr std::int64_t litres_per_cubic_metre = 1000;
inline constexpr std::int64_t costs_per_cent = 1000;  // a cost is a whole number of 1e-5 yuan

// Steps of the water price (CJ/T 484 table 2): up to the first volume the first price, and so on.
struct PriceTable {
  std::vector<std::int64_t> volumes;  // whole m3
  std::vector<std::int64_t> prices;   // 0.01 yuan/m3, one more than volumes

  // From 0. The litre that reaches a step's volume is still of that step: (0, V1], (V1, V2] ..
  std::size_t step_at(std::int64_t litres) const;
  // Above which volume the step begins, m3.
  std::int64_t begin_of(std::size_t step) const { return step == 0 ? 0 : volumes[step - 1]; }
  // Of the first so many litres of a period, 1e-5 yuan.
  std::int64_t cost(std::int64_t litres) const;
};

PriceTable factory_table(int step_volumes);

// n, n volumes, n + 1 prices.
void append_table(FieldBytes& out, const PriceTable& table);
std::size_t table_bytes(int step_volumes);
// Null: not as table 2 says, or not as many volumes as the meter takes; `good` then has what stood before the first
// thing that is wrong.
std::optional<PriceTable> table_from(std::span<const std::uint8_t> bytes, const StepTraits& traits, PriceTable& good);

}  // namespace meterrig::bench
