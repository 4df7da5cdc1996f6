#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace meterrig::record {

// GB/T 8170-2008: a number to so many decimals, half to even, from its shortest decimal form and in one step. `up`:
// away from zero instead, as uncertainties are.
std::string rounded(double value, int decimals, bool up = false);

// At most two significant digits, rounded up: an uncertainty is not made smaller by printing it.
std::string uncertainty_text(double expanded_uncertainty);

// The value of a measurement as it is printed: to the last digit of its uncertainty. More digits where fewer would put
// it on another side of its limit, which was held against the full value. Values without uncertainty as they stand.
std::string value_text(const nlohmann::json& measurement);

}  // namespace meterrig::record
