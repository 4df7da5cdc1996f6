#include "meters/cjt188_telegram.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "meters/cjt188.hpp"
#include "meters/cjt188_items.hpp"

namespace meterrig::cjt188 {
namespace {

constexpr std::uint8_t start_byte = 0x68, end_byte = 0x16, preamble_byte = 0xFE, wildcard = 0xAA;
constexpr std::size_t header_size = 11;     // 68 T A0..A6 C L
constexpr std::size_t tail_size = 2;        // CS 16
constexpr std::size_t identifier_size = 3;  // DI0 DI1 SER
constexpr std::size_t abnormal_size = 3;    // SER ST0 ST1
constexpr std::size_t read_limit = 0x64;    // 6.2.6
constexpr std::size_t write_limit = 0x32;   // 6.2.6
constexpr std::uint8_t function_bits = 0x3F, vendor_function = 0x20;

// A frame in the input whose data field is taken to have `data_size` bytes.
struct Place {
  std::span<const std::uint8_t> input;
  std::size_t start = 0;
  std::size_t data_size = 0;

  std::uint8_t at(std::size_t offset) const { return input[start + offset]; }
  bool has_header() const { return input.size() - start >= header_size; }
  bool is_whole() const { return input.size() - start >= header_size + data_size + tail_size; }
  std::size_t checksum_at() const { return start + header_size + data_size; }
  std::size_t end_at() const { return checksum_at() + 1; }
  std::uint8_t sum() const { return byte_sum(input.subspan(start, header_size + data_size)); }
  bool is_sound() const { return is_whole() && input[end_at()] == end_byte && input[checksum_at()] == sum(); }
};

void depart(Telegram& telegram, std::string_view departure) { telegram.departures.emplace_back(departure); }

void range(Telegram& telegram, std::size_t from, std::size_t to, std::string_view is) {
  if (from < to) telegram.bytes.push_back({from, to, std::string(is)});
}

void fail(Telegram& telegram, std::string_view error, std::string explanation) {
  telegram.valid = false;
  telegram.error = error;
  telegram.explanation = std::move(explanation);
}

bool is_bcd(std::uint8_t byte) { return byte >> 4 <= 9 && (byte & 0xF) <= 9; }

void judge_address(std::span<const std::uint8_t> address, Telegram& telegram) {
  const auto wild = std::count(address.begin(), address.end(), wildcard);
  const auto odd = std::count_if(address.begin(), address.end(),
                                 [](std::uint8_t byte) { return byte != wildcard && !is_bcd(byte); });
  if (odd > 0) depart(telegram, "address_not_bcd");
  if (wild == 0) return;
  if (telegram.direction == "response")
    depart(telegram, "wildcard_address_in_reply");
  else if (static_cast<std::size_t>(wild) < address.size())
    depart(telegram, "partial_wildcard_address");
}

void judge_control(std::uint8_t control, Telegram& telegram) {
  static constexpr std::array functions{control::read_data,        control::read_address,  control::write_data,
                                        control::read_key_version, control::write_address, control::write_motor_sync};
  const auto function = static_cast<std::uint8_t>(control & function_bits);
  const bool refused = (control & 0xC0) == 0x40;  // an abnormal one that is no reply
  if (function & vendor_function)
    depart(telegram, "vendor_control");
  else if (refused || std::find(functions.begin(), functions.end(), function) == functions.end())
    depart(telegram, "unknown_control");
}

void judge_meter_type(std::uint8_t type, Telegram& telegram) {
  if (type == wildcard)
    depart(telegram, "wildcard_meter_type");
  else if (type < 0x10 || type > 0x49 || !is_bcd(type))
    depart(telegram, "unknown_meter_type");
}

// Preamble and 68 T A0..A6 C L.
Telegram read_header(const Place& place) {
  Telegram telegram;
  telegram.protocol = "cjt188";
  const std::size_t start = place.start;
  std::size_t preamble = start;
  while (preamble > 0 && place.input[preamble - 1] == preamble_byte) --preamble;
  range(telegram, preamble, start, "preamble");
  // 6.3.1: two to four. None at all is how frames are written down: receivers drop what wakes them up.
  if (start - preamble == 1 || start - preamble > 4) depart(telegram, "preamble_length");
  range(telegram, start, start + 1, "start");
  if (!place.has_header()) return telegram;

  const std::uint8_t control = place.at(9);
  const auto address = place.input.subspan(start + 2, std::tuple_size_v<Address>);
  telegram.direction = control & control::reply ? "response" : "request";
  telegram.meter_type = fmt::format("{:02X}", place.at(1));
  telegram.address = to_hex_reversed(address);
  telegram.control = fmt::format("{:02X}", control);
  range(telegram, start + 1, start + 2, "meter_type");
  range(telegram, start + 2, start + 9, "address");
  range(telegram, start + 9, start + 10, "control");
  range(telegram, start + 10, start + header_size, "length");
  judge_meter_type(place.at(1), telegram);
  judge_address(address, telegram);
  judge_control(control, telegram);
  return telegram;
}

// "DI0 DI1 = 901FH" is sent as printed, 90H first; many meters send it the other way round.
std::uint16_t read_identifier(const Place& place, Telegram& telegram) {
  static constexpr std::array<std::uint8_t, 10> groups{0x81, 0x90, 0x91, 0xA0, 0xA1, 0xD1, 0xD2, 0xD3, 0xD4, 0xE0};
  const std::uint8_t first = place.at(header_size), second = place.at(header_size + 1);
  const auto printed = static_cast<std::uint16_t>(first << 8 | second);
  const auto swapped = static_cast<std::uint16_t>(second << 8 | first);
  const auto is_group = [](std::uint8_t byte) { return std::find(groups.begin(), groups.end(), byte) != groups.end(); };
  const bool is_printed = find_identifier(printed) != nullptr ||
                          (find_identifier(swapped) == nullptr && (is_group(first) || !is_group(second)));
  if (!is_printed) depart(telegram, "identifier_low_byte_first");
  return is_printed ? printed : swapped;
}

void judge_function(const Place& place, std::uint16_t identifier, Telegram& telegram) {
  const auto function = static_cast<std::uint8_t>(place.at(9) & function_bits);
  const bool writes =
      function == control::write_data || function == control::write_address || function == control::write_motor_sync;
  if (place.data_size > (writes ? write_limit : read_limit)) depart(telegram, "over_length");
  const Identifier* known = find_identifier(identifier);
  if (known != nullptr && known->function != function && !(function & vendor_function))
    depart(telegram, "control_of_other_identifier");
}

// The data field of a frame whose checksum is right.
void read_data_field(const Place& place, Telegram& telegram) {
  const std::size_t data = place.start + header_size;
  const auto bytes = place.input.subspan(data, place.data_size);
  if ((place.at(9) & control::abnormal) == control::abnormal) {
    if (bytes.size() != abnormal_size) {
      range(telegram, data, place.checksum_at(), "content");
      return fail(telegram, telegram_error::bad_length,
                  fmt::format("byte {}: an abnormal reply of {} data bytes, expected {}", data - 1, bytes.size(),
                              abnormal_size));
    }
    telegram.sequence = bytes[0];
    telegram.status = status_names(bytes[1], bytes[2]);
    range(telegram, data, data + 1, "sequence");
    range(telegram, data + 1, data + abnormal_size, "status");
    return;
  }
  if (bytes.empty()) return depart(telegram, "no_data_identifier");
  if (bytes.size() < identifier_size) {
    range(telegram, data, place.checksum_at(), "content");
    return fail(telegram, telegram_error::bad_length,
                fmt::format("byte {}: {} data bytes, expected at least {}", data - 1, bytes.size(), identifier_size));
  }
  const std::uint16_t identifier = read_identifier(place, telegram);
  telegram.data_identifier = fmt::format("{:04X}", identifier);
  telegram.sequence = bytes[2];
  range(telegram, data, data + 2, "data_identifier");
  range(telegram, data + 2, data + identifier_size, "sequence");
  judge_function(place, identifier, telegram);
  const bool is_reply = telegram.direction == "response";
  // The answer to "who is there" is the frame's own address.
  if (is_reply && identifier == read_address_identifier)
    telegram.items.push_back({"meter_address", telegram.address, ""});
  read_content({place.at(1), is_reply, identifier, bytes.subspan(identifier_size), data + identifier_size}, telegram);
}

Telegram read_frame(const Place& place) {
  Telegram telegram = read_header(place);
  telegram.valid = true;
  read_data_field(place, telegram);
  range(telegram, place.checksum_at(), place.end_at(), "checksum");
  range(telegram, place.end_at(), place.end_at() + 1, "end");
  return telegram;
}

bool may_answer(const Telegram& request, const Telegram& reply) {
  if (request.direction != "request" || reply.direction != "response") return false;
  for (std::size_t i = 0; i < request.address.size(); i += 2) {
    const auto asked = std::string_view(request.address).substr(i, 2);
    if (asked != "AA" && asked != std::string_view(reply.address).substr(i, 2)) return false;
  }
  return true;
}

// What only shows against the request in front of the reply.
void compare(const Telegram& request, Telegram& reply) {
  if (!may_answer(request, reply)) return;
  if (request.meter_type != "AA" && request.meter_type != reply.meter_type) depart(reply, "meter_type_changed");
  if (request.sequence && reply.sequence && request.sequence != reply.sequence) depart(reply, "sequence_not_echoed");
}

// How near the bytes came to a frame; the lower the nearer.
enum class Nearness { wrong_length, one_byte_wrong, frame_shape, header_cut_off };

struct Fault {
  Nearness nearness = Nearness::header_cut_off;
  Telegram telegram;
};

// The checksum covers the length byte: if it fits another length, the length alone is wrong.
std::optional<Place> with_other_length(const Place& place) {
  std::array<std::size_t, 3> sizes{place.data_size + 1, place.data_size - 1, 0};
  const std::size_t there = place.input.size() - place.start;
  if (there >= header_size + tail_size) sizes[2] = there - header_size - tail_size;
  for (const std::size_t size : sizes) {
    const Place other{place.input, place.start, size};
    if (size <= 0xFF && other.is_sound()) return other;
  }
  return std::nullopt;
}

Fault cut_off(const Place& place, Telegram telegram) {
  const std::size_t there = place.input.size() - place.start;
  const std::size_t length_at = place.start + header_size - 1;
  if (!place.has_header()) {
    range(telegram, place.start + 1, place.input.size(), "header");
    fail(telegram, telegram_error::truncated,
         fmt::format("byte {}: the bytes end after {} of a header, expected {}", place.input.size(), there,
                     header_size));
    return {Nearness::header_cut_off, std::move(telegram)};
  }
  range(telegram, length_at + 1, place.input.size(), "content");
  const std::size_t whole = header_size + place.data_size + tail_size;
  if (place.data_size > read_limit)
    fail(telegram, telegram_error::bad_length,
         fmt::format("byte {}: length {:02X}, expected at most {:02X}; the bytes end {} short of it", length_at,
                     place.data_size, read_limit, whole - there));
  else
    fail(telegram, telegram_error::truncated,
         fmt::format("byte {}: the bytes end after {} of a frame, expected {} by its length {:02X}", place.input.size(),
                     there, whole, place.data_size));
  return {Nearness::frame_shape, std::move(telegram)};
}

Fault fault_at(std::span<const std::uint8_t> input, std::size_t start) {
  Place place{input, start, 0};
  Telegram telegram = read_header(place);
  if (!place.has_header()) return cut_off(place, std::move(telegram));
  place.data_size = place.at(header_size - 1);
  if (const auto other = with_other_length(place)) {
    telegram = read_frame(*other);
    fail(telegram, telegram_error::bad_length,
         fmt::format("byte {}: length {:02X}, expected {:02X}, which checksum and end byte fit",
                     start + header_size - 1, place.data_size, other->data_size));
    return {Nearness::wrong_length, std::move(telegram)};
  }
  if (!place.is_whole()) return cut_off(place, std::move(telegram));
  range(telegram, start + header_size, place.checksum_at(), "content");
  range(telegram, place.checksum_at(), place.end_at(), "checksum");
  range(telegram, place.end_at(), place.end_at() + 1, "end");
  const std::uint8_t checksum = input[place.checksum_at()], end = input[place.end_at()];
  if (end == end_byte) {
    fail(telegram, telegram_error::bad_checksum,
         fmt::format("byte {}: checksum {:02X}, expected {:02X}", place.checksum_at(), checksum, place.sum()));
    return {Nearness::one_byte_wrong, std::move(telegram)};
  }
  fail(telegram, telegram_error::bad_end,
       fmt::format("byte {}: {:02X}, expected the end byte {:02X}", place.end_at(), end, end_byte));
  const bool sum_fits = checksum == place.sum();
  return {sum_fits ? Nearness::one_byte_wrong : Nearness::frame_shape, std::move(telegram)};
}

Telegram no_start(std::span<const std::uint8_t> bytes) {
  Telegram telegram;
  telegram.protocol = "cjt188";
  const auto first = static_cast<std::size_t>(
      std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != preamble_byte; }) -
      bytes.begin());
  range(telegram, 0, first, "preamble");
  fail(telegram, telegram_error::no_start,
       first == bytes.size()
           ? fmt::format("byte {}: the bytes end, expected the start byte {:02X}", first, start_byte)
           : fmt::format("byte {}: {:02X}, expected the start byte {:02X}", first, bytes[first], start_byte));
  return telegram;
}

Telegram explain(std::span<const std::uint8_t> bytes) {
  std::optional<Fault> nearest;
  for (std::size_t start = 0; start < bytes.size(); ++start) {
    if (bytes[start] != start_byte) continue;
    Fault fault = fault_at(bytes, start);
    if (!nearest || fault.nearness < nearest->nearness) nearest = std::move(fault);
  }
  return nearest ? std::move(nearest->telegram) : no_start(bytes);
}

std::optional<Place> sound_frame_at(std::span<const std::uint8_t> bytes, std::size_t start) {
  Place place{bytes, start, 0};
  if (bytes[start] != start_byte || !place.has_header()) return std::nullopt;
  place.data_size = place.at(header_size - 1);
  return place.is_sound() ? std::optional(place) : std::nullopt;
}

// Noise with a start byte in it can pass for a frame by chance, and hide the one that follows.
bool holds_a_frame(const Place& outer) {
  for (std::size_t start = outer.start + 1; start < outer.end_at(); ++start) {
    const auto inner = sound_frame_at(outer.input, start);
    if (inner && read_frame(*inner).valid) return true;
  }
  return false;
}

}  // namespace

std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes) {
  std::vector<Telegram> telegrams;
  for (std::size_t start = 0; start < bytes.size();) {
    const auto place = sound_frame_at(bytes, start);
    if (!place) {
      ++start;
      continue;
    }
    Telegram telegram = read_frame(*place);
    if (!telegram.valid && holds_a_frame(*place)) {
      ++start;
      continue;
    }
    if (!telegrams.empty()) compare(telegrams.back(), telegram);
    telegrams.push_back(std::move(telegram));
    start = place->end_at() + 1;
  }
  if (telegrams.empty()) telegrams.push_back(explain(bytes));
  return telegrams;
}

}  // namespace meterrig::cjt188
