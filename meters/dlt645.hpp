#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meters/frame_scanner.hpp"
#include "meters/telegram.hpp"

// DL/T 645-2007, and what of DL/T 645-1997 a meter may still send.
namespace meterrig::dlt645 {

using Bytes = std::vector<std::uint8_t>;
using Address = std::array<std::uint8_t, 6>;  // A0 (lowest) first, BCD

inline constexpr Address broadcast_address{0x99, 0x99, 0x99, 0x99, 0x99, 0x99};
inline constexpr Address wildcard_address{0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA};

// Functions: bits 4 to 0 of the control code (5.2.4). A reply sets bit 7, an abnormal reply bits 7 and 6; bit 5 says
// that more data follows.
namespace control {
inline constexpr std::uint8_t authenticate = 0x03, broadcast_time = 0x08, read_data = 0x11, read_next = 0x12,
                              read_address = 0x13, write_data = 0x14, write_address = 0x15, freeze = 0x16,
                              baud_rate = 0x17, password = 0x18, clear_demand = 0x19, clear_meter = 0x1A,
                              clear_events = 0x1B, relay = 0x1C, output = 0x1D;
inline constexpr std::uint8_t reply = 0x80, abnormal = 0x40, more = 0x20, function = 0x1F;
}  // namespace control

// "read_data", "clear_demand"; empty for a reserved code.
std::string_view function_name(std::uint8_t control);

// Names of the bits of a 2007 abnormal reply's error word: "no_such_data, not_authorised".
std::string error_text(std::uint8_t word);

// 68 A0..A5 68 C L DATA CS 16
struct Frame {
  Address address{};
  std::uint8_t control = 0;
  Bytes data;  // as it was meant: without the 33H that each byte carries on the line (5.2.6)
  bool operator==(const Frame&) const = default;
};

// With `preamble` bytes FE in front, 4 to wake the meter (5.3.1). Throws std::length_error past 255 data bytes.
Bytes encode(const Frame& frame, int preamble = 4);

// Finds frames in a byte stream, in bounded memory: next(), called until it has no more, leaves less than one frame.
class Scanner : public FrameScanner<CountedDataLayout<9, 7>> {
 public:
  using FrameScanner::FrameScanner;
  std::optional<Frame> next();
};

// "042209026460" (A5 first). Throws std::invalid_argument.
Address address_from_hex(std::string_view text);

// PA P0 P1 P2 C0 C1 C2 C3: who asks, and by which right.
struct Authority {
  std::uint8_t level = 2;
  std::uint32_t password = 0;  // P2 P1 P0, six BCD digits
  std::uint32_t operator_code = 0;
};

// YY MM DD hh mm ss in this order, as decimal numbers.
struct Moment {
  std::uint8_t year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
};

// N1 of the relay command.
enum class Relay : std::uint8_t {
  trip = 0x1A,
  permit_close = 0x1B,
  close = 0x1C,
  trip_and_restore = 0x1D,
  trip_and_close = 0x1E,
  alarm = 0x2A,
  alarm_off = 0x2B,
  keep_power = 0x3A,
  keep_power_off = 0x3B
};

Frame read_request(const Address& to, std::uint32_t identifier);
Frame read_next_request(const Address& to, std::uint32_t identifier, std::uint8_t number);
Frame read_address_request();
// `content`: low byte first, as encode_value() makes it.
Frame write_request(const Address& to, std::uint32_t identifier, const Authority& by,
                    std::span<const std::uint8_t> content);
// Refused by the meter once `deadline` has passed.
Frame relay_request(const Address& to, Relay command, const Authority& by, const Moment& deadline);
// To all meters, which do not answer.
Frame broadcast_time(const Moment& now);

// The content of an identifier that holds one value: encode_value(0x02010100, "224.8") is {0x48, 0x22}. Throws
// std::invalid_argument if the identifier holds none, or several, or the value doesn't fit its format exactly.
Bytes encode_value(std::uint32_t identifier, std::string_view value);

// Every frame in the bytes in order, with noise around them skipped. If there is none, one invalid telegram that says
// what came nearest to a frame and where it failed.
std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes);

// The frame that says what the telegram does, as the standard has it: departures are not repeated. Throws EncodeError,
// std::length_error past 255 data bytes.
Bytes bytes_of(const Telegram& telegram);

}  // namespace meterrig::dlt645
