#pragma once

#include <cstdint>

// Bits of the error word in an abnormal reply (DL/T 645-2007, ERR).
namespace meterrig::bench::dlt_error {

inline constexpr std::uint8_t other = 0x01, no_such_data = 0x02, not_authorised = 0x04, baud_rate_fixed = 0x08;

}  // namespace meterrig::bench::dlt_error
