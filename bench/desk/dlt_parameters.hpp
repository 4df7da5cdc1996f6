#pragma once

#include <cstdint>
#include <map>
#include <span>

#include "bench/meter/fields.hpp"

namespace meterrig::bench {

// DL/T 645-2007 A.5: what a meter comes with, by identifier, low byte first.
std::map<std::uint32_t, FieldBytes> dlt_parameters();
// Of those, what may be written, with password and operator (14H).
bool dlt_writable(std::uint32_t identifier);
// All digits decimal, or a text.
bool dlt_fits(std::uint32_t identifier, std::span<const std::uint8_t> value);

inline constexpr std::uint32_t dlt_baud_rate = 0x04000703, dlt_settlement_day = 0x04000B01;

}  // namespace meterrig::bench
