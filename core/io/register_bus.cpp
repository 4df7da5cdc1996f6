#include "core/io/register_bus.hpp"

#include <fmt/format.h>

namespace meterrig {
namespace {

// Modbus Application Protocol V1.1b3, section 7.
const char* meaning(int code) {
  switch (code) {
    case 1:
      return "illegal function";
    case 2:
      return "illegal data address";
    case 3:
      return "illegal data value";
    case 4:
      return "server device failure";
    case 5:
      return "acknowledge";
    case 6:
      return "server device busy";
    case 8:
      return "memory parity error";
    case 10:
      return "gateway path unavailable";
    case 11:
      return "gateway target device failed to respond";
    default:
      return "unknown exception";
  }
}

}  // namespace

ModbusException::ModbusException(int code, Exchange exchange)
    : InstrumentError(
          fmt::format("{} refused {}: exception {:02}, {}", exchange.of, exchange.asked, code, meaning(code)),
          exchange),
      code_(code) {}

}  // namespace meterrig
