#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meterrig {

enum class Parity { none, even, odd };

// The settings of a serial line. `dtr`, `rts`: left as the driver sets them when absent.
struct SerialLine {
  int baud = 9600;
  int data_bits = 8;
  Parity parity = Parity::none;
  int stop_bits = 1;
  std::optional<bool> dtr;
  std::optional<bool> rts;
  bool operator==(const SerialLine&) const = default;
};

// An address as users write it:
//   tcp://host:port            serial:///dev/ttyUSB0?baud=2400&parity=even&data=8&stop=1&dtr=1&rts=0
//   usbtmc:///dev/usbtmc0      modbus-tcp://host:502/3      modbus-rtu:///dev/ttyUSB1?baud=9600&unit=3
//   vxi11://host/inst0         (the device's name is inst0 when it is left out)
//   virtual:NAME?key=value     (a member of the rig file's own bench)
struct Url {
  enum class Scheme { tcp, serial, usbtmc, vxi11, modbus_tcp, modbus_rtu, virtual_member };

  Scheme scheme = Scheme::tcp;
  std::string host;         // tcp, vxi11, modbus-tcp; an IPv6 address without its brackets
  std::uint16_t port = 0;   // tcp, modbus-tcp
  std::string path;         // the device's path, or its name behind vxi11; the name of a virtual member
  std::optional<int> unit;  // modbus-tcp, modbus-rtu: 0 to 255
  std::vector<std::pair<std::string, std::string>> options;  // what follows "?", in the order written

  // Throws UserError that says what is wrong and what would be right.
  static Url parse(std::string_view text);
  // parse(url.text()) == url.
  std::string text() const;
  const std::string* option(std::string_view key) const noexcept;
  // serial, modbus-rtu: the line that the options describe.
  SerialLine line() const;
  bool operator==(const Url&) const = default;
};

}  // namespace meterrig
