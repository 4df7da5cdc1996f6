#include "core/exact_decimal.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace meterrig {

std::string scaled_text(const std::string& integer, int exponent) {
  const bool minus = integer.starts_with('-');
  std::string digits = integer.substr(minus ? 1 : 0);
  const bool zero = digits.find_first_not_of('0') == std::string::npos;
  if (exponent > 0 && !zero) digits.append(static_cast<std::size_t>(exponent), '0');
  if (exponent < 0) {
    const auto decimals = static_cast<std::size_t>(-exponent);
    if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
    digits.insert(digits.size() - decimals, 1, '.');
  }
  return minus && !zero ? "-" + digits : digits;
}

std::optional<std::string> float32_text(std::uint32_t bits, int exponent) {
  const auto value = std::bit_cast<float>(bits);
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 32> buffer{};
  const auto written =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  const std::string text(buffer.data(), written.ptr);
  const std::size_t mark = text.find('e');
  std::string digits = text.substr(0, mark);
  int power = 0;
  const std::size_t sign = mark + (text[mark + 1] == '+' ? 2 : 1);  // from_chars takes no plus
  std::from_chars(text.data() + sign, text.data() + text.size(), power);
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    power -= static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  return scaled_text(digits, power + exponent);
}

}  // namespace meterrig
