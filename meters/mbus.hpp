#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "meters/encoding.hpp"
#include "meters/frame_scanner.hpp"
#include "meters/telegram.hpp"

// M-Bus (EN 13757-2 link layer, EN 13757-3 application layer) on wires, in frame format FT 1.2.
namespace meterrig::mbus {

using Bytes = std::vector<std::uint8_t>;

// C fields. `fcb` is the frame count bit, which a master toggles.
namespace control {
inline constexpr std::uint8_t acknowledge = 0x00, snd_nke = 0x40, snd_ud = 0x53, req_ud1 = 0x5A, req_ud2 = 0x5B,
                              rsp_ud = 0x08, fcb = 0x20;
}  // namespace control

// CI fields: what the data of a long frame are.
namespace information {
inline constexpr std::uint8_t application_reset = 0x50, data_send = 0x51, selection = 0x52, application_error = 0x70,
                              variable_data = 0x72, no_header = 0x78, short_header = 0x7A;
}  // namespace information

inline constexpr std::uint8_t secondary_address = 0xFD, test_address = 0xFE, broadcast_address = 0xFF;
inline constexpr std::uint8_t acknowledge_byte = 0xE5;

// 10 C A CS 16, or with `information` 68 L L 68 C A CI DATA CS 16.
struct Frame {
  std::uint8_t control = 0;
  std::uint8_t address = 0;
  std::optional<std::uint8_t> information;
  Bytes data;
  bool operator==(const Frame&) const = default;
};
// Throws std::length_error past 252 data bytes, std::invalid_argument for data without `information`.
Bytes encode(const Frame& frame);

// The three forms of a frame for a FrameScanner. E5 is one only where nothing but frames has come before it.
struct FrameLayout {
  static constexpr std::size_t longest = 261;
  static const std::uint8_t* find_start(const std::uint8_t* from, const std::uint8_t* to);
  static FrameOutline outline(std::span<const std::uint8_t> bytes, bool fresh);
};

// Finds frames in a byte stream, in bounded memory. E5 comes as a short frame `acknowledge` from address 0: a slave may
// send either (IEC 60870-5-1, format class FT 1.2: a single character in place of the short frame).
class Scanner : public FrameScanner<FrameLayout> {
 public:
  using FrameScanner::FrameScanner;
  std::optional<Frame> next();
};

// Selects one meter, or with digits F those that match. 16 hexadecimal digits: identification number as printed, then
// manufacturer, version and medium as on the wire. Throws std::invalid_argument.
Frame selection(std::string_view secondary);

// Every frame in the bytes, in order; without any, one invalid Telegram that says what came nearest. The byte E5 is an
// acknowledge where it touches no noise. Places in explanations count as ByteRange does, from 0.
std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes);

// The frame that says what the telegram does. Items don't say how their meter coded them: numbers are coded as asked
// for. Throws EncodeError, std::length_error past 252 data bytes.
Bytes bytes_of(const Telegram& telegram, NumberCoding numbers = NumberCoding::integer);

}  // namespace meterrig::mbus
