#pragma once

#include <optional>
#include <string>
#include <vector>

namespace meterrig {

// A serial port of this computer, with what its USB adapter says of itself.
struct SerialPortInfo {
  std::string path;  // "/dev/ttyUSB0"
  std::string description;
  std::optional<int> usb_vendor;
  std::optional<int> usb_product;
  std::string usb_serial;
  // "serial:///dev/ttyUSB0"
  std::string url() const { return "serial://" + path; }
};

// All there are, by path. Pseudo-terminals are not among them. Throws LinkError when the system does not say.
std::vector<SerialPortInfo> list_serial_ports();

}  // namespace meterrig
