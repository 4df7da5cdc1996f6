#include "bench/desk/cjt_meter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "bench/desk/settings.hpp"
#include "bench/meter/fields.hpp"
#include "meters/telegram.hpp"

namespace meterrig::bench {
namespace {

namespace control = cjt188::control;
using cjt188::Bytes;

// 6.4: no pause within a frame; a computer's serial port makes short ones.
constexpr Duration frame_gap = 100ms;
constexpr std::string_view clock_letters = "smhDMYC";

template <std::size_t size>
std::array<std::uint8_t, size> block_from(const json::Node& meter, const char* key) {
  std::array<std::uint8_t, size> block{};
  const auto value = meter.optional(key);
  if (!value) return block;
  const Bytes bytes = bytes_from_hex(value->string());
  std::copy_n(bytes.begin(), std::min(size, bytes.size()), block.begin());
  return block;
}

cjt188::Address address_of(const json::Node& meter) {
  auto address = block_from<std::tuple_size_v<cjt188::Address>>(meter, "address");
  std::reverse(address.begin(), address.end());
  return address;
}

std::uint8_t type_of(const json::Node& meter, const char* key, std::uint8_t otherwise) {
  return meter.has(key) ? block_from<1>(meter, key)[0] : otherwise;
}

cjt188::Security security_of(const json::Node& meter) {
  cjt188::Security security;
  security.key = block_from<std::tuple_size_v<cjt188::Block>>(meter, "key");
  security.initial_vector = block_from<std::tuple_size_v<cjt188::Block>>(meter, "initial_vector");
  security.padding = cjt188::padding_of(meter.string_or("padding", "bit_one"));
  security.covered = cjt188::covered_of(meter.string_or("covered", "data_field"));
  return security;
}

CjtSlave::Settings settings_of(const json::Node& meter, std::uint8_t usual_type) {
  CjtSlave::Settings settings;
  settings.type = type_of(meter, "meter_type", usual_type);
  settings.reply_type = type_of(meter, "reply_type", settings.type);
  settings.address = address_of(meter);
  settings.low_first = low_byte_first(meter);
  settings.echoes_sequence = meter.string_or("sequence", "echoed") == "echoed";
  const std::string sealing = meter.string_or("security", "none");
  if (sealing == "offered") settings.sealing = CjtSlave::Sealing::offered;
  if (sealing == "required") settings.sealing = CjtSlave::Sealing::required;
  settings.security = security_of(meter);
  return settings;
}

}  // namespace

CjtMeter::CjtMeter(Clock& clock, const json::Node& meter, std::uint8_t type)
    : SerialMeter(clock, LineTiming::serial(2400), delay_of(meter, 25), frame_gap),
      CjtSlave(settings_of(meter, type)),
      model_(clock, meter),
      preamble_(static_cast<int>(meter.integer_or("preamble", 2))) {}

std::optional<Bytes> CjtMeter::answer(const cjt188::Frame& request) {
  const auto reply = answer_to(request);
  return reply ? std::optional(cjt188::encode(*reply, preamble_)) : std::nullopt;
}

// Money, valve, base value and keys.
bool CjtMeter::is_sensitive(unsigned identifier) const {
  return identifier == 0xA010 || identifier == 0xA013 || identifier == 0xA014 || identifier == 0xA016 ||
         identifier == 0xA017 || identifier == 0xA107;
}

bool CjtMeter::serve(std::uint8_t function, unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) {
  switch (function) {
    case control::read_data:
      return content.empty() && (read_common(identifier, out) || read_item(identifier, out));
    case control::read_address:
      return identifier == 0x810A && content.empty();
    case control::write_data:
      return write_common(identifier, content, out) || write_item(identifier, content, out);
    case control::read_key_version:
      if (identifier != 0x8106 || !content.empty()) return false;
      append_bcd(out, key_version_, 1);
      return true;
    case control::write_address:
      return identifier == 0xA018 && write_address(content);
    case control::write_motor_sync:
      return identifier == 0xA016 && write_base(content, out);
    default:
      return false;
  }
}

bool CjtMeter::read_common(unsigned identifier, Bytes& out) {
  switch (identifier) {
    case 0x8103:
      append_bcd(out, model_.settlement_day(), 1);
      return true;
    case 0x8104:
      append_bcd(out, reading_day_, 1);
      return true;
    case 0x907F:
      append_time(out, model_.time(), clock_letters);
      return true;
    default:
      return false;
  }
}

bool CjtMeter::write_common(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) {
  switch (identifier) {
    case 0xA011:
    case 0xA012:
      return write_day(identifier, content);
    case 0xA014:
    case 0xA107:
      return write_key(content, out);
    case 0xA015:
      return write_clock(content);
    case 0xA019:
      // One time only.
      return content.empty() && !std::exchange(factory_enabled_, true);
    default:
      return false;
  }
}

// Days 29 to 31 are missing from some months (CJ/T 484 table 1).
bool CjtMeter::write_day(unsigned identifier, std::span<const std::uint8_t> content) {
  const auto day = content.size() == 1 ? cjt188::from_bcd(content) : std::nullopt;
  if (!day || *day < 1 || *day > 28) return false;
  if (identifier == 0xA011)
    model_.set_settlement_day(static_cast<unsigned>(*day));
  else
    reading_day_ = static_cast<unsigned>(*day);
  return true;
}

bool CjtMeter::write_clock(std::span<const std::uint8_t> content) {
  const auto time = civil_from(content, clock_letters);
  if (!time) return false;
  model_.set_time(*time_of(*time));
  return true;
}

// Version and key: 16 bytes for SM4. The 8 bytes of the 2004 edition are for a cipher that this meter doesn't have.
bool CjtMeter::write_key(std::span<const std::uint8_t> content, Bytes& out) {
  cjt188::Block& key = settings().security.key;
  if (settings().sealing == Sealing::none || content.size() != 1 + key.size()) return false;
  const auto version = cjt188::from_bcd(content.first(1));
  if (!version) return false;
  key_version_ = static_cast<std::uint8_t>(*version);
  std::copy(content.begin() + 1, content.end(), key.begin());
  append_bcd(out, key_version_, 1);
  return true;
}

bool CjtMeter::write_address(std::span<const std::uint8_t> content) {
  cjt188::Address& address = settings().address;
  if (factory_enabled_ || content.size() != address.size() || !cjt188::from_bcd(content)) return false;
  std::copy(content.begin(), content.end(), address.begin());
  return true;
}

}  // namespace meterrig::bench
