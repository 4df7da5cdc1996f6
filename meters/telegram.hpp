#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What every meter protocol makes of its bytes. docs/telegrams.md publishes the names of protocols, items, errors and
// departures; all protocols and profiles use that one list.
namespace meterrig {

// A value as the meter sent it: exact, never binary floating point. `value` is empty when the field is no number; the
// reason then is among the departures.
struct TelegramItem {
  std::string name;   // "cumulative_volume"
  std::string value;  // "123.45", "2026-11-21T08:00:00", "valve_open"
  std::string unit;   // UCUM: "m3", "kW.h", "Cel"; empty: none
};

// Bytes from `from` up to, not including, `to`, counted from the first byte of the input.
struct ByteRange {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string is;  // "preamble", "start", "address", "control", "length", "data_identifier", "checksum", ...
};

struct Telegram {
  std::string protocol;  // "cjt188", "dlt645", "modbus-rtu", "modbus-tcp", "mbus"
  bool valid = false;
  std::string error;                    // a name of the list; empty: none
  std::string explanation;              // of the error, for people: which byte, what was expected
  std::vector<std::string> departures;  // from the standard, that could still be read
  std::string direction;                // "request", "response"; empty: the bytes don't say
  std::string address;                  // upper-case hex, most significant first, as people write it
  std::string meter_type;
  std::string control;
  std::string data_identifier;  // most significant byte first
  std::optional<int> sequence;
  std::vector<TelegramItem> items;
  std::vector<std::string> status;
  std::vector<ByteRange> bytes;
};

// Names of errors that all protocols share.
namespace telegram_error {
inline constexpr std::string_view no_start = "no_start", truncated = "truncated", bad_checksum = "bad_checksum",
                                  bad_end = "bad_end", bad_length = "bad_length", bad_address = "bad_address",
                                  bad_record = "bad_record", unknown_control = "unknown_control";
}  // namespace telegram_error

// "FE FE 68 ..", with or without spaces. Throws std::invalid_argument that names the place.
std::vector<std::uint8_t> bytes_from_hex(std::string_view text);
// Of all bytes, modulo 256: the checksum of CJ/T 188, DL/T 645 and M-Bus.
std::uint8_t byte_sum(std::span<const std::uint8_t> bytes);
// Upper case, without spaces.
std::string to_hex(std::span<const std::uint8_t> bytes);
// The bytes in the reverse order: how addresses and identifiers are written.
std::string to_hex_reversed(std::span<const std::uint8_t> bytes);
// BCD, low byte first, with `decimals` behind the point: {0x45, 0x23, 0x01} and 2 give "123.45". A set top bit of the
// last byte is a minus sign when `is_signed`. Null when a nibble is no decimal digit.
std::optional<std::string> bcd_text(std::span<const std::uint8_t> bytes, int decimals, bool is_signed = false);
// An exact decimal: digits * 10^-decimals.
std::string decimal_text(std::int64_t digits, int decimals);

}  // namespace meterrig
