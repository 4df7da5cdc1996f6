#pragma once

#include "core/tariff/account.hpp"

// The price tables of the worked examples: whole steps with easy prices, and prices no cent divides.
namespace meterrig::tariff {

inline const PriceTable table_a{{10, 20}, {250, 375, 750}};
inline const PriceTable table_b{{1, 2}, {207, 414, 621}};

}  // namespace meterrig::tariff
