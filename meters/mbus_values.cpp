#include "meters/mbus_values.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

#include "core/exact_decimal.hpp"

namespace meterrig::mbus {
namespace {

using View = std::span<const std::uint8_t>;

Value departed(std::string why) { return {"", std::move(why), false}; }
Value words(std::string text) { return {std::move(text), "", false}; }
Value number(std::string text) { return {std::move(text), "", true}; }

std::uint64_t little_endian(View bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

Value integer(View bytes, bool is_signed) {
  const std::uint64_t value = little_endian(bytes);
  if (!is_signed || bytes.empty() || (bytes.back() & 0x80) == 0) return number(std::to_string(value));
  const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
  return number(std::to_string(static_cast<std::int64_t>(value << unused) >> unused));
}

// Type A. F as the highest digit is a minus sign; digits A to E and other Fs are what the display shows in a fault.
Value bcd(View bytes) {
  std::vector<std::uint8_t> digits(bytes.begin(), bytes.end());
  const bool minus = !digits.empty() && digits.back() >> 4 == 0xF;
  if (minus) digits.back() &= 0x0F;
  if (auto text = bcd_text(digits, 0)) return number(minus ? "-" + *text : *text);
  const bool no_digit_at_all =
      std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte >> 4 > 9 && (byte & 0xF) > 9; });
  return departed(no_digit_at_all ? "error_value" : "not_bcd");
}

Value real(View bytes, int exponent) {
  const auto text = float32_text(static_cast<std::uint32_t>(little_endian(bytes)), exponent);
  return text ? number(*text) : departed("not_a_number");
}

struct Point {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  bool invalid = false;
};

// Two bytes shared by types F, G and I: year in seven bits, split.
void read_date(Point& point, std::uint8_t low, std::uint8_t high) {
  point.day = low & 0x1F;
  point.month = high & 0x0F;
  point.year = low >> 5 | (high >> 4) << 3;
  point.invalid = point.invalid || point.year > 99;
}

// Without a hundred-year field the years 0 to 80 are those of this century (EN 13757-3, annex A, type F).
int full_year(int year, int hundreds) {
  if (hundreds > 0) return 1900 + 100 * hundreds + year;
  return year <= 80 ? 2000 + year : 1900 + year;
}

bool exists(const Point& point) {
  const std::chrono::year_month_day day{std::chrono::year(point.year), std::chrono::month(point.month),
                                        std::chrono::day(point.day)};
  return !point.invalid && day.ok() && point.hour < 24 && point.minute < 60 && point.second < 60;
}

Value date(View bytes) {
  Point point;
  read_date(point, bytes[0], bytes[1]);
  point.year = full_year(point.year, 0);
  if (!exists(point)) return departed("invalid_date");
  return words(fmt::format("{:04}-{:02}-{:02}", point.year, point.month, point.day));
}

Value date_time(View bytes) {
  Point point;
  const bool seconds = bytes.size() == 6;  // type I has a byte of seconds in front of what type F has
  const View at = bytes.subspan(seconds ? 1 : 0);
  point.second = seconds ? bytes[0] & 0x3F : 0u;
  point.minute = at[0] & 0x3F;
  point.hour = at[1] & 0x1F;
  point.invalid = (at[0] & 0x80) != 0;
  read_date(point, at[2], at[3]);
  point.year = full_year(point.year, seconds ? 0 : at[1] >> 5 & 3);
  if (!exists(point)) return departed("invalid_clock");
  return words(fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", point.year, point.month, point.day, point.hour,
                           point.minute, point.second));
}

// Type J.
Value time_of_day(View bytes) {
  const unsigned second = bytes[0] & 0x3F, minute = bytes[1] & 0x3F, hour = bytes[2] & 0x1F;
  if (hour > 23 || minute > 59 || second > 59) return departed("invalid_clock");
  return words(fmt::format("{:02}:{:02}:{:02}", hour, minute, second));
}

Value point_in_time(Coding coding, Kind kind, View bytes) {
  switch (coding) {
    case Coding::int16:
      return date(bytes);
    case Coding::int24:
      return time_of_day(bytes);
    case Coding::int32:
    case Coding::int48:
      return date_time(bytes);
    default:
      return departed(kind == Kind::date ? "invalid_date" : "invalid_clock");
  }
}

// EN 13757-3, table 5: text, BCD and binary numbers by ranges of LVAR.
Value variable(View bytes) {
  const std::uint8_t lvar = bytes[0];
  const View data = bytes.subspan(1);
  if (lvar < 0xC0) return words(latin1_text(data));
  if (data.empty()) return {};
  if (lvar >= 0xE0) return words(to_hex_reversed(data));
  Value value = bcd(data);
  if (lvar >= 0xD0 && value.is_number && !value.text.starts_with('-')) value.text.insert(0, 1, '-');
  return value;
}

Value unscaled(Coding coding, Kind kind, View data) {
  if (coding == Coding::none || coding == Coding::readout) return {};
  if (coding == Coding::variable) return variable(data);
  if (kind == Kind::date || kind == Kind::date_time) return point_in_time(coding, kind, data);
  if (coding >= Coding::bcd2) return bcd(data);
  return integer(data, kind != Kind::identifier);
}

}  // namespace

std::optional<std::size_t> variable_size(std::uint8_t lvar) {
  if (lvar < 0xC0) return lvar;
  if (lvar < 0xE0 && (lvar & 0x0F) <= 9) return lvar & 0x0Fu;
  if (lvar >= 0xE0 && lvar <= 0xEF) return lvar - 0xE0u;
  if (lvar >= 0xF0 && lvar <= 0xF4) return 4u * (lvar - 0xECu);
  return std::nullopt;
}

std::string latin1_text(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    const std::uint8_t byte = bytes[i];
    if (byte >= 0x80) text.push_back(static_cast<char>(0xC0 | byte >> 6));
    text.push_back(static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte));
  }
  return text;
}

Value value_of(Coding coding, Kind kind, int exponent, std::span<const std::uint8_t> data) {
  if (coding == Coding::float32 && kind < Kind::date) return real(data, exponent);
  Value value = unscaled(coding, kind, data);
  if (value.is_number) value.text = scaled_text(value.text, exponent);
  return value;
}

}  // namespace meterrig::mbus
