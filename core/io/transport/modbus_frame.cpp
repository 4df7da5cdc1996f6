#include "core/io/transport/modbus_frame.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "core/io/transport/link_errors.hpp"

namespace meterrig::modbus {
namespace {

constexpr std::size_t mbap_size = 7;
constexpr std::size_t most_rtu = 256;

std::uint16_t word(View bytes, std::size_t at) { return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]); }
void put(Bytes& out, int value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put_bits(Bytes& out, std::span<const std::uint16_t> values) {
  const std::size_t first = out.size();
  out.resize(first + (values.size() + 7) / 8);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i]) out[first + i / 8] = static_cast<std::uint8_t>(out[first + i / 8] | 1u << i % 8);
}
std::vector<std::uint16_t> take_bits(View bytes, std::size_t count) {
  std::vector<std::uint16_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = bytes[i / 8] >> i % 8 & 1;
  return values;
}
std::vector<std::uint16_t> take_words(View bytes) {
  std::vector<std::uint16_t> values(bytes.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = word(bytes, 2 * i);
  return values;
}

int coil_word(std::uint16_t value) { return value == 1 ? 0xFF00 : value; }
std::uint16_t coil_value(std::uint16_t sent) { return sent == 0xFF00 ? 1 : sent; }

bool is_bits(int function) { return function == 1 || function == 2; }

bool crc_holds(View frame) noexcept {
  const std::size_t body = frame.size() - 2;
  return crc16(frame.first(body)) == (frame[body] | frame[body + 1] << 8);
}

}  // namespace

Bytes tcp_frame(int transaction, int unit, View pdu) {
  Bytes out;
  out.reserve(mbap_size + pdu.size());
  put(out, transaction);
  put(out, 0);
  put(out, static_cast<int>(pdu.size()) + 1);
  out.push_back(static_cast<std::uint8_t>(unit));
  out.insert(out.end(), pdu.begin(), pdu.end());
  return out;
}

Bytes rtu_frame(int unit, View pdu) {
  Bytes out;
  out.reserve(pdu.size() + 3);
  out.push_back(static_cast<std::uint8_t>(unit));
  out.insert(out.end(), pdu.begin(), pdu.end());
  const std::uint16_t crc = crc16(out);
  out.push_back(static_cast<std::uint8_t>(crc));
  out.push_back(static_cast<std::uint8_t>(crc >> 8));
  return out;
}

std::optional<Frame> take_tcp(Bytes& buffer) {
  if (buffer.size() < mbap_size) return std::nullopt;
  const std::size_t length = word(buffer, 4);
  if (word(buffer, 2) != 0 || length < 2 || length > 254)
    throw ProtocolError(fmt::format("no Modbus TCP header: {}", printable(buffer)), {"", "", printable(buffer), {}});
  const auto end = static_cast<std::ptrdiff_t>(6 + length);
  if (buffer.size() < 6 + length) return std::nullopt;
  Frame frame{word(buffer, 0), buffer[6], Bytes(buffer.begin() + mbap_size, buffer.begin() + end)};
  buffer.erase(buffer.begin(), buffer.begin() + end);
  return frame;
}

std::optional<std::size_t> rtu_request_length(View bytes) noexcept {
  if (bytes.size() < 2) return 0;
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
      return 8;
    case 15:
    case 16:
      return bytes.size() < 7 ? 0 : 9u + bytes[6];
    default:
      return std::nullopt;
  }
}

std::optional<Frame> take_rtu_request(Bytes& buffer) {
  bool waiting = false;
  for (std::size_t at = 0; at + 4 <= buffer.size(); ++at) {
    const View rest = View(buffer).subspan(at);
    // A function unknown here has no known length; whatever ends with its checksum now is taken for one frame.
    const std::size_t length = rtu_request_length(rest).value_or(rest.size());
    if (length == 0 || length > rest.size()) {
      // Perhaps the beginning of a frame, perhaps garbage that looks so: a whole frame behind it decides.
      waiting = waiting || length <= most_rtu;
      continue;
    }
    if (!crc_holds(rest.first(length))) continue;
    Frame frame{0, rest[0], Bytes(rest.begin() + 1, rest.begin() + static_cast<std::ptrdiff_t>(length) - 2)};
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(at + length));
    return frame;
  }
  if (!waiting && buffer.size() > 3) buffer.erase(buffer.begin(), buffer.end() - 3);
  if (buffer.size() > 2 * most_rtu) buffer.erase(buffer.begin(), buffer.end() - most_rtu);
  return std::nullopt;
}

Bytes read_request(RegisterTable table, int address, int count) {
  static constexpr std::array<std::uint8_t, 4> functions{1, 2, 3, 4};
  Bytes out{functions[static_cast<std::size_t>(table)]};
  put(out, address);
  put(out, count);
  return out;
}

Bytes write_request(RegisterTable table, int address, std::span<const std::uint16_t> values) {
  const bool coils = table == RegisterTable::coils;
  if (coils && values.size() == 1) {
    Bytes out{5};
    put(out, address);
    put(out, coil_word(values[0]));
    return out;
  }
  Bytes out{static_cast<std::uint8_t>(coils ? 15 : 16)};
  put(out, address);
  put(out, static_cast<int>(values.size()));
  out.push_back(static_cast<std::uint8_t>(coils ? (values.size() + 7) / 8 : 2 * values.size()));
  if (coils) {
    put_bits(out, values);
  } else {
    for (const std::uint16_t value : values) put(out, value);
  }
  return out;
}

Answer parse_answer(View request, View answer) {
  if (answer.empty()) throw std::invalid_argument("the answer is empty");
  const int function = request[0];
  if (answer[0] == (function | 0x80) && answer.size() == 2) {
    // A refusal all the same: as code 0 it would pass for an answer without one.
    if (answer[1] == 0) throw std::invalid_argument("an exception without a code");
    return {{}, answer[1]};
  }
  if (answer[0] != function)
    throw std::invalid_argument(fmt::format("function {} answers function {}", answer[0], function));
  if (function > 4) {
    if (answer.size() != 5 || !std::equal(answer.begin(), answer.end(), request.begin()))
      throw std::invalid_argument("the answer does not repeat what was written");
    return {};
  }
  const std::size_t count = word(request, 3);
  const std::size_t size = is_bits(function) ? (count + 7) / 8 : 2 * count;
  if (answer.size() < 2 || answer[1] != size || answer.size() != 2 + size)
    throw std::invalid_argument(fmt::format("{} bytes answer a request for {}", answer.size() - 1, size + 1));
  const View data = answer.subspan(2);
  return {is_bits(function) ? take_bits(data, count) : take_words(data), 0};
}

Request parse_request(View pdu) {
  Request request;
  request.function = pdu.empty() ? 0 : pdu[0];
  const int function = request.function;
  const bool many = function == 15 || function == 16;
  if (function < 1 || (function > 6 && !many)) return request.refuse = illegal_function, request;
  if (pdu.size() < 5) return request.refuse = illegal_value, request;
  constexpr std::array tables{RegisterTable::coils, RegisterTable::discrete_inputs, RegisterTable::holding,
                              RegisterTable::input};
  const bool coils = function == 5 || function == 15;
  request.write = function > 4;
  request.table = request.write ? (coils ? RegisterTable::coils : RegisterTable::holding)
                                : tables[static_cast<std::size_t>(function - 1)];
  request.address = word(pdu, 1);
  const std::uint16_t second = word(pdu, 3);
  request.count = function == 5 || function == 6 ? std::uint16_t{1} : second;
  const int most = many ? (coils ? 1968 : 123) : is_bits(function) ? 2000 : 125;
  const std::size_t size = coils ? (request.count + 7u) / 8 : 2u * request.count;
  if (request.count < 1 || request.count > most || (many && (pdu.size() != 6 + size || pdu[5] != size)) ||
      (!many && pdu.size() != 5)) {
    request.refuse = illegal_value;
  } else if (request.address + request.count > 65536) {
    request.refuse = illegal_address;
  } else if (many) {
    request.values = coils ? take_bits(pdu.subspan(6), request.count) : take_words(pdu.subspan(6));
  } else if (request.write) {
    request.values = {coils ? coil_value(second) : second};
  }
  return request;
}

Bytes read_answer(const Request& request, std::span<const std::uint16_t> values) {
  Bytes out{static_cast<std::uint8_t>(request.function)};
  out.push_back(static_cast<std::uint8_t>(is_bits(request.function) ? (values.size() + 7) / 8 : 2 * values.size()));
  if (is_bits(request.function)) {
    put_bits(out, values);
  } else {
    for (const std::uint16_t value : values) put(out, value);
  }
  return out;
}

Bytes write_answer(View request) { return Bytes(request.begin(), request.begin() + 5); }

Bytes exception_answer(int function, int code) {
  return {static_cast<std::uint8_t>(function | 0x80), static_cast<std::uint8_t>(code)};
}

}  // namespace meterrig::modbus
