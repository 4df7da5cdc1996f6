#pragma once

#include <cstdint>
#include <span>

namespace meterrig::modbus {

// The CRC of RTU frames (Modbus over Serial Line V1.02, 6.2); sent low byte first.
std::uint16_t crc16(std::span<const std::uint8_t> bytes) noexcept;

}  // namespace meterrig::modbus
