#include "meters/mbus.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "meters/mbus_records.hpp"
#include "meters/mbus_units.hpp"

namespace meterrig::mbus {
namespace {

using View = std::span<const std::uint8_t>;

constexpr std::uint8_t long_start = 0x68, short_start = 0x10, end_byte = 0x16;
constexpr std::size_t long_header = 4;  // 68 L L 68
constexpr std::size_t short_size = 5;   // 10 C A CS 16
constexpr std::size_t least_length = 3, most_data = 252;
constexpr std::size_t tail = 2;  // CS 16
constexpr std::size_t secondary_size = 8, data_header_size = 12, short_header_size = 4;
constexpr std::uint8_t primary_bit = 0x40, reserved_bit = 0x80, access_demand = 0x20, data_flow = 0x10;

// How far the bytes at one place are a frame. Without an error: `size` bytes are one. With one, `size` is that of a
// frame whose fields can be read all the same.
struct Attempt {
  std::size_t size = 0;
  std::string_view error;
  std::string explanation;
  int likeness = 0;  // of failures the one most like a frame is reported
};

Attempt ends_well(View bytes, std::size_t at, std::size_t header, std::size_t size, int likeness) {
  const View frame = bytes.subspan(at, size);
  if (frame.back() != end_byte)
    return {size, telegram_error::bad_end,
            fmt::format("byte {}: end {:02X}, expected {:02X}", at + size - 1, frame.back(), end_byte), likeness};
  const std::uint8_t expected = byte_sum(frame.subspan(header, size - header - tail));
  const std::uint8_t found = frame[size - tail];
  if (found != expected)
    return {size, telegram_error::bad_checksum,
            fmt::format("byte {}: checksum {:02X}, expected {:02X}", at + size - tail, found, expected), likeness};
  return {size, {}, {}, likeness};
}

Attempt cut(View bytes, std::size_t size, int likeness) {
  return {0, telegram_error::truncated, fmt::format("byte {}: the bytes end, expected {} more", bytes.size(), size),
          likeness};
}

Attempt long_frame(View bytes, std::size_t at) {
  const std::size_t there = bytes.size() - at;
  if (there < 2) return cut(bytes, long_header + least_length + tail - there, 1);
  const std::size_t length = bytes[at + 1];
  const std::size_t size = long_header + length + tail;
  if (length < least_length)
    return {0, telegram_error::no_start,
            fmt::format("byte {}: no start of a frame, length {}, expected 3 to 255", at + 1, length), 1};
  if (there >= long_header && bytes[at + 3] == long_start && bytes[at + 2] != length)
    return {0, telegram_error::bad_length,
            fmt::format("byte {}: second length {}, expected {} as the first", at + 2, bytes[at + 2], length), 2};
  const bool matches = (there < 3 || bytes[at + 2] == length) && (there < 4 || bytes[at + 3] == long_start);
  if (!matches) return {0, telegram_error::no_start, fmt::format("byte {}: no 68 L L 68", at), 1};
  const int likeness = there < long_header ? 1 : 3;
  if (there < size) return cut(bytes, size - there, likeness);
  return ends_well(bytes, at, long_header, size, likeness);
}

// A single E5 is everywhere in noise: it counts between frames and at the edges.
bool acknowledges(View bytes, std::size_t at, bool after_noise) {
  if (bytes[at] != acknowledge_byte || after_noise) return false;
  if (at + 1 == bytes.size()) return true;
  const std::uint8_t next = bytes[at + 1];
  return next == long_start || next == short_start || next == acknowledge_byte;
}

Attempt frame_at(View bytes, std::size_t at, bool after_noise) {
  if (acknowledges(bytes, at, after_noise)) return {1, {}, {}, 3};
  if (bytes[at] == long_start) return long_frame(bytes, at);
  if (bytes[at] != short_start) return {0, telegram_error::no_start, {}, 0};
  const std::size_t there = bytes.size() - at;
  if (there < short_size) return cut(bytes, short_size - there, 1);
  return ends_well(bytes, at, 1, short_size, 2);
}

class Decoder {
 public:
  Decoder(View frame, std::size_t offset) : frame_(frame), offset_(offset) { out_.protocol = "mbus"; }

  Telegram decode() {
    out_.valid = true;
    if (frame_.size() == 1) {
      field(1, "acknowledge");
      out_.direction = "response";
      out_.control = to_hex(frame_);
      return out_;
    }
    field(1, "start");
    const bool is_long = frame_[0] == long_start;
    if (is_long) {
      field(2, "length");
      field(1, "start");
    }
    control(field(1, "control")[0]);
    out_.address = to_hex(field(1, "address"));
    if (is_long) {
      const std::uint8_t information = field(1, "data_identifier")[0];
      out_.data_identifier = fmt::format("{:02X}", information);
      application(information);
    }
    field(1, "checksum");
    field(1, "end");
    return out_;
  }

 private:
  View field(std::size_t size, std::string_view is) {
    const View bytes = frame_.subspan(at_, size);
    if (size > 0) out_.bytes.push_back({offset_ + at_, offset_ + at_ + size, std::string(is)});
    at_ += size;
    return bytes;
  }
  std::size_t left() const { return frame_.size() - tail - at_; }

  void control(std::uint8_t code) {
    out_.control = fmt::format("{:02X}", code);
    const bool request = (code & primary_bit) != 0;
    out_.direction = request ? "request" : "response";
    if ((code & reserved_bit) != 0) out_.departures.push_back("reserved_control_bit");
    if (!request && (code & access_demand) != 0) out_.status.push_back("access_demand");
    if (!request && (code & data_flow) != 0) out_.status.push_back("data_flow_control");
  }

  void application(std::uint8_t code) {
    switch (code) {
      case information::selection:
        return selected();
      case information::application_error:
        return refusal();
      case information::variable_data:
        return with_header(data_header_size);
      case information::short_header:
        return with_header(short_header_size);
      case information::data_send:
      case information::no_header:
        return records();
      default:
        if (left() == 0) return;
        if (code != information::application_reset) out_.departures.push_back("data_not_decoded");
        out_.items.push_back({"data", to_hex(field(left(), "data")), ""});
    }
  }

  void too_short(std::size_t needed) {
    fail(telegram_error::bad_length,
         fmt::format("byte {}: {} bytes of data, expected {} at least", offset_ + at_, left(), needed));
    field(left(), "data");
  }

  void selected() {
    if (left() < secondary_size) return too_short(secondary_size);
    const View mask = field(secondary_size, "secondary_address");
    out_.address = to_hex_reversed(mask.first(4)) + to_hex(mask.subspan(4));
    records();
  }

  void refusal() {
    const View data = field(left(), "application_error");
    out_.items.push_back({"application_error", application_error_name(data.empty() ? std::uint8_t{0} : data[0]), ""});
  }

  void with_header(std::size_t size) {
    if (left() < size) return too_short(size);
    if (size == data_header_size) identity();
    out_.sequence = field(1, "access_number")[0];
    for (std::string& name : status_names(field(1, "status")[0])) out_.status.push_back(std::move(name));
    // Of the configuration word, bits 8 to 12 are the security mode: 0 is plain (EN 13757-7, 7.6).
    if ((field(2, "signature")[1] & 0x1F) == 0) return records();
    if (left() == 0) return;
    out_.departures.push_back("enciphered");
    field(left(), "enciphered_data");
  }

  void identity() {
    const View number = field(4, "identification");
    if (!bcd_text(number, 0)) out_.departures.push_back("not_bcd");
    out_.items.push_back({"identification", to_hex_reversed(number), ""});
    const View letters = field(2, "manufacturer");
    const unsigned packed = letters[0] | letters[1] << 8;
    std::string name;
    for (const int shift : {10, 5, 0}) name.push_back(static_cast<char>('@' + (packed >> shift & 0x1F)));
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
      out_.departures.push_back("invalid_manufacturer");
      name = to_hex_reversed(letters);
    }
    out_.items.push_back({"manufacturer", name, ""});
    out_.items.push_back({"version", std::to_string(field(1, "version")[0]), ""});
    out_.meter_type = medium_name(field(1, "meter_type")[0]);
  }

  void records() {
    Records read = records_in(frame_.subspan(at_, left()), offset_ + at_);
    at_ += left();
    std::move(read.items.begin(), read.items.end(), std::back_inserter(out_.items));
    std::move(read.bytes.begin(), read.bytes.end(), std::back_inserter(out_.bytes));
    for (std::string& name : read.departures)
      if (std::find(out_.departures.begin(), out_.departures.end(), name) == out_.departures.end())
        out_.departures.push_back(std::move(name));
    if (read.more_follow) out_.status.push_back("more_records_follow");
    if (!read.error.empty()) fail(read.error, read.explanation);
  }

  void fail(std::string_view error, std::string explanation) {
    out_.valid = false;
    out_.error = error;
    out_.explanation = std::move(explanation);
  }

  View frame_;
  std::size_t offset_;
  std::size_t at_ = 0;
  Telegram out_;
};

Telegram failure(View bytes, std::size_t at, const Attempt& attempt) {
  Telegram telegram;
  telegram.protocol = "mbus";
  // With a wrong checksum or end the fields are reported as they stand; the telegram stays invalid.
  if (attempt.size > 0) telegram = Decoder(bytes.subspan(at, attempt.size), at).decode();
  telegram.valid = false;
  telegram.error = attempt.error;
  telegram.explanation = attempt.explanation;
  if (telegram.explanation.empty())
    telegram.explanation =
        bytes.empty() ? "byte 0: the bytes end, expected a start byte 68 or 10, or E5"
                      : fmt::format("byte 0: {:02X}, expected a start byte 68 or 10, or E5; none follows", bytes[0]);
  return telegram;
}

}  // namespace

Bytes encode(const Frame& frame) {
  if (!frame.information && !frame.data.empty()) throw std::invalid_argument("a short M-Bus frame holds no data");
  if (frame.data.size() > most_data) throw std::length_error("an M-Bus frame holds at most 252 data bytes");
  Bytes out{short_start};
  if (frame.information) {
    const auto length = static_cast<std::uint8_t>(least_length + frame.data.size());
    out = {long_start, length, length, long_start};
  }
  const std::size_t header = out.size();
  out.push_back(frame.control);
  out.push_back(frame.address);
  if (frame.information) out.push_back(*frame.information);
  out.insert(out.end(), frame.data.begin(), frame.data.end());
  out.push_back(byte_sum(View(out).subspan(header)));
  out.push_back(end_byte);
  return out;
}

const std::uint8_t* FrameLayout::find_start(const std::uint8_t* from, const std::uint8_t* to) {
  return std::find_if(from, to, [](std::uint8_t byte) {
    return byte == long_start || byte == short_start || byte == acknowledge_byte;
  });
}

FrameOutline FrameLayout::outline(View bytes, bool fresh) {
  if (bytes[0] == acknowledge_byte) return {.size = fresh ? 1u : 0u, .bare = true};
  if (bytes[0] == short_start) return {.size = short_size, .summed_from = 1};
  if (bytes.size() < 2) return {.size = 2};
  if (bytes[1] < least_length) return {};
  if (bytes.size() < long_header) return {.size = long_header};
  if (bytes[3] != long_start) return {};
  return {.size = long_header + bytes[1] + tail, .summed_from = long_header, .bad_length = bytes[1] != bytes[2]};
}

std::optional<Frame> Scanner::next() {
  const View bytes = next_bytes();
  if (bytes.empty()) return std::nullopt;
  if (bytes.size() == 1) return Frame{control::acknowledge, 0, std::nullopt, {}};
  if (bytes.size() == short_size) return Frame{bytes[1], bytes[2], std::nullopt, {}};
  const View body = bytes.subspan(long_header, bytes.size() - long_header - tail);
  return Frame{body[0], body[1], body[2], Bytes(body.begin() + least_length, body.end())};
}

Frame selection(std::string_view secondary) {
  Bytes mask = bytes_from_hex(secondary);
  if (mask.size() != secondary_size)
    throw std::invalid_argument(
        fmt::format("an M-Bus secondary address has 16 hexadecimal digits, found \"{}\"", secondary));
  std::reverse(mask.begin(), mask.begin() + 4);
  return {control::snd_ud, secondary_address, information::selection, std::move(mask)};
}

std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes) {
  std::vector<Telegram> found;
  Attempt nearest{0, telegram_error::no_start, {}, 0};
  std::size_t nearest_at = 0;
  bool after_noise = false;
  for (std::size_t at = 0; at < bytes.size();) {
    const Attempt attempt = frame_at(bytes, at, after_noise);
    after_noise = !attempt.error.empty();
    if (!after_noise) {
      found.push_back(Decoder(bytes.subspan(at, attempt.size), at).decode());
      at += attempt.size;
      continue;
    }
    if (attempt.likeness > nearest.likeness) {
      nearest = attempt;
      nearest_at = at;
    }
    ++at;
  }
  if (found.empty()) found.push_back(failure(bytes, nearest_at, nearest));
  return found;
}

}  // namespace meterrig::mbus
