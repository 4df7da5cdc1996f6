#include "meters/protocols.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/cjt188_telegram.hpp"
#include "meters/dlt645.hpp"
#include "meters/encoding.hpp"
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

template <auto bytes_of>
std::vector<std::uint8_t> without_choice(const Telegram& telegram, NumberCoding /*numbers*/) {
  return bytes_of(telegram);
}

struct Protocol {
  const char* name;
  std::vector<Telegram> (*telegrams_in)(Bytes);
  std::vector<std::uint8_t> (*bytes_of)(const Telegram&, NumberCoding);
  bool (*looks_like)(Bytes);
};
// The most telling marks first.
constexpr std::array<Protocol, 5> protocols = {{
    {"dlt645", dlt645::telegrams_in, without_choice<dlt645::bytes_of>, looks_like_dlt645},
    {"mbus", mbus::telegrams_in, mbus::bytes_of, looks_like_mbus},
    {"cjt188", cjt188::telegrams_in, without_choice<cjt188::bytes_of>, looks_like_cjt188},
    {"modbus-tcp", modbus_telegram::tcp::telegrams_in, without_choice<modbus_telegram::tcp::bytes_of>,
     looks_like_modbus_tcp},
    {"modbus-rtu", modbus_telegram::rtu::telegrams_in, without_choice<modbus_telegram::rtu::bytes_of>, always},
}};

std::size_t bytes_read(const std::vector<Telegram>& telegrams) {
  std::size_t sum = 0;
  for (const Telegram& telegram : telegrams)
    if (telegram.valid)
      for (const ByteRange& range : telegram.bytes) sum += range.to - range.from;
  return sum;
}

// Items and status names that don't come back have no place in such a frame.
void expect_back(const Telegram& asked, const std::vector<std::uint8_t>& bytes, const Protocol& protocol) {
  const Telegram read = protocol.telegrams_in(bytes).front();
  if (!read.valid) throw EncodeError(EncodeFault::not_encodable, "the frame would be invalid: " + read.explanation);
  ItemSource items(read.items);
  for (const TelegramItem& item : asked.items)
    if (items.take_if(item.name) == nullptr)
      throw EncodeError(EncodeFault::not_encodable,
                        fmt::format("item {} needs others that are missing", json::in_quotes(item.name)));
  for (const std::string& name : asked.status)
    if (std::find(read.status.begin(), read.status.end(), name) == read.status.end())
      throw EncodeError(EncodeFault::unknown_item,
                        fmt::format("status {} has no place in this frame", json::in_quotes(name)));
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

std::vector<std::uint8_t> bytes_of(const Telegram& telegram, NumberCoding numbers) {
  const auto* protocol = std::find_if(protocols.begin(), protocols.end(),
                                      [&](const Protocol& each) { return each.name == telegram.protocol; });
  if (protocol == protocols.end())
    throw EncodeError(EncodeFault::not_encodable,
                      fmt::format("protocol {} is not known{}", json::in_quotes(telegram.protocol),
                                  json::did_you_mean(telegram.protocol, protocol_names())));
  try {
    const auto bytes = protocol->bytes_of(telegram, numbers);
    expect_back(telegram, bytes, *protocol);
    return bytes;
  } catch (const EncodeError&) {
    throw;
  } catch (const std::logic_error& refused) {  // too long for a frame, no secondary address, too many DIFEs
    throw EncodeError(EncodeFault::not_encodable, refused.what());
  }
}

}  // namespace meterrig
