#include <algorithm>
#include <utility>

#include "meters/exact_decimal.hpp"
#include "meters/modbus_telegram.hpp"

namespace meterrig::modbus_telegram {
namespace {

constexpr std::size_t most_bcd_registers = 4;

// Highest byte first.
Bytes in_order(std::span<const std::uint16_t> registers, WordOrder order) {
  Bytes bytes;
  for (const std::uint16_t word : registers) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word));
  }
  const bool low_word_first = order == WordOrder::cdab || order == WordOrder::dcba;
  const bool low_byte_first = order == WordOrder::badc || order == WordOrder::dcba;
  // To reverse all bytes swaps the words, and the bytes within each.
  if (low_word_first) std::reverse(bytes.begin(), bytes.end());
  if (low_word_first != low_byte_first)
    for (std::size_t i = 0; i < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
  return bytes;
}

}  // namespace

bool takes_registers(RegisterType type, std::size_t count) {
  switch (type) {
    case RegisterType::u16:
    case RegisterType::i16:
      return count == 1;
    case RegisterType::bcd:
      return count >= 1 && count <= most_bcd_registers;
    default:
      return count == 2;
  }
}

std::optional<std::string> register_value(std::span<const std::uint16_t> registers, RegisterType type, WordOrder order,
                                          int decimals) {
  if (!takes_registers(type, registers.size())) return std::nullopt;
  Bytes bytes = in_order(registers, order);
  if (type == RegisterType::bcd) {
    std::reverse(bytes.begin(), bytes.end());
    const auto text = bcd_text(bytes, 0);
    return text ? std::optional(scaled_text(*text, -decimals)) : std::nullopt;
  }
  std::uint32_t bits = 0;
  for (const std::uint8_t byte : bytes) bits = bits << 8 | byte;
  if (type == RegisterType::float32) return float32_text(bits, -decimals);
  std::int64_t value = bits;
  if (type == RegisterType::i16) value = static_cast<std::int16_t>(bits);
  if (type == RegisterType::i32) value = static_cast<std::int32_t>(bits);
  return scaled_text(std::to_string(value), -decimals);
}

}  // namespace meterrig::modbus_telegram
