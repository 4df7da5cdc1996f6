#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Decimals as text, for values that fit no integer type and for floats: nothing is rounded on the way.
namespace meterrig {

// "-1234" and -2 give "-12.34"; 2 gives "-123400".
std::string scaled_text(const std::string& integer, int exponent);

// The shortest decimal that reads back as this IEEE 754 single, times 10^exponent, without an exponent of its own.
// Null for infinities and what is not a number.
std::optional<std::string> float32_text(std::uint32_t bits, int exponent = 0);

// Which of two decimals is the larger, to the last digit: "-0.5" < "0.10" == "0.1". Digits with at most one point, a
// minus before them; none when one of them is something else.
std::optional<std::strong_ordering> compare_decimals(std::string_view a, std::string_view b);

}  // namespace meterrig
