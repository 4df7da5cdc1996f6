#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "meters/encoding.hpp"
#include "meters/protocols.hpp"

// What the property tests share. Each case runs with RapidCheck's default number of examples.
namespace meterrig::properties {

using Bytes = std::vector<std::uint8_t>;

// The same examples in every run, unless who runs the test asks for others.
inline const bool repeatable = setenv("RC_PARAMS", "seed=2018", 0) == 0;

// Evenly from 0 to most, whatever size RapidCheck thinks of.
inline std::uint64_t up_to(std::uint64_t most) {
  const auto value = *rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint64_t>());
  return most == ~std::uint64_t{0} ? value : value % (most + 1);
}

template <class List>
const auto& one_of(const List& list) {
  return list[up_to(std::size(list) - 1)];
}

inline Bytes any_bytes(std::size_t size) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(up_to(0xFF));
  return bytes;
}

inline std::uint8_t bcd(std::uint64_t value) { return static_cast<std::uint8_t>(value / 10 << 4 | value % 10); }

// All numbers of so many digits; the least and the greatest more often than the others.
inline Bytes bcd_number(std::size_t size) {
  Bytes bytes(size);
  const std::uint64_t edge = up_to(19);
  for (std::uint8_t& byte : bytes) byte = edge == 0 ? 0x00 : edge == 1 ? 0x99 : bcd(up_to(99));
  return bytes;
}

// Bytes of a clock in the order of the pattern, on days of 28 to 31.
inline Bytes moment(std::string_view order) {
  Bytes bytes;
  for (const char letter : order) {
    const bool sixty = letter == 's' || letter == 'm';
    const std::uint64_t least = letter == 'D' || letter == 'M' ? 1 : 0;
    const std::uint64_t most = sixty           ? 59
                               : letter == 'h' ? 23
                               : letter == 'D' ? 31
                               : letter == 'M' ? 12
                               : letter == 'W' ? 6
                                               : 99;
    bytes.push_back(letter == 'C' ? bcd(19 + up_to(1)) : bcd(least + up_to(most - least)));
  }
  return bytes;
}

// The frame departs from nothing, and what it says makes the same bytes again.
inline Telegram comes_back(const std::string& protocol, const Bytes& frame) {
  RC_LOG() << protocol << " " << to_hex(frame) << "\n";
  const auto telegrams = telegrams_in(frame, protocol);
  RC_ASSERT(telegrams.size() == 1U);
  const Telegram& telegram = telegrams.front();
  RC_ASSERT(telegram.error == "");
  RC_ASSERT(telegram.departures == std::vector<std::string>());
  RC_ASSERT(to_hex(bytes_of(telegram)) == to_hex(frame));
  return telegram;
}

inline std::optional<EncodeFault> fault_of(const Telegram& telegram) {
  try {
    bytes_of(telegram);
    return std::nullopt;
  } catch (const EncodeError& refused) {
    RC_LOG() << refused.what() << "\n";
    return refused.fault();
  }
}

// A number of `digits` digits, `decimals` of them behind the point, at items[at]: what is too much for it, and what it
// is not. Then the telegram without it, and with one more.
inline void refusals(Telegram telegram, std::size_t at, std::size_t digits, int decimals) {
  const std::string name = telegram.items[at].name, good = telegram.items[at].value;
  const auto with = [&](const std::string& value) {
    telegram.items[at].value = value;
    return fault_of(telegram);
  };
  RC_ASSERT(with(good + (decimals > 0 ? "1" : ".1")) == EncodeFault::too_many_decimals);
  RC_ASSERT(with("1" + std::string(digits - static_cast<std::size_t>(decimals), '0')) == EncodeFault::out_of_range);
  for (const char* wrong : {"x", "1,5", "1e3", "-", ".", "1.", "+1", " 1"})
    RC_ASSERT(with(wrong) == EncodeFault::bad_value);
  RC_ASSERT(with("") == EncodeFault::missing_item);
  telegram.items[at] = {name, good, "furlong"};
  RC_ASSERT(fault_of(telegram) == EncodeFault::unknown_unit);
  telegram.items[at] = {"unheard_of", "1", ""};
  RC_ASSERT(fault_of(telegram) == EncodeFault::missing_item);
  telegram.items[at].name = name + "x";
  RC_ASSERT(fault_of(telegram) == EncodeFault::unknown_item);
}

}  // namespace meterrig::properties
