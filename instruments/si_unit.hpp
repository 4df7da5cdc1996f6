#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace meterrig {

// A unit reduced to base units: value in base units = value * factor + offset.
struct SiUnit {
  std::string dimension;  // "A", "V", "Pa", "K", "m3", "m3.s-1", "1"
  double factor = 1;
  double offset = 0;  // of the Celsius scale; differences have none
};

// As D-SI writes units, in the manner of siunitx: `\milli\ampere`, `\litre\per\hour`, `\metre\tothe{3}`. None for what
// it does not know.
std::optional<SiUnit> siunitx_unit(std::string_view text);
// The UCUM units of instrument profiles: `A`, `V`, `Pa`, `kPa`, `Cel`, `K`, `L/h`, `m3` ...
std::optional<SiUnit> ucum_unit(std::string_view text);

}  // namespace meterrig
