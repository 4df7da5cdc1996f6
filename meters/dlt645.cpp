#include "meters/dlt645.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "meters/dlt645_items.hpp"
#include "meters/telegram.hpp"

namespace meterrig::dlt645 {

namespace {

void append_low_first(Bytes& out, std::uint32_t value, int count = 4) {
  for (int i = 0; i < count; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint8_t bcd(std::uint32_t value) { return static_cast<std::uint8_t>((value % 100 / 10) << 4 | value % 10); }

void append_authority(Bytes& out, const Authority& by) {
  out.push_back(by.level);
  for (std::uint32_t rest = by.password, i = 0; i < 3; ++i, rest /= 100) out.push_back(bcd(rest));
  append_low_first(out, by.operator_code);
}

void append_moment(Bytes& out, const Moment& moment) {
  for (const std::uint8_t part : {moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.year})
    out.push_back(bcd(part));
}

}  // namespace

Shape shape_of(std::span<const std::uint8_t> bytes) {
  Shape shape;
  // A0 may be 68 itself: only the place of the second start tells.
  shape.start = !bytes.empty() && bytes.front() == start_byte &&
                (bytes.size() <= second_start_at || bytes[second_start_at] == start_byte);
  shape.header = shape.start && bytes.size() >= header_size;
  if (!shape.header) return shape;
  shape.size = header_size + bytes[length_at] + tail_size;
  shape.complete = bytes.size() >= shape.size;
  if (!shape.complete) return shape;
  const std::size_t checksum_at = shape.size - tail_size;
  shape.checksum_right = bytes[checksum_at] == byte_sum(bytes.first(checksum_at));
  shape.end_right = bytes[shape.size - 1] == end_byte;
  return shape;
}

Bytes encode(const Frame& frame, int preamble) {
  if (frame.data.size() > 255) throw std::length_error("a DL/T 645 frame holds at most 255 data bytes");
  Bytes out(static_cast<std::size_t>(std::max(preamble, 0)), preamble_byte);
  const std::size_t begin = out.size();
  out.push_back(start_byte);
  out.insert(out.end(), frame.address.begin(), frame.address.end());
  out.push_back(start_byte);
  out.push_back(frame.control);
  out.push_back(static_cast<std::uint8_t>(frame.data.size()));
  for (const std::uint8_t byte : frame.data) out.push_back(static_cast<std::uint8_t>(byte + line_offset));
  out.push_back(byte_sum(std::span(out).subspan(begin)));
  out.push_back(end_byte);
  return out;
}

std::optional<Frame> Scanner::next() {
  const auto bytes = next_bytes();
  if (bytes.empty()) return std::nullopt;
  Frame found;
  std::copy_n(bytes.begin() + 1, found.address.size(), found.address.begin());
  found.control = bytes[control_at];
  for (const std::uint8_t byte : bytes.subspan(header_size, bytes[length_at]))
    found.data.push_back(static_cast<std::uint8_t>(byte - line_offset));
  return found;
}

Address address_from_hex(std::string_view text) {
  const Bytes bytes = bytes_from_hex(text);
  Address address{};
  if (bytes.size() != address.size())
    throw std::invalid_argument(fmt::format("a DL/T 645 address has 12 hexadecimal digits, found \"{}\"", text));
  std::copy(bytes.rbegin(), bytes.rend(), address.begin());
  return address;
}

Frame read_request(const Address& to, std::uint32_t identifier) {
  Frame frame{to, control::read_data, {}};
  append_low_first(frame.data, identifier);
  return frame;
}

Frame read_next_request(const Address& to, std::uint32_t identifier, std::uint8_t number) {
  Frame frame{to, control::read_next, {}};
  append_low_first(frame.data, identifier);
  frame.data.push_back(number);
  return frame;
}

Frame read_address_request() { return {wildcard_address, control::read_address, {}}; }

Frame write_request(const Address& to, std::uint32_t identifier, const Authority& by,
                    std::span<const std::uint8_t> content) {
  Frame frame{to, control::write_data, {}};
  append_low_first(frame.data, identifier);
  append_authority(frame.data, by);
  frame.data.insert(frame.data.end(), content.begin(), content.end());
  return frame;
}

Frame relay_request(const Address& to, Relay command, const Authority& by, const Moment& deadline) {
  Frame frame{to, control::relay, {}};
  append_authority(frame.data, by);
  frame.data.push_back(static_cast<std::uint8_t>(command));
  frame.data.push_back(0);  // N2 is reserved
  append_moment(frame.data, deadline);
  return frame;
}

Frame broadcast_time(const Moment& now) {
  Frame frame{broadcast_address, control::broadcast_time, {}};
  append_moment(frame.data, now);
  return frame;
}

}  // namespace meterrig::dlt645
