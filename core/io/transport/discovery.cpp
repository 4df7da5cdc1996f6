#include "core/io/transport/discovery.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/io/transport/lxi_library.hpp"

namespace meterrig {
namespace {

namespace fs = std::filesystem;

constexpr const char* avahi_socket = "/run/avahi-daemon/socket";

// liblxi calls back without a word of whose call it was.
thread_local std::vector<LanInstrument>* found_now = nullptr;

std::string text(const char* words) { return words ? words : ""; }

void add(LanInstrument instrument) {
  const auto same = [&](const LanInstrument& other) {
    return other.host == instrument.host && other.port == instrument.port && other.service == instrument.service;
  };
  if (std::none_of(found_now->begin(), found_now->end(), same)) found_now->push_back(std::move(instrument));
}

std::string line_of(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

}  // namespace

std::vector<LanInstrument> discover_lan(std::chrono::milliseconds timeout) {
  std::vector<LanInstrument> found;
  found_now = &found;
  lxi_info_t calls{};
  calls.broadcast = [](const char*, const char*) {};
  calls.device = [](const char* address, const char* id) { add({text(address), text(id), "vxi-11", 0}); };
  calls.service = [](const char* address, const char* id, const char* service, int port) {
    add({text(address), text(id), text(service), port});
  };
  const int limit = static_cast<int>(timeout.count());
  const Lxi& lxi = Lxi::get("discovery");
  lxi.discover(&calls, limit, DISCOVER_VXI11);
  // Without the daemon liblxi complains on the terminal and finds nothing.
  if (fs::exists(avahi_socket)) lxi.discover(&calls, limit, DISCOVER_MDNS);
  found_now = nullptr;
  return found;
}

std::vector<UsbInstrument> list_usb_instruments(const std::string& root) {
  std::vector<UsbInstrument> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("usbtmc")) continue;
    // The class device's own is the interface; its parent is the instrument.
    const fs::path device = fs::weakly_canonical(entry.path() / "device", error).parent_path();
    found.push_back(
        {"/dev/" + name, line_of(device / "manufacturer"), line_of(device / "product"), line_of(device / "serial")});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

}  // namespace meterrig
