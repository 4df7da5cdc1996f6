#include "meters/protocols.hpp"

#include <algorithm>
#include <array>

#include "meters/cjt188_telegram.hpp"
#include "meters/dlt645.hpp"
#include "meters/mbus.hpp"
#include "meters/modbus_telegram.hpp"

namespace meterrig {
namespace {

using Bytes = std::span<const std::uint8_t>;

// 68, and behind it what only this protocol has there.
bool looks_like_dlt645(Bytes bytes) {
  for (std::size_t i = 0; i + 7 < bytes.size(); ++i)
    if (bytes[i] == 0x68 && bytes[i + 7] == 0x68) return true;
  return false;
}
bool looks_like_mbus(Bytes bytes) {
  for (std::size_t i = 0; i + 3 < bytes.size(); ++i)
    if (bytes[i] == 0x68 && bytes[i + 1] == bytes[i + 2] && bytes[i + 3] == 0x68) return true;
  return bytes.size() == 1 && bytes[0] == 0xE5;
}
bool looks_like_cjt188(Bytes bytes) { return std::find(bytes.begin(), bytes.end(), 0x68) != bytes.end(); }
bool looks_like_modbus_tcp(Bytes bytes) { return bytes.size() >= 8 && bytes[2] == 0 && bytes[3] == 0; }
bool always(Bytes) { return true; }

struct Protocol {
  const char* name;
  std::vector<Telegram> (*telegrams_in)(Bytes);
  bool (*looks_like)(Bytes);
};
// The most telling marks first.
constexpr std::array<Protocol, 5> protocols = {{
    {"dlt645", dlt645::telegrams_in, looks_like_dlt645},
    {"mbus", mbus::telegrams_in, looks_like_mbus},
    {"cjt188", cjt188::telegrams_in, looks_like_cjt188},
    {"modbus-tcp", modbus_telegram::tcp::telegrams_in, looks_like_modbus_tcp},
    {"modbus-rtu", modbus_telegram::rtu::telegrams_in, always},
}};

std::size_t bytes_read(const std::vector<Telegram>& telegrams) {
  std::size_t sum = 0;
  for (const Telegram& telegram : telegrams)
    if (telegram.valid)
      for (const ByteRange& range : telegram.bytes) sum += range.to - range.from;
  return sum;
}

}  // namespace

std::vector<std::string> protocol_names() {
  std::vector<std::string> names;
  for (const Protocol& protocol : protocols) names.emplace_back(protocol.name);
  return names;
}

std::vector<Telegram> telegrams_in(Bytes bytes, const std::string& wanted) {
  std::vector<Telegram> best;
  std::size_t most = 0;
  for (const Protocol& protocol : protocols) {
    if (!wanted.empty() && wanted != protocol.name) continue;
    std::vector<Telegram> found = protocol.telegrams_in(bytes);
    if (!wanted.empty()) return found;
    const std::size_t read = bytes_read(found);
    if (read > most || (best.empty() && protocol.looks_like(bytes))) {
      best = std::move(found);
      most = read;
    }
  }
  return best;
}

}  // namespace meterrig
