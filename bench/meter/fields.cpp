#include "bench/meter/fields.hpp"

#include <cstddef>
#include <cstdlib>

#include "meters/cjt188.hpp"

namespace meterrig::bench {
namespace {

// Of a letter other than Y and C.
unsigned& part(Civil& civil, char letter) {
  switch (letter) {
    case 's':
      return civil.second;
    case 'm':
      return civil.minute;
    case 'h':
      return civil.hour;
    case 'D':
      return civil.day;
    case 'M':
      return civil.month;
    default:
      return civil.weekday;
  }
}

}  // namespace

void append(FieldBytes& out, std::span<const std::uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void append_bcd(FieldBytes& out, std::int64_t value, std::size_t bytes) {
  append(out, cjt188::to_bcd(static_cast<std::uint64_t>(value), bytes));
}

void append_signed_bcd(FieldBytes& out, std::int64_t value, std::size_t bytes) {
  append_bcd(out, std::abs(value), bytes);
  if (value < 0) out.back() |= 0x80;
}

void append_low_first(FieldBytes& out, std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void append_time(FieldBytes& out, Utc time, std::string_view letters) {
  Civil at = civil(time);
  for (const char letter : letters) {
    if (letter == 'Y' || letter == 'C')
      append_bcd(out, letter == 'Y' ? at.year % 100 : at.year / 100, 1);
    else
      append_bcd(out, part(at, letter), 1);
  }
}

std::uint32_t low_first(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) value = value << 8 | *byte;
  return value;
}

std::optional<Civil> civil_from(std::span<const std::uint8_t> bytes, std::string_view letters) {
  if (bytes.size() != letters.size()) return std::nullopt;
  Civil found;
  int century = 20, year = 0;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const auto value = cjt188::from_bcd(bytes.subspan(i, 1));
    if (!value) return std::nullopt;
    if (letters[i] == 'Y')
      year = static_cast<int>(*value);
    else if (letters[i] == 'C')
      century = static_cast<int>(*value);
    else
      part(found, letters[i]) = static_cast<unsigned>(*value);
  }
  found.year = century * 100 + year;
  if (found.weekday > 6 || !time_of(found)) return std::nullopt;
  return found;
}

}  // namespace meterrig::bench
