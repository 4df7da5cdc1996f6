#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/exact_decimal.hpp"
#include "meters/encoding.hpp"
#include "meters/modbus_telegram.hpp"

namespace meterrig::modbus_telegram {
namespace {

constexpr std::size_t most_bcd_registers = 4;

// From highest byte first to the order on the line, or back.
void rearrange(Bytes& bytes, WordOrder order) {
  const bool low_word_first = order == WordOrder::cdab || order == WordOrder::dcba;
  const bool low_byte_first = order == WordOrder::badc || order == WordOrder::dcba;
  // To reverse all bytes swaps the words, and the bytes within each.
  if (low_word_first) std::reverse(bytes.begin(), bytes.end());
  if (low_word_first != low_byte_first)
    for (std::size_t i = 0; i < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
}

// Highest byte first.
Bytes in_order(std::span<const std::uint16_t> registers, WordOrder order) {
  Bytes bytes;
  for (const std::uint16_t word : registers) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word));
  }
  rearrange(bytes, order);
  return bytes;
}

std::uint32_t bits_of(const TelegramItem& item, RegisterType type, int decimals) {
  using Limits16 = std::numeric_limits<std::int16_t>;
  using Limits32 = std::numeric_limits<std::int32_t>;
  switch (type) {
    case RegisterType::u16:
      return static_cast<std::uint32_t>(integer_in(item, 0, std::numeric_limits<std::uint16_t>::max(), decimals));
    case RegisterType::i16:
      return static_cast<std::uint32_t>(integer_in(item, Limits16::min(), Limits16::max(), decimals));
    case RegisterType::u32:
      return static_cast<std::uint32_t>(integer_in(item, 0, std::numeric_limits<std::uint32_t>::max(), decimals));
    case RegisterType::i32:
      return static_cast<std::uint32_t>(integer_in(item, Limits32::min(), Limits32::max(), decimals));
    default:
      return float32_bits(item, -decimals);
  }
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

std::vector<std::uint16_t> registers_of(const TelegramItem& item, RegisterType type, WordOrder order, int decimals,
                                        std::size_t count) {
  if (!takes_registers(type, count))
    throw EncodeError(EncodeFault::not_encodable, fmt::format("this type doesn't take {} registers", count));
  Bytes bytes;
  if (type == RegisterType::bcd) {
    bytes = bcd_bytes(item, decimals, 2 * count);
  } else {
    const std::uint32_t bits = bits_of(item, type, decimals);
    for (std::size_t i = 0; i < 2 * count; ++i) bytes.push_back(static_cast<std::uint8_t>(bits >> 8 * i));
  }
  std::reverse(bytes.begin(), bytes.end());
  rearrange(bytes, order);
  std::vector<std::uint16_t> registers;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    registers.push_back(static_cast<std::uint16_t>(bytes[i] << 8 | bytes[i + 1]));
  return registers;
}

}  // namespace meterrig::modbus_telegram
