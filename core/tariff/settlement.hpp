#pragma once

#include "core/tariff/units.hpp"

namespace meterrig::tariff {

// CJ/T 484 annex A, formula A.1: E = (Ms - Mep) - cost, in 1e-5 yuan. Balances as the meter shows them; purchases in
// between belong to Ms. Above 0 the meter charged too much. Tell it of balances of 0 or more, as annex A has it: across
// zero a display that truncates may be 0.02 yuan off. std::invalid_argument when it does not fit a Cost.
Cost settlement_error(Cents balance_before, Cents balance_after, Cost cost);

enum class Zone { pass, resolution_limited, fail };

// Annex A prints no limit. Clause 5.4.8.2 settles in 0.01 yuan and keeps what is below, so any consistent rule of
// display gives |E| < 0.01 yuan, strictly, over a chain of any length. A volume that is known only to `resolution`
// litres leaves up to highest_price x resolution more open: neither pass nor fail. std::invalid_argument for a negative
// price or resolution, or one that does not fit a Cost.
Zone zone_of(Cost error, Price highest_price = 0, Litres resolution = 0);

// What a meter has charged that charges whole cents as water passes: the rest waits for the next cent.
struct Charge {
  Cents whole;     // rounded down
  Cost remainder;  // 0 to costs_per_cent - 1

  bool operator==(const Charge&) const = default;
};
Charge charge_of(Cost cost);

}  // namespace meterrig::tariff
