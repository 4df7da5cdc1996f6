#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace meterrig {

// An instrument that answered on the local network, or announced itself there.
struct LanInstrument {
  std::string host;
  std::string identity;  // its *IDN?, or the name that it announces
  std::string service;   // "vxi-11", "lxi", "scpi-raw" ...; as announced
  int port = 0;          // 0: that of the service
};

// Asks by VXI-11 broadcast and, where avahi-daemon runs, by mDNS, through liblxi; takes about twice `timeout`. Blocks.
// What the computer's network does not let through is not found. Throws LinkError when liblxi is not there.
std::vector<LanInstrument> discover_lan(std::chrono::milliseconds timeout);

// A USB test and measurement class device that the kernel drives.
struct UsbInstrument {
  std::string path;  // "/dev/usbtmc0"
  std::string manufacturer;
  std::string product;
  std::string serial;
  std::string url() const { return "usbtmc://" + path; }
};

// `root`: where the kernel shows them.
std::vector<UsbInstrument> list_usb_instruments(const std::string& root = "/sys/class/usbmisc");

}  // namespace meterrig
