#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace meterrig::support {

// What three step-tariff water meters told of a year: the first settles each day, the second each month, the third four
// quarters and then the year.
struct SettlementYear {
  int settlements = 0;       // that were read and held against an own reckoning, of all three
  std::int64_t litres = 0;   // that passed
  std::int64_t charged = 0;  // 0.01 yuan
  int purchases = 0;
  std::uint64_t requests = 0;       // frames to the meters
  std::vector<std::string> faults;  // where a meter says something else than the reckoning
};

// 2027-01-01 to 2028-01-01 under the virtual clock: water each day, a purchase each month, everything said and asked in
// frames over the meters' UARTs; their clocks are never set. `defect`: of all three; empty: healthy.
SettlementYear live_a_year(const std::string& defect = "");

}  // namespace meterrig::support
