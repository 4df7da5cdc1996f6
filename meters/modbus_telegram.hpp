#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meters/telegram.hpp"

// Modbus as meters speak it (Application Protocol V1.1b3): functions 1 to 6, 15 and 16 and their exceptions.
namespace meterrig::modbus_telegram {

using Bytes = std::vector<std::uint8_t>;

enum class RegisterType { u16, i16, u32, i32, float32, bcd };

// How the four bytes ABCD, A the highest, travel in two registers. Each register goes high byte first, so a single
// register knows AB (abcd, cdab) and BA (badc, dcba) only.
enum class WordOrder { abcd, cdab, badc, dcba };

// 1 for u16 and i16, 2 for u32, i32 and float32; bcd takes 1 to 4.
bool takes_registers(RegisterType type, std::size_t count);

// The exact decimal with `decimals` behind the point; of a float the shortest that reads back as the same, moved by
// `decimals`. Null when the registers are no number or are not as many as the type takes.
std::optional<std::string> register_value(std::span<const std::uint16_t> registers, RegisterType type, WordOrder order,
                                          int decimals);

// The way back, into `count` registers. Throws EncodeError: bad_value, too_many_decimals or out_of_range.
std::vector<std::uint16_t> registers_of(const TelegramItem& item, RegisterType type, WordOrder order, int decimals,
                                        std::size_t count);

// `pdu`: function code and data.
namespace rtu {
Bytes encode(std::uint8_t unit, std::span<const std::uint8_t> pdu);
// Every frame in the bytes; RTU has no start byte, so a frame is what a known function's length and the CRC agree on.
std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes);
// With values a request to write or the reply to a read, otherwise the opposite. Throws EncodeError.
Bytes bytes_of(const Telegram& telegram);
}  // namespace rtu

namespace tcp {
Bytes encode(std::uint16_t transaction, std::uint8_t unit, std::span<const std::uint8_t> pdu);
std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes);
// Without a sequence, transaction 0.
Bytes bytes_of(const Telegram& telegram);
}  // namespace tcp

}  // namespace meterrig::modbus_telegram
