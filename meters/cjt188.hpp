#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

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

// Finds frames in a byte stream: by position and length, resynchronising by one byte, in bounded memory. A start byte
// in noise does not hold up the whole frame that follows it.
class Scanner {
 public:
  void feed(std::span<const std::uint8_t> bytes);
  std::optional<Frame> next();
  void clear() { *this = {}; }
  // Counted since the last clear(): frames dropped for a bad checksum or end byte.
  unsigned bad_checksums() const { return bad_checksums_; }
  unsigned bad_formats() const { return bad_formats_; }

 private:
  Bytes buffer_;
  unsigned bad_checksums_ = 0;
  unsigned bad_formats_ = 0;
};

// BCD, low byte first. Null when a nibble is not a decimal digit: an invalid field is a result, never a number.
std::optional<std::uint64_t> from_bcd(std::span<const std::uint8_t> bytes);
Bytes to_bcd(std::uint64_t value, std::size_t bytes);

std::string hex(std::span<const std::uint8_t> bytes);
// "12345678901234" (A0 first). Throws std::invalid_argument.
Address address_from_hex(const std::string& text);

}  // namespace meterrig::cjt188
