#pragma once

#include <string>
#include <string_view>

#include "core/tariff/units.hpp"

// Decimals as people and displays write them, to the last digit and back. Digits, and at most one point between digits;
// a minus only for money. std::invalid_argument with a sentence for everything else, for a decimal finer than the unit,
// even a zero, and for what is out of range: nothing is rounded.
namespace meterrig::tariff {

Litres volume_of(std::string_view m3);             // "12.345" is 12345; to volume_max
std::int64_t step_volume_of(std::string_view m3);  // "12" is 12; to step_volume_max_m3
Price price_of(std::string_view yuan_per_m3);      // "2.07" is 207; to price_max
Cents money_of(std::string_view yuan);             // "-12.3" is -1230; twelve digits at most

std::string volume_text(Litres volume);  // "12.345", always three decimals
std::string price_text(Price price);     // "2.07", always two
std::string money_text(Cents amount);    // "-12.30", always two
std::string cost_text(Cost cost);        // "15.25797", always five

}  // namespace meterrig::tariff
