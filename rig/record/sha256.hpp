#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace meterrig::record {

using Digest = std::array<std::uint8_t, 32>;

// SHA-256 of the parts, one after the other.
Digest sha256(std::initializer_list<std::string_view> parts);

std::string hex(const Digest& digest);
inline std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace meterrig::record
