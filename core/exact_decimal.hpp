#pragma once

#include <cstdint>
#include <optional>
#include <string>

// Decimals as text, for values that fit no integer type and for floats: nothing is rounded on the way.
namespace meterrig {

// "-1234" and -2 give "-12.34"; 2 gives "-123400".
std::string scaled_text(const std::string& integer, int exponent);

// The shortest decimal that reads back as this IEEE 754 single, times 10^exponent, without an exponent of its own.
// Null for infinities and what is not a number.
std::optional<std::string> float32_text(std::uint32_t bits, int exponent = 0);

}  // namespace meterrig
