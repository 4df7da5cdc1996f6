#pragma once

#include <string>
#include <vector>

#include "core/tariff/units.hpp"

namespace meterrig::tariff {

// A price table as a person or a meter gives it: it may be wrong, faults_of() says how. The usage of a period up to the
// first volume costs the first price, from there to the second volume the second price, above the last volume the last.
struct PriceTable {
  std::vector<std::int64_t> volumes_m3;  // whole m3, above 0 and rising; none: one price for all
  std::vector<Price> prices;             // one more than volumes, of any order

  bool operator==(const PriceTable&) const = default;
};

// A sentence for each reason why no cost can be told from this table; none when it is good.
std::vector<std::string> faults_of(const PriceTable& table);

}  // namespace meterrig::tariff
