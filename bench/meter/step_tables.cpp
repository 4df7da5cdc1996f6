#include "bench/meter/step_tables.hpp"

#include <algorithm>

#include "meters/cjt188.hpp"

namespace meterrig::bench {
namespace {

constexpr std::size_t number_bytes = 3;

}  // namespace

std::size_t PriceTable::step_at(std::int64_t litres) const {
  const auto step = std::find_if(volumes.begin(), volumes.end(),
                                 [litres](std::int64_t volume) { return litres <= volume * litres_per_cubic_metre; });
  return static_cast<std::size_t>(step - volumes.begin());
}

// 0.01 yuan/m3 is 1e-5 yuan a litre.
std::int64_t PriceTable::cost(std::int64_t litres) const {
  std::int64_t sum = 0, from = 0;
  for (std::size_t step = 0; step < prices.size() && from < litres; ++step) {
    const std::int64_t to = step < volumes.size() ? std::min(litres, volumes[step] * litres_per_cubic_metre) : litres;
    if (to <= from) continue;
    sum += (to - from) * prices[step];
    from = to;
  }
  return sum;
}

// 2.07, 4.14, 6.21 .. yuan past 1, 2 .. m3.
PriceTable factory_table(int step_volumes) {
  PriceTable table{{}, {2'07}};
  for (int step = 1; step <= step_volumes; ++step) {
    table.volumes.push_back(step);
    table.prices.push_back((step + 1) * 2'07);
  }
  return table;
}

void append_table(FieldBytes& out, const PriceTable& table) {
  append_bcd(out, static_cast<std::int64_t>(table.volumes.size()), 1);
  for (const std::int64_t volume : table.volumes) append_bcd(out, volume, number_bytes);
  for (const std::int64_t price : table.prices) append_bcd(out, price, number_bytes);
}

std::size_t table_bytes(int step_volumes) {
  return 1 + number_bytes * (2 * static_cast<std::size_t>(step_volumes) + 1);
}

std::optional<PriceTable> table_from(std::span<const std::uint8_t> bytes, const StepTraits& traits, PriceTable& good) {
  const auto count = bytes.empty() ? std::nullopt : cjt188::from_bcd(bytes.first(1));
  if (!count) return std::nullopt;
  const int volumes = static_cast<int>(*count);
  if (volumes < traits.least_step_volumes || volumes > traits.most_step_volumes) return std::nullopt;
  if (bytes.size() != table_bytes(volumes)) return std::nullopt;
  PriceTable table;
  for (std::size_t at = 1; at < bytes.size(); at += number_bytes) {
    const auto number = cjt188::from_bcd(bytes.subspan(at, number_bytes));
    if (!number) return std::nullopt;
    const bool is_price = table.volumes.size() == *count;
    const auto value = static_cast<std::int64_t>(*number);
    (is_price ? table.prices : table.volumes).push_back(is_price && traits.price_of_16_bits ? value & 0xFFFF : value);
    good = table;
  }
  return table;
}

}  // namespace meterrig::bench
