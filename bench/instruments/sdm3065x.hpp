#pragma once

#include <string>

#include "bench/instruments/dmm34465a.hpp"

namespace meterrig::bench {

// Siglent SDM3065X: the commands of the 34401A family without a sample timer; NPLC of its own; a change of function and
// the reading after it take longer than three seconds.
class Sdm3065x final : public Dmm34465a {
 public:
  Sdm3065x(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);
};

}  // namespace meterrig::bench
