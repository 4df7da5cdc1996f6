#pragma once

#include <memory>
#include <string>

#include "bench/instruments/dmm.hpp"

namespace meterrig::bench {

// The virtual twin of an instrument profile; null when the bench has none.
std::unique_ptr<Dmm> make_multimeter(const std::string& profile, Clock& clock, SupplyPath& path,
                                     const std::string& serial, std::uint64_t seed);

}  // namespace meterrig::bench
