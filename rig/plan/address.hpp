#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/json/node.hpp"

namespace meterrig::plan {

// Where a device is reached:
//   tcp://host:port            serial:///dev/x?baud=2400&parity=even&data=8&stop=1     usbtmc:///dev/usbtmc0
//   modbus-tcp://host:port/unit     modbus-rtu:///dev/x?baud=9600&unit=3               virtual:NAME?...
struct Address {
  enum class Scheme { tcp, serial, usbtmc, modbus_tcp, modbus_rtu, virtual_member };
  Scheme scheme = Scheme::virtual_member;
  std::string text;    // as written
  std::string host;    // of tcp and modbus-tcp
  std::uint16_t port = 0;
  std::string device;  // path of serial, usbtmc and modbus-rtu
  std::string name;    // of a virtual member
  int unit = 0;        // of Modbus: 0 is the profile's own
  int baud = 9600;
  char parity = 'N';  // N, E or O
  int data_bits = 8;
  int stop_bits = 1;

  bool is_virtual() const noexcept { return scheme == Scheme::virtual_member; }
};
const char* word(Address::Scheme scheme);

// Throws UserError `found "..."; expected ...` without a place; read_address adds it.
Address parse_address(std::string_view text);
Address read_address(const json::Node& node);

}  // namespace meterrig::plan
