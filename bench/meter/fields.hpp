#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bench/meter/meter_clock.hpp"

// Fields of CJ/T 188 and DL/T 645 frames: BCD, low byte first.
namespace meterrig::bench {

using FieldBytes = std::vector<std::uint8_t>;

void append(FieldBytes& out, std::span<const std::uint8_t> bytes);
// The lowest digits that fit, as a counter shows them.
void append_bcd(FieldBytes& out, std::int64_t value, std::size_t bytes);
// Negative values set the top bit (DL/T 645-2007 annex A).
void append_signed_bcd(FieldBytes& out, std::int64_t value, std::size_t bytes);
void append_low_first(FieldBytes& out, std::uint32_t value, std::size_t bytes);
// In the order of `letters`, one byte each: s m h W D M Y, and C for the century.
void append_time(FieldBytes& out, Utc time, std::string_view letters);

std::uint32_t low_first(std::span<const std::uint8_t> bytes);
// What append_time() makes; letters that are missing have their least value, years without a century are 20YY. Null
// when the bytes are no such time or are not as many as the letters.
std::optional<Civil> civil_from(std::span<const std::uint8_t> bytes, std::string_view letters);

}  // namespace meterrig::bench
