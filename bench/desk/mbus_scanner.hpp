#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "meters/mbus.hpp"

namespace meterrig::bench {

// Finds what a master asks in the bytes of an M-Bus line, in bounded memory.
class MbusScanner {
 public:
  void feed(std::span<const std::uint8_t> bytes);
  std::optional<mbus::Frame> next();
  void clear() { buffer_.clear(); }

 private:
  mbus::Bytes buffer_;
};

}  // namespace meterrig::bench
