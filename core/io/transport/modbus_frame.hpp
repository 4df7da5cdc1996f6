#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/io/byte_stream.hpp"
#include "core/io/modbus_crc.hpp"
#include "core/io/register_bus.hpp"

// Frames of Modbus (Application Protocol V1.1b3; Messaging on TCP/IP V1.0b; over Serial Line V1.02). Nothing here does
// I/O. A PDU is the function code and its data, without address, length or checksum.
namespace meterrig::modbus {

using View = std::span<const std::uint8_t>;

constexpr int illegal_function = 1;
constexpr int illegal_address = 2;
constexpr int illegal_value = 3;
constexpr int device_failure = 4;

struct Frame {
  int transaction = 0;  // TCP
  int unit = 0;
  Bytes pdu;
};

Bytes tcp_frame(int transaction, int unit, View pdu);
Bytes rtu_frame(int unit, View pdu);

// Takes the first whole TCP frame out of the buffer. Throws ProtocolError for a header that can't be Modbus.
std::optional<Frame> take_tcp(Bytes& buffer);

// Takes the first whole RTU request out of the buffer, past garbage before it. Frames are told by their length and CRC,
// not by pauses, which no pseudo-terminal keeps.
std::optional<Frame> take_rtu_request(Bytes& buffer);

// Length of an RTU request that begins here, checksum included; 0: more bytes are needed; none: no known function.
std::optional<std::size_t> rtu_request_length(View bytes) noexcept;

// Client side. A coil's value is 0 or 1; any other goes out in function 5 as it is, for devices with values of their
// own.
Bytes read_request(RegisterTable table, int address, int count);
Bytes write_request(RegisterTable table, int address, std::span<const std::uint16_t> values);

// What an answer says: values of a read, nothing for a write, or the exception's code.
struct Answer {
  std::vector<std::uint16_t> values;
  int exception = 0;
};
// Throws std::invalid_argument with the reason when this can't be the answer to this request.
Answer parse_answer(View request, View answer);

// Server side: a request taken apart.
struct Request {
  int function = 0;
  RegisterTable table = RegisterTable::holding;
  bool write = false;
  std::uint16_t address = 0;
  std::uint16_t count = 0;
  std::vector<std::uint16_t> values;
  int refuse = 0;  // the exception code that the request itself earns
};
Request parse_request(View pdu);
Bytes read_answer(const Request& request, std::span<const std::uint16_t> values);
Bytes write_answer(View request);
Bytes exception_answer(int function, int code);

}  // namespace meterrig::modbus
