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
constexpr std::size_t identifier_size = 3;  // DI0 DI1 SER
constexpr std::uint8_t any_type = 0xAA;
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

bool always_plain(unsigned identifier) {
  return identifier == 0x8106 || identifier == 0x810A || identifier == 0xA018 || identifier == 0xA019;
}

// Money, valve, base value and keys.
bool sensitive(unsigned identifier) {
  return identifier == 0xA010 || identifier == 0xA013 || identifier == 0xA014 || identifier == 0xA016 ||
         identifier == 0xA017 || identifier == 0xA107;
}

}  // namespace

CjtMeter::CjtMeter(Clock& clock, const json::Node& meter, std::uint8_t type)
    : SerialMeter(clock, LineTiming::serial(2400), delay_of(meter, 25), frame_gap),
      model_(clock, meter),
      type_(type_of(meter, "meter_type", type)),
      reply_type_(type_of(meter, "reply_type", type_)),
      address_(address_of(meter)),
      low_first_(low_byte_first(meter)),
      echoes_sequence_(meter.string_or("sequence", "echoed") == "echoed"),
      preamble_(static_cast<int>(meter.integer_or("preamble", 2))),
      sealing_(Sealing::none),
      security_(security_of(meter)) {
  const std::string sealing = meter.string_or("security", "none");
  if (sealing == "offered") sealing_ = Sealing::offered;
  if (sealing == "required") sealing_ = Sealing::required;
}

void CjtMeter::append_status(Bytes& out) const { append_low_first(out, status(), 2); }

bool CjtMeter::addressed(const cjt188::Frame& request) const {
  if (request.type != type_ && request.type != reply_type_ && request.type != any_type) return false;
  if ((request.control & control::reply) != 0) return false;
  return request.address == address_ || request.address == cjt188::wildcard_address;
}

// A request that is enciphered has whole blocks behind what stays plain; a plain price table (A010) may have as well.
bool CjtMeter::looks_sealed(const cjt188::Frame& request) const {
  constexpr std::size_t block = std::tuple_size_v<cjt188::Block>;
  const std::size_t front = security_.covered == cjt188::Covered::content ? identifier_size : 0;
  if (sealing_ == Sealing::none || request.data.size() <= front) return false;
  if ((request.data.size() - front) % block != 0) return false;
  return front == 0 || identifier_of(request.data) != 0xA010 || cjt188::open(request, security_).error.empty();
}

unsigned CjtMeter::identifier_of(const Bytes& data) const {
  return low_first_ ? static_cast<unsigned>(data[1]) << 8 | data[0] : static_cast<unsigned>(data[0]) << 8 | data[1];
}

std::optional<Bytes> CjtMeter::answer(const cjt188::Frame& request) {
  if (!addressed(request)) return std::nullopt;
  if (!looks_sealed(request)) return execute(request, false);
  const cjt188::Opened opened = cjt188::open(request, security_, last_sequence_);
  if (!opened.error.empty()) return std::nullopt;
  last_sequence_ = opened.plain.data[2];
  return execute(opened.plain, true);
}

std::optional<Bytes> CjtMeter::execute(const cjt188::Frame& plain, bool was_sealed) {
  if (plain.data.size() < identifier_size) return std::nullopt;
  const unsigned identifier = identifier_of(plain.data);
  const bool allowed = was_sealed ? !always_plain(identifier) : sealing_ != Sealing::required || !sensitive(identifier);
  const cjt188::Security key_of_request = security_;  // a new key holds from the next message on
  Bytes data(plain.data.begin(), plain.data.begin() + identifier_size);
  if (!echoes_sequence_) data[2] = 0;
  const std::uint8_t sequence = data[2];
  const bool good = allowed && serve(plain.control, identifier, std::span(plain.data).subspan(identifier_size), data);
  // The reply to a new address already comes from it (A018).
  cjt188::Frame reply{reply_type_, address_, static_cast<std::uint8_t>(plain.control | control::reply),
                      std::move(data)};
  if (!good) {
    // 8.1.3: SER and ST, no identifier.
    reply.control = static_cast<std::uint8_t>(plain.control | control::abnormal);
    reply.data = {sequence};
    append_status(reply.data);
  } else if (was_sealed) {
    reply = cjt188::seal(reply, key_of_request);
  }
  return cjt188::encode(reply, preamble_);
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
  if (sealing_ == Sealing::none || content.size() != 1 + security_.key.size()) return false;
  const auto version = cjt188::from_bcd(content.first(1));
  if (!version) return false;
  key_version_ = static_cast<std::uint8_t>(*version);
  std::copy(content.begin() + 1, content.end(), security_.key.begin());
  append_bcd(out, key_version_, 1);
  return true;
}

bool CjtMeter::write_address(std::span<const std::uint8_t> content) {
  if (factory_enabled_ || content.size() != address_.size() || !cjt188::from_bcd(content)) return false;
  std::copy(content.begin(), content.end(), address_.begin());
  return true;
}

}  // namespace meterrig::bench
