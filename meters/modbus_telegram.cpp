#include "meters/modbus_telegram.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "core/io/modbus_crc.hpp"
#include "meters/modbus_functions.hpp"

namespace meterrig::modbus_telegram {
namespace {

using View = std::span<const std::uint8_t>;

constexpr std::size_t crc_size = 2, mbap_size = 7, most_mbap_length = 254;

unsigned word(View bytes, std::size_t at) { return static_cast<unsigned>(bytes[at] << 8 | bytes[at + 1]); }

// One way to understand a PDU.
struct Reading {
  enum class Is { request, response, either, exception } is = Is::request;
  std::size_t size = 0;   // of the PDU; may be more than there is
  bool in_limits = true;  // number of values as the standard allows
};
using Is = Reading::Is;

// `pdu` may be cut, and may be followed by other bytes.
std::vector<Reading> readings(View pdu) {
  const Function* function = pdu.empty() ? nullptr : function_of(pdu[0]);
  if (!function) return {};
  if ((pdu[0] & exception_bit) != 0) return {{Is::exception, 2, true}};
  if (function->shape == Shape::write_one) return {{Is::either, 5, true}};
  const unsigned count = pdu.size() < 5 ? 1 : word(pdu, 3);
  const bool in_limits = count >= 1 && count <= function->most;
  if (function->shape == Shape::write_bits || function->shape == Shape::write_registers) {
    std::vector<Reading> both{{Is::response, 5, in_limits}};
    if (pdu.size() >= 6 && pdu[5] == data_size(*function, count)) both.push_back({Is::request, 6u + pdu[5], in_limits});
    return both;
  }
  std::vector<Reading> both{{Is::request, 5, in_limits}};
  const bool whole_registers = of_bits(*function) || (pdu.size() > 1 && pdu[1] % 2 == 0);
  if (pdu.size() > 1 && pdu[1] > 0 && whole_registers)
    both.push_back({Is::response, 2u + pdu[1], pdu[1] <= data_size(*function, function->most)});
  return both;
}

// Of the readings that `fits`, the one in limits. Two of them differ in direction only: then neither is taken.
template <class Fits>
std::optional<Reading> choose(View pdu, Fits fits) {
  std::vector<Reading> fitting;
  for (const Reading& reading : readings(pdu))
    if (reading.size <= pdu.size() && fits(reading.size)) fitting.push_back(reading);
  if (fitting.empty()) return std::nullopt;
  std::stable_partition(fitting.begin(), fitting.end(), [](const Reading& reading) { return reading.in_limits; });
  const bool ambiguous = fitting.size() > 1 && fitting[0].size == fitting[1].size && fitting[1].in_limits;
  return ambiguous ? Reading{Is::either, fitting[0].size, true} : fitting[0];
}

class Decoder {
 public:
  Decoder(std::string_view protocol, View bytes, std::size_t at) : bytes_(bytes), at_(at) {
    out_.protocol = protocol;
    out_.valid = true;
  }

  View field(std::size_t size, std::string_view is) {
    const View part = bytes_.subspan(at_, size);
    if (size > 0) out_.bytes.push_back({at_, at_ + size, std::string(is)});
    at_ += size;
    return part;
  }

  void unit() { out_.address = to_hex(field(1, "address")); }

  void pdu(const Reading& reading) {
    const std::size_t end = at_ + reading.size;
    const std::uint8_t code = field(1, "control")[0];
    const Function& function = *function_of(code);
    out_.control = fmt::format("{:02X}", code);
    if (reading.is != Is::either) out_.direction = reading.is == Is::request ? "request" : "response";
    if (!reading.in_limits) out_.departures.push_back("count_out_of_range");
    const bool reads = function.shape == Shape::read_bits || function.shape == Shape::read_registers;
    if (reading.is == Is::exception) {
      exception();
    } else if (function.shape == Shape::write_one) {
      write_one(function);
    } else if (reading.is == Is::either) {
      out_.departures.push_back("direction_unknown");
      field(end - at_, "data");
    } else if (reads && reading.is == Is::response) {
      const std::size_t size = field(1, "length")[0];
      values(function, of_bits(function) ? 8 * size : size / 2);
    } else {
      place();
      const unsigned count = word(field(2, "count"), 0);
      out_.items.push_back({"count", std::to_string(count), ""});
      if (reads || reading.is == Is::response) return;
      field(1, "length");
      values(function, count);
    }
  }

  Telegram take() { return std::move(out_); }
  Telegram& telegram() { return out_; }

 private:
  void exception() { out_.items.push_back({"exception", exception_name(field(1, "exception")[0]), ""}); }

  void place() {
    const View start = field(2, "data_identifier");
    out_.data_identifier = to_hex(start);
    out_.items.push_back({"start_address", std::to_string(word(start, 0)), ""});
  }

  void write_one(const Function& function) {
    place();
    const std::string name = fmt::format("{}_1", function.item);
    const unsigned value = word(field(2, name), 0);
    const bool coil = function.item == "coil";
    const bool no_coil_value = coil && value != 0xFF00 && value != 0;
    if (no_coil_value) out_.departures.push_back("invalid_coil_value");
    out_.items.push_back({name, no_coil_value ? "" : std::to_string(coil ? value >> 15 : value), ""});
  }

  void values(const Function& function, std::size_t count) {
    if (of_bits(function)) {
      const View data = field((count + 7) / 8, fmt::format("{}s", function.item));
      if (count % 8 != 0 && data.back() >> count % 8 != 0) out_.departures.push_back("padding_not_zero");
      for (std::size_t i = 0; i < count; ++i)
        out_.items.push_back(
            {fmt::format("{}_{}", function.item, i + 1), std::to_string(data[i / 8] >> i % 8 & 1), ""});
      return;
    }
    for (std::size_t i = 1; i <= count; ++i) {
      const std::string name = fmt::format("{}_{}", function.item, i);
      out_.items.push_back({name, std::to_string(word(field(2, name), 0)), ""});
    }
  }

  View bytes_;
  std::size_t at_;
  Telegram out_;
};

Telegram refused(std::string_view protocol, std::string_view error, std::string explanation) {
  Telegram telegram;
  telegram.protocol = protocol;
  telegram.error = error;
  telegram.explanation = std::move(explanation);
  return telegram;
}

constexpr std::string_view rtu_name = "modbus-rtu", tcp_name = "modbus-tcp";

Bytes sent_crc(View bytes) {
  const std::uint16_t value = modbus::crc16(bytes);
  return {static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8)};
}

bool crc_holds(View frame) {
  const Bytes expected = sent_crc(frame.first(frame.size() - crc_size));
  return std::equal(expected.begin(), expected.end(), frame.end() - crc_size);
}

Telegram rtu_frame(View bytes, std::size_t at, const Reading& reading) {
  Decoder decoder(rtu_name, bytes, at);
  decoder.unit();
  decoder.pdu(reading);
  decoder.field(crc_size, "checksum");
  return decoder.take();
}

Telegram rtu_failure(View bytes) {
  if (bytes.size() < 2)
    return refused(rtu_name, telegram_error::truncated,
                   fmt::format("byte {}: the bytes end, expected an address and a function", bytes.size()));
  const View pdu = bytes.subspan(1);
  const auto ways = readings(pdu);
  if (ways.empty())
    return refused(rtu_name, telegram_error::unknown_control,
                   fmt::format("byte 1: function {:02X}, expected 1 to 6, 15, 16 or an exception of them", pdu[0]));
  // The longest reading that there are bytes for; one that ends with the bytes if possible.
  const Reading* best = nullptr;
  for (const Reading& way : ways)
    if (way.size + crc_size <= pdu.size() && (!best || way.size > best->size)) best = &way;
  if (!best)
    return refused(rtu_name, telegram_error::truncated,
                   fmt::format("byte {}: the bytes end, expected {} more", bytes.size(),
                               ways.back().size + crc_size - pdu.size()));
  const std::size_t place = 1 + best->size;
  Telegram telegram = rtu_frame(bytes, 0, *best);
  telegram.valid = false;
  telegram.error = telegram_error::bad_checksum;
  telegram.explanation = fmt::format("byte {}: checksum {}, expected {}", place, to_hex(bytes.subspan(place, crc_size)),
                                     to_hex(sent_crc(bytes.first(place))));
  return telegram;
}

Telegram tcp_failure(View bytes) {
  const auto fail = [](std::string_view error, std::string explanation) {
    return refused(tcp_name, error, std::move(explanation));
  };
  if (bytes.size() < mbap_size + 1)
    return fail(telegram_error::truncated,
                fmt::format("byte {}: the bytes end, expected a header and a function", bytes.size()));
  if (word(bytes, 2) != 0)
    return fail(telegram_error::no_start, fmt::format("byte 2: protocol {:04X}, expected 0000", word(bytes, 2)));
  const std::size_t length = word(bytes, 4);
  if (length < 2 || length > most_mbap_length)
    return fail(telegram_error::bad_length, fmt::format("byte 4: length {}, expected 2 to 254", length));
  if (bytes.size() < mbap_size - 1 + length)
    return fail(telegram_error::truncated, fmt::format("byte {}: the bytes end, expected {} more", bytes.size(),
                                                       mbap_size - 1 + length - bytes.size()));
  const std::uint8_t code = bytes[mbap_size];
  if (!function_of(code))
    return fail(telegram_error::unknown_control,
                fmt::format("byte 7: function {:02X}, expected 1 to 6, 15, 16 or an exception of them", code));
  return fail(
      telegram_error::bad_length,
      fmt::format("byte 4: length {}, which fits neither request nor response of function {:02X}", length, code));
}

// The frame that begins here, if any, and its size.
using FrameAt = std::optional<std::pair<Telegram, std::size_t>> (*)(View bytes, std::size_t at);

std::optional<std::pair<Telegram, std::size_t>> rtu_frame_at(View bytes, std::size_t at) {
  if (bytes.size() - at < 2 + crc_size) return std::nullopt;
  const View frame = bytes.subspan(at);
  const auto fits = [&](std::size_t size) { return crc_holds(frame.first(1 + size + crc_size)); };
  const auto reading = choose(frame.subspan(1, frame.size() - 1 - crc_size), fits);
  if (!reading) return std::nullopt;
  return std::pair{rtu_frame(bytes, at, *reading), 1 + reading->size + crc_size};
}

std::optional<std::pair<Telegram, std::size_t>> tcp_frame_at(View bytes, std::size_t at) {
  if (bytes.size() - at < mbap_size + 1) return std::nullopt;
  const View frame = bytes.subspan(at);
  const std::size_t length = word(frame, 4), size = mbap_size - 1 + length;
  if (word(frame, 2) != 0 || length < 2 || length > most_mbap_length || size > frame.size()) return std::nullopt;
  const auto reading =
      choose(frame.subspan(mbap_size, length - 1), [&](std::size_t pdu_size) { return pdu_size == length - 1; });
  if (!reading) return std::nullopt;
  Decoder decoder(tcp_name, bytes, at);
  decoder.telegram().sequence = static_cast<int>(word(decoder.field(2, "sequence"), 0));
  decoder.field(2, "protocol");
  decoder.field(2, "length");
  decoder.unit();
  decoder.pdu(*reading);
  return std::pair{decoder.take(), size};
}

std::vector<Telegram> all(View bytes, FrameAt frame_at, Telegram (*failure)(View)) {
  std::vector<Telegram> found;
  for (std::size_t at = 0; at < bytes.size();) {
    auto frame = frame_at(bytes, at);
    at += frame ? frame->second : 1;
    if (frame) found.push_back(std::move(frame->first));
  }
  if (found.empty()) found.push_back(failure(bytes));
  return found;
}

}  // namespace

Bytes rtu::encode(std::uint8_t unit, std::span<const std::uint8_t> pdu) {
  Bytes out{unit};
  out.insert(out.end(), pdu.begin(), pdu.end());
  const Bytes sum = sent_crc(out);
  out.insert(out.end(), sum.begin(), sum.end());
  return out;
}

std::vector<Telegram> rtu::telegrams_in(std::span<const std::uint8_t> bytes) {
  return all(bytes, rtu_frame_at, rtu_failure);
}

Bytes tcp::encode(std::uint16_t transaction, std::uint8_t unit, std::span<const std::uint8_t> pdu) {
  const std::size_t length = pdu.size() + 1;
  Bytes out{static_cast<std::uint8_t>(transaction >> 8), static_cast<std::uint8_t>(transaction), 0,   0,
            static_cast<std::uint8_t>(length >> 8),      static_cast<std::uint8_t>(length),      unit};
  out.insert(out.end(), pdu.begin(), pdu.end());
  return out;
}

std::vector<Telegram> tcp::telegrams_in(std::span<const std::uint8_t> bytes) {
  return all(bytes, tcp_frame_at, tcp_failure);
}

}  // namespace meterrig::modbus_telegram
