#include "core/io/transport/serial_ports.hpp"

#include <libserialport.h>

#include <algorithm>
#include <memory>

#include "core/errors.hpp"

namespace meterrig {
namespace {

std::string text(const char* words) { return words ? words : ""; }

}  // namespace

std::vector<SerialPortInfo> list_serial_ports() {
  sp_port** found = nullptr;
  if (sp_list_ports(&found) != SP_OK)
    throw LinkError("the system's serial ports can't be listed", {"serial", "list", "", {}});
  const std::unique_ptr<sp_port*, decltype(&sp_free_port_list)> keep(found, &sp_free_port_list);
  std::vector<SerialPortInfo> ports;
  for (sp_port** port = found; *port; ++port) {
    SerialPortInfo info;
    info.path = text(sp_get_port_name(*port));
    info.description = text(sp_get_port_description(*port));
    int vendor = 0;
    int product = 0;
    if (sp_get_port_transport(*port) == SP_TRANSPORT_USB &&
        sp_get_port_usb_vid_pid(*port, &vendor, &product) == SP_OK) {
      info.usb_vendor = vendor;
      info.usb_product = product;
      info.usb_serial = text(sp_get_port_usb_serial(*port));
    }
    ports.push_back(std::move(info));
  }
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return ports;
}

}  // namespace meterrig
