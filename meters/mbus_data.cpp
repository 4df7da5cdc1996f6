#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/encoding.hpp"
#include "meters/mbus_values.hpp"

// Data of one record from text (EN 13757-3, annex A): the way back from value_of().
namespace meterrig::mbus {
namespace {

using Bytes = std::vector<std::uint8_t>;

EncodeError out_of_range(const TelegramItem& item, const std::string& expected) {
  return {EncodeFault::out_of_range, fmt::format("{} {} is out of range, expected {}", json::in_quotes(item.name),
                                                 json::in_quotes(item.value), expected)};
}

// Types B and C.
Bytes integer_bytes(const TelegramItem& item, int exponent, std::size_t size, bool is_signed) {
  std::string digits = integer_text(item, -exponent);
  const bool minus = digits.starts_with('-');
  if (minus) digits.erase(0, 1);
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const std::uint64_t most = ~std::uint64_t{0} >> (64 - 8 * size), half = most / 2;
  const std::uint64_t limit = !is_signed ? most : minus ? half + 1 : half;
  if (parsed.ec != std::errc() || value > limit || (minus && !is_signed))
    throw out_of_range(item, fmt::format("{} bytes {} sign", size, is_signed ? "with" : "without"));
  if (minus) value = 0 - value;
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  return bytes;
}

// Type A: F as the highest digit is a minus sign.
Bytes digit_bytes(const TelegramItem& item, int exponent, std::size_t size) {
  TelegramItem integer{item.name, integer_text(item, -exponent), ""};
  const bool minus = integer.value.starts_with('-');
  if (minus) integer.value.erase(0, 1);
  if (minus && integer.value.size() == 2 * size) throw out_of_range(item, fmt::format("{} digits", 2 * size - 1));
  Bytes bytes = bcd_bytes(integer, 0, size);
  if (minus) bytes.back() |= 0xF0;
  return bytes;
}

Bytes little_endian(std::uint32_t bits) {
  Bytes bytes;
  for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(bits >> 8 * i));
  return bytes;
}

struct Point {
  unsigned second = 0, minute = 0, hour = 0, day = 1, month = 1, year = 2000;
};

Point point_of(const TelegramItem& item, const TimePattern& pattern) {
  const Bytes bytes = time_bytes(pattern, item);
  const auto part = [&](char letter, unsigned otherwise) {
    const std::size_t at = pattern.order.find(letter);
    return at == std::string_view::npos ? otherwise : (bytes[at] >> 4) * 10U + (bytes[at] & 0x0FU);
  };
  Point point{part('s', 0), part('m', 0), part('h', 0), part('D', 1), part('M', 1), 0};
  point.year = 100 * part('C', 20) + part('Y', 0);
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(point.year)),
                                        std::chrono::month(point.month), std::chrono::day(point.day)};
  if (!day.ok()) throw out_of_range(item, "a day of the calendar");
  return point;
}

// Two bytes shared by types F, G and I: without hundreds of years 1981 to 2080 can be said.
Bytes date_bytes(const TelegramItem& item, const Point& point, bool with_hundreds) {
  const unsigned most = with_hundreds ? 2299 : 2080;
  if (point.year < 1981 || point.year > most) throw out_of_range(item, fmt::format("the years 1981 to {}", most));
  const unsigned year = point.year % 100;
  return {static_cast<std::uint8_t>(point.day | year << 5), static_cast<std::uint8_t>(point.month | year >> 3 << 4)};
}

Bytes moment_bytes(const TelegramItem& item, bool with_seconds) {
  const Point point = point_of(item, {"smhDMYC", "CY-M-DTh:m:s"});
  if (!with_seconds && point.second != 0) throw out_of_range(item, "whole minutes");
  const unsigned hundreds = !with_seconds && point.year > 2080 ? (point.year - 1900) / 100 : 0;
  Bytes bytes{static_cast<std::uint8_t>(point.minute), static_cast<std::uint8_t>(point.hour | hundreds << 5)};
  const Bytes date = date_bytes(item, point, !with_seconds);
  bytes.insert(bytes.end(), date.begin(), date.end());
  if (with_seconds) {
    bytes.insert(bytes.begin(), static_cast<std::uint8_t>(point.second));
    bytes.push_back(0);
  }
  return bytes;
}

Bytes point_bytes(Coding coding, const TelegramItem& item) {
  if (coding == Coding::int16) return date_bytes(item, point_of(item, {"DMYC", "CY-M-D"}), false);
  if (coding == Coding::int32 || coding == Coding::int48) return moment_bytes(item, coding == Coding::int48);
  if (coding != Coding::int24) throw EncodeError(EncodeFault::not_encodable, "no time has this coding");
  const Point point = point_of(item, {"smh", "h:m:s"});
  return {static_cast<std::uint8_t>(point.second), static_cast<std::uint8_t>(point.minute),
          static_cast<std::uint8_t>(point.hour)};
}

// LVAR below C0: ISO 8859-1, last character first.
Bytes text_bytes(const TelegramItem& item) {
  Bytes bytes;
  const std::string& text = item.value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    const bool two = byte >= 0x80;
    const bool latin = !two || ((byte & 0xFC) == 0xC0 && i + 1 < text.size());
    if (!latin)
      throw EncodeError(EncodeFault::bad_value,
                        fmt::format("{} has characters that are not in ISO 8859-1", json::in_quotes(item.name)));
    bytes.push_back(two ? static_cast<std::uint8_t>(byte << 6 | (static_cast<std::uint8_t>(text[++i]) & 0x3F)) : byte);
  }
  if (bytes.size() >= 0xC0) throw out_of_range(item, "at most 191 characters");
  bytes.push_back(static_cast<std::uint8_t>(bytes.size()));
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

}  // namespace

Bytes data_of(Coding coding, Kind kind, int exponent, const TelegramItem& item) {
  if (coding == Coding::none || coding == Coding::readout) {
    if (item.value.empty()) return {};
    throw out_of_range(item, "no value");
  }
  if (coding == Coding::variable) return text_bytes(item);
  if (kind == Kind::date || kind == Kind::date_time) return point_bytes(coding, item);
  if (coding == Coding::float32) return little_endian(float32_bits(item, exponent));
  if (coding >= Coding::bcd2) return digit_bytes(item, exponent, data_size(coding));
  return integer_bytes(item, exponent, data_size(coding), kind != Kind::identifier);
}

}  // namespace meterrig::mbus
