#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "meters/telegram.hpp"

// CJ/T 188 frames as telegrams: what stands in them, which bytes say so, and what is wrong with those that can't be
// read. Positions in explanations count from 0, as the ranges do.
namespace meterrig::cjt188 {

// Every frame in the bytes, in order; noise around them is skipped. If there is none, one invalid telegram that
// explains the bytes that came nearest to a frame.
std::vector<Telegram> telegrams_in(std::span<const std::uint8_t> bytes);

// The frame that says what the telegram does, as the standard has it: departures are not repeated. Throws EncodeError,
// std::length_error past 255 data bytes.
std::vector<std::uint8_t> bytes_of(const Telegram& telegram);

}  // namespace meterrig::cjt188
