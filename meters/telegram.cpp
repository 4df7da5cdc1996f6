#include "meters/telegram.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>

namespace meterrig {
namespace {

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::vector<std::uint8_t> bytes_from_hex(std::string_view text) {
  std::vector<std::uint8_t> bytes;
  int high = -1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    const int digit = nibble(c);
    if (space && high < 0) continue;
    if (digit < 0)
      throw std::invalid_argument(
          fmt::format("character {} is \"{}\"; expected pairs of hexadecimal digits", i + 1, c));
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) throw std::invalid_argument("the last byte has one hexadecimal digit only");
  return bytes;
}

std::uint8_t byte_sum(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint8_t>(std::accumulate(bytes.begin(), bytes.end(), 0u));
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 0x0F]);
  }
  return text;
}

std::string to_hex_reversed(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> reversed(bytes.rbegin(), bytes.rend());
  return to_hex(reversed);
}

std::string decimal_text(std::int64_t digits, int decimals) {
  const bool minus = digits < 0;
  const auto magnitude = minus ? 0 - static_cast<std::uint64_t>(digits) : static_cast<std::uint64_t>(digits);
  std::string text = fmt::format("{:0{}}", magnitude, decimals + 1);
  if (decimals > 0) text.insert(text.size() - static_cast<std::size_t>(decimals), 1, '.');
  return minus ? "-" + text : text;
}

std::optional<std::string> bcd_text(std::span<const std::uint8_t> bytes, int decimals, bool is_signed) {
  std::string digits;
  bool minus = false;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    std::uint8_t byte = bytes[i];
    if (is_signed && i + 1 == bytes.size()) {
      minus = (byte & 0x80) != 0;
      byte &= 0x7F;
    }
    if (byte >> 4 > 9 || (byte & 0xF) > 9) return std::nullopt;
    digits += fmt::format("{:02X}", byte);
  }
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  const std::size_t whole = digits.size() - places;
  const std::size_t first = digits.find_first_not_of('0');
  std::string text;
  if (minus && first != std::string::npos) text += '-';
  text.append(digits, std::min(first, whole - 1), std::string::npos);
  if (places > 0) text.insert(text.size() - places, 1, '.');
  return text;
}

}  // namespace meterrig
