#pragma once

#include "meters/encoding.hpp"
#include "meters/telegram.hpp"

// All protocols at once: who knows only the bytes.
namespace meterrig {

// "cjt188", "dlt645", "mbus", "modbus-rtu", "modbus-tcp".
std::vector<std::string> protocol_names();

// The telegrams in the bytes, in order. `protocol`: one of protocol_names(); empty: the one that reads most of the
// bytes, and where none reads any, the one whose marks are there, with what is wrong.
std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes, const std::string& protocol = "");

// The frame that says what the telegram does, with as many bytes FE in front as its ranges show. Departures are not
// repeated: the frame is as the standard has it. What it reads back as has all items and status names that were asked
// for. Throws EncodeError.
std::vector<std::uint8_t> bytes_of(const Telegram& telegram, NumberCoding numbers = NumberCoding::integer);

}  // namespace meterrig
