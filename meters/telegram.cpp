#include "meters/telegram.hpp"

#include <algorithm>
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

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02X}", byte);
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
  if (decimals > 0) text.insert(text.size() - static_cast<std::size_t>(decimals), ".");
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
  const auto whole =
      digits.size() > static_cast<std::size_t>(decimals) ? digits.size() - static_cast<std::size_t>(decimals) : 0;
  std::string front = digits.substr(0, whole), back = digits.substr(whole);
  back.insert(0, static_cast<std::size_t>(decimals) - back.size(), '0');
  front.erase(0, std::min(front.find_first_not_of('0'), front.empty() ? 0 : front.size() - 1));
  if (front.empty()) front = "0";
  const bool zero = front == "0" && back.find_first_not_of('0') == std::string::npos;
  std::string text = decimals > 0 ? front + "." + back : front;
  return minus && !zero ? "-" + text : text;
}

}  // namespace meterrig
