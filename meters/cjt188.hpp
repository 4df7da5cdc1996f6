#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meters/frame_scanner.hpp"

namespace meterrig::cjt188 {

using Bytes = std::vector<std::uint8_t>;
using Address = std::array<std::uint8_t, 7>;  // A0 (lowest) first, BCD

// CJ/T 188-2004 6.2.3: meter types.
inline constexpr std::uint8_t gas_meter = 0x30;
inline constexpr Address wildcard_address{0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA};

// Control codes (6.2.5). A reply sets bit 7, an abnormal reply bits 7 and 6.
namespace control {
inline constexpr std::uint8_t read_data = 0x01, read_address = 0x03, write_data = 0x04, read_key_version = 0x09,
                              write_address = 0x15, write_motor_sync = 0x16;
inline constexpr std::uint8_t reply = 0x80, abnormal = 0xC0;
}  // namespace control

// 68 T A0..A6 C L DATA CS 16
struct Frame {
  std::uint8_t type = gas_meter;
  Address address{};
  std::uint8_t control = 0;
  Bytes data;  // DI0 DI1 SER content, or SER ST0 ST1 in an abnormal reply
  bool operator==(const Frame&) const = default;
};

// With `preamble` bytes FE in front (6.3.1: 2 to 4). Throws std::length_error past 255 data bytes.
Bytes encode(const Frame& frame, int preamble = 2);

// Finds frames in a byte stream, in bounded memory.
class Scanner : public FrameScanner<CountedDataLayout<10>> {
 public:
  using FrameScanner::FrameScanner;
  std::optional<Frame> next();
};

// BCD, low byte first. Null when a nibble is not a decimal digit: an invalid field is a result, never a number.
std::optional<std::uint64_t> from_bcd(std::span<const std::uint8_t> bytes);
Bytes to_bcd(std::uint64_t value, std::size_t bytes);

// "12345678901234" (A0 first). Throws std::invalid_argument.
Address address_from_hex(const std::string& text);

}  // namespace meterrig::cjt188
