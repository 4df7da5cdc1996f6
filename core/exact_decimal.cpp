#include "core/exact_decimal.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>

namespace meterrig {
namespace {

struct Decimal {
  bool minus = false;
  std::string whole;     // no leading zeros; empty: 0
  std::string fraction;  // no trailing zeros
};

std::optional<Decimal> decimal_of(std::string_view text) {
  Decimal result;
  result.minus = text.starts_with('-');
  if (result.minus) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  result.whole = text.substr(0, point);
  result.fraction = text.substr(std::min(point + 1, text.size()));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (result.whole.empty() || !std::ranges::all_of(result.whole, is_digit) ||
      !std::ranges::all_of(result.fraction, is_digit) || (point < text.size() && result.fraction.empty()))
    return std::nullopt;
  result.whole.erase(0, std::min(result.whole.find_first_not_of('0'), result.whole.size()));
  result.fraction.erase(result.fraction.find_last_not_of('0') + 1);
  if (result.whole.empty() && result.fraction.empty()) result.minus = false;
  return result;
}

}  // namespace

std::optional<std::strong_ordering> compare_decimals(std::string_view a, std::string_view b) {
  const auto left = decimal_of(a), right = decimal_of(b);
  if (!left || !right) return std::nullopt;
  if (left->minus != right->minus) return right->minus <=> left->minus;
  auto order = left->whole.size() <=> right->whole.size();
  if (order == 0) order = left->whole <=> right->whole;
  if (order == 0) order = left->fraction <=> right->fraction;
  return left->minus ? 0 <=> order : order;
}

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
