#include "meters/cjt188.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "meters/telegram.hpp"

namespace meterrig::cjt188 {

namespace {

constexpr std::uint8_t start_byte = 0x68;
constexpr std::uint8_t preamble_byte = 0xFE;
constexpr std::size_t header_size = 11;  // 68 T A0..A6 C L
constexpr std::size_t tail_size = 2;     // CS 16

}  // namespace

Bytes encode(const Frame& frame, int preamble) {
  if (frame.data.size() > 255) throw std::length_error("a CJ/T 188 frame holds at most 255 data bytes");
  Bytes out(static_cast<std::size_t>(std::max(preamble, 0)), preamble_byte);
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  out.push_back(start_byte);
  out.push_back(frame.type);
  out.insert(out.end(), frame.address.begin(), frame.address.end());
  out.push_back(frame.control);
  out.push_back(static_cast<std::uint8_t>(frame.data.size()));
  out.insert(out.end(), frame.data.begin(), frame.data.end());
  out.push_back(byte_sum(std::span(out).subspan(static_cast<std::size_t>(begin))));
  out.push_back(frame_end_byte);
  return out;
}

std::optional<Frame> Scanner::next() {
  const auto bytes = next_bytes();
  if (bytes.empty()) return std::nullopt;
  Frame found;
  found.type = bytes[1];
  std::copy_n(bytes.begin() + 2, found.address.size(), found.address.begin());
  found.control = bytes[9];
  found.data.assign(bytes.begin() + header_size, bytes.end() - tail_size);
  return found;
}

std::optional<std::uint64_t> from_bcd(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > 9) return std::nullopt;
  std::uint64_t value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
    const unsigned high = *byte >> 4, low = *byte & 0x0F;
    if (high > 9 || low > 9) return std::nullopt;
    value = value * 100 + high * 10 + low;
  }
  return value;
}

Bytes to_bcd(std::uint64_t value, std::size_t bytes) {
  Bytes out(bytes);
  for (std::uint8_t& byte : out) {
    byte = static_cast<std::uint8_t>((value % 100 / 10) << 4 | value % 10);
    value /= 100;
  }
  return out;
}

Address address_from_hex(const std::string& text) {
  Address address{};
  if (text.size() != 2 * address.size())
    throw std::invalid_argument("a CJ/T 188 address has 14 hexadecimal digits, found \"" + text + "\"");
  Bytes bytes;
  try {
    bytes = bytes_from_hex(text);
  } catch (const std::invalid_argument&) {
    bytes.clear();
  }
  if (bytes.size() != address.size())
    throw std::invalid_argument("a CJ/T 188 address has hexadecimal digits only, found \"" + text + "\"");
  std::copy(bytes.begin(), bytes.end(), address.begin());
  return address;
}

}  // namespace meterrig::cjt188
