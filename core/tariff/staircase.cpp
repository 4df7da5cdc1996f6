#include "core/tariff/staircase.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "core/tariff/decimal_text.hpp"

namespace meterrig::tariff {

namespace {

void check_span(Litres from, Litres to) {
  if (to < from)
    throw std::invalid_argument(
        fmt::format("the usage falls from {} to {} m3; expected the usage at the end, which is "
                    "at least that at the beginning",
                    volume_text(from), volume_text(to)));
}

}  // namespace

Staircase::Staircase(PriceTable table) : table_(std::move(table)) {
  if (const auto faults = faults_of(table_); !faults.empty())
    throw std::invalid_argument(fmt::format("{}", fmt::join(faults, "; ")));
  Litres from = 0;
  Cost before = 0;
  for (std::size_t i = 0; i < table_.prices.size(); ++i) {
    const Litres to = i < table_.volumes_m3.size() ? table_.volumes_m3[i] * litres_per_m3 : volume_max;
    steps_.push_back({from, to, table_.prices[i], before});
    before += (to - from) * table_.prices[i];
    from = to;
  }
}

// The step that the last litre of this usage was in.
const Staircase::Step& Staircase::step_of(Litres usage) const {
  if (usage < 0 || usage > volume_max)
    throw std::invalid_argument(
        fmt::format("volume {} m3: expected 0 to {}", volume_text(usage), volume_text(volume_max)));
  return *std::ranges::find_if(steps_, [usage](const Step& step) { return usage <= step.to; });
}

Cost Staircase::cost(Litres usage) const {
  const Step& step = step_of(usage);
  return step.before + (usage - step.from) * step.price;
}

Cost Staircase::cost_between(Litres from, Litres to) const {
  check_span(from, to);
  return cost(to) - cost(from);
}

std::vector<StepCost> Staircase::parts(Litres from, Litres to) const {
  check_span(from, to);
  step_of(from);
  step_of(to);
  std::vector<StepCost> parts;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Litres begin = std::max(from, steps_[i].from), end = std::min(to, steps_[i].to);
    if (begin >= end) continue;
    parts.push_back({static_cast<int>(i) + 1, begin, end, steps_[i].price, (end - begin) * steps_[i].price});
  }
  return parts;
}

StepsAt Staircase::steps_at(Litres usage) const {
  const Step& step = step_of(usage);
  const int first = static_cast<int>(&step - steps_.data()) + 1;
  const bool boundary = usage == step.to && &step != &steps_.back();
  return {first, boundary ? first + 1 : first};
}

bool Staircase::price_fits(Litres usage, Price shown) const {
  const auto [first, last] = steps_at(usage);
  return shown == steps_[first - 1].price || shown == steps_[last - 1].price;
}

Price Staircase::highest_price() const { return *std::ranges::max_element(table_.prices); }

}  // namespace meterrig::tariff
