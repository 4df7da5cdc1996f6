#include "core/io/modbus_crc.hpp"

#include <array>

namespace meterrig::modbus {
namespace {

constexpr std::array<std::uint16_t, 256> make_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < 256; ++i) {
    unsigned value = i;
    for (int bit = 0; bit < 8; ++bit) value = value & 1 ? (value >> 1) ^ 0xA001u : value >> 1;
    table[i] = static_cast<std::uint16_t>(value);
  }
  return table;
}
constexpr auto crc_table = make_table();

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> bytes) noexcept {
  unsigned crc = 0xFFFF;
  for (const std::uint8_t byte : bytes) crc = crc >> 8 ^ crc_table[(crc ^ byte) & 0xFF];
  return static_cast<std::uint16_t>(crc);
}

}  // namespace meterrig::modbus
