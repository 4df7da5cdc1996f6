#include "core/tariff/settlement.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "core/tariff/checked.hpp"
#include "core/tariff/decimal_text.hpp"

namespace meterrig::tariff {

Cost settlement_error(Cents balance_before, Cents balance_after, Cost cost) {
  return difference(product(difference(balance_before, balance_after), costs_per_cent), cost);
}

Zone zone_of(Cost error, Price highest_price, Litres resolution) {
  if (highest_price < 0 || resolution < 0)
    throw std::invalid_argument(fmt::format("price {} yuan/m3, resolution {} m3: expected neither below 0",
                                            price_text(highest_price), volume_text(resolution)));
  const auto within = [error](Cost limit) { return -limit < error && error < limit; };
  if (within(costs_per_cent)) return Zone::pass;
  const Cost widened = sum(costs_per_cent, product(highest_price, resolution));
  return within(widened) ? Zone::resolution_limited : Zone::fail;
}

Charge charge_of(Cost cost) {
  const Cost remainder = (cost % costs_per_cent + costs_per_cent) % costs_per_cent;
  return {cost / costs_per_cent - (cost % costs_per_cent < 0 ? 1 : 0), remainder};
}

}  // namespace meterrig::tariff
