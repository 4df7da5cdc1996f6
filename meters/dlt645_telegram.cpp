#include <algorithm>

#include <fmt/format.h>

#include "meters/dlt645.hpp"
#include "meters/dlt645_items.hpp"

namespace meterrig::dlt645 {

namespace {

using Span = std::span<const std::uint8_t>;

constexpr std::size_t longest_reply = 200;  // 5.2.5

// The bytes FE right before `at`. They end at the frame before, if there is one: its last byte is 16.
std::size_t preamble_before(Span bytes, std::size_t at) {
  std::size_t count = 0;
  while (at > count && bytes[at - count - 1] == preamble_byte) ++count;
  return count;
}

bool is_address(Span address) {
  return std::all_of(address.begin(), address.end(), [](std::uint8_t byte) {
    return byte == wildcard_address[0] || (byte >> 4 <= 9 && (byte & 0x0F) <= 9);
  });
}

// Everything before the data field; `at` is where the frame starts.
Telegram headed(Span bytes, std::size_t at, std::size_t preamble) {
  Telegram telegram;
  telegram.protocol = "dlt645";
  telegram.valid = true;
  if (preamble > 0) telegram.bytes.push_back({at - preamble, at, "preamble"});
  const Span address = bytes.subspan(at + 1, second_start_at - 1);
  telegram.address = to_hex_reversed(address);
  telegram.control = to_hex(bytes.subspan(at + control_at, 1));
  telegram.direction = (bytes[at + control_at] & control::reply) != 0 ? "response" : "request";
  telegram.bytes.push_back({at, at + 1, "start"});
  telegram.bytes.push_back({at + 1, at + second_start_at, "address"});
  telegram.bytes.push_back({at + second_start_at, at + control_at, "start"});
  telegram.bytes.push_back({at + control_at, at + length_at, "control"});
  telegram.bytes.push_back({at + length_at, at + header_size, "length"});
  if (!is_address(address)) telegram.departures.emplace_back("address_not_bcd");
  return telegram;
}

Bytes data_of(Span bytes, std::size_t at, std::size_t length) {
  Bytes data;
  for (const std::uint8_t byte : bytes.subspan(at + header_size, length))
    data.push_back(static_cast<std::uint8_t>(byte - line_offset));
  return data;
}

Telegram decoded(Span bytes, std::size_t at, std::size_t preamble) {
  Telegram telegram = headed(bytes, at, preamble);
  const std::size_t length = bytes[at + length_at];
  if (length > longest_reply) telegram.departures.emplace_back("over_length");
  const Bytes data = data_of(bytes, at, length);
  Reader reader(telegram, data, at + header_size, bytes[at + control_at]);
  walk_data_field(reader);
  const std::size_t tail = at + header_size + length;
  telegram.bytes.push_back({tail, tail + 1, "checksum"});
  telegram.bytes.push_back({tail + 1, tail + tail_size, "end"});
  return telegram;
}

// What failed where, and how much was right before it did.
struct Diagnosis {
  std::size_t at = 0;
  int right = -1;
  std::string_view error;
  std::string explanation;
};

// The length with which the bytes would have been a frame: L itself was damaged or wrong.
std::optional<std::size_t> length_that_fits(Span bytes) {
  unsigned sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size() && i <= header_size + 255; ++i) {
    if (i >= header_size && bytes[i] == (sum & 0xFF) && bytes[i + 1] == end_byte) return i - header_size;
    sum += bytes[i];
  }
  return std::nullopt;
}

Diagnosis diagnose(Span all, std::size_t at) {
  const Span bytes = all.subspan(at);
  const Shape shape = shape_of(bytes);
  if (!shape.start)
    return {at, 0, telegram_error::no_start,
            fmt::format("byte {}: {:02X}, expected the second start 68", at + second_start_at, bytes[second_start_at])};
  if (!shape.header)
    return {at, 1, telegram_error::truncated,
            fmt::format("byte {}: the input ends, expected the header up to byte {}", all.size(), at + length_at)};
  const auto fits = shape.sound() ? std::nullopt : length_that_fits(bytes);
  const bool either = shape.complete && (shape.checksum_right || shape.end_right);
  if (fits && !either)
    return {at, 3, telegram_error::bad_length,
            fmt::format("byte {}: length {:02X}, expected {:02X} by checksum and end", at + length_at, bytes[length_at],
                        *fits)};
  if (!shape.complete)
    return {at, 2, telegram_error::truncated,
            fmt::format("byte {}: the input ends, expected {} bytes from the start at byte {}", all.size(), shape.size,
                        at)};
  const std::size_t checksum_at = shape.size - tail_size;
  const auto checksum = fmt::format("byte {}: checksum {:02X}, expected {:02X}", at + checksum_at, bytes[checksum_at],
                                    byte_sum(bytes.first(checksum_at)));
  if (shape.end_right) return {at, 3, telegram_error::bad_checksum, checksum};
  const auto end = fmt::format("byte {}: end {:02X}, expected 16", at + checksum_at + 1, bytes[checksum_at + 1]);
  return {at, shape.checksum_right ? 3 : 2, telegram_error::bad_end,
          shape.checksum_right ? end : end + "; " + checksum};
}

// A telegram whose header could be read: address, control and identifier as sent, never a value.
Telegram as_far_as_read(Span bytes, const Diagnosis& diagnosis) {
  const std::size_t at = diagnosis.at;
  Telegram telegram = headed(bytes, at, preamble_before(bytes, at));
  const std::size_t said = bytes[at + length_at];
  const std::size_t length = std::min(said, bytes.size() - at - header_size);
  const Bytes data = data_of(bytes, at, length);
  Telegram content = telegram;
  Reader reader(content, data, at + header_size, bytes[at + control_at]);
  walk_data_field(reader);
  telegram.data_identifier = content.data_identifier;
  std::size_t next = at + header_size;
  if (length > 0) telegram.bytes.push_back({next, next + length, "data"});
  next += length;
  if (next < bytes.size()) telegram.bytes.push_back({next, next + 1, "checksum"});
  if (next + 1 < bytes.size()) telegram.bytes.push_back({next + 1, next + tail_size, "end"});
  return telegram;
}

Telegram nothing_found(Span bytes) {
  Diagnosis best{0, -1, telegram_error::no_start, fmt::format("no start byte 68 in {} bytes", bytes.size())};
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    if (bytes[at] != start_byte) continue;
    Diagnosis found = diagnose(bytes, at);
    if (found.right > best.right) best = std::move(found);
  }
  Telegram telegram;
  telegram.protocol = "dlt645";
  if (best.right >= 2) telegram = as_far_as_read(bytes, best);
  telegram.valid = false;
  telegram.error = best.error;
  telegram.explanation = best.explanation;
  return telegram;
}

}  // namespace

std::vector<Telegram> telegrams_in(Span bytes) {
  std::vector<Telegram> telegrams;
  for (std::size_t at = 0; at < bytes.size();) {
    const Shape shape = shape_of(bytes.subspan(at));
    if (!shape.sound()) {
      ++at;
      continue;
    }
    telegrams.push_back(decoded(bytes, at, preamble_before(bytes, at)));
    at += shape.size;
  }
  if (telegrams.empty()) telegrams.push_back(nothing_found(bytes));
  return telegrams;
}

}  // namespace meterrig::dlt645
