#include "meters/field_format.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "core/exact_decimal.hpp"
#include "core/json/text.hpp"
#include "meters/encoding.hpp"

namespace meterrig {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::optional<std::string> binary_text(const FieldFormat& format, const Bytes& bytes) {
  if (bytes.empty() || bytes.size() > 8) return std::nullopt;
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) raw |= std::uint64_t{bytes[i]} << 8 * i;
  const std::size_t bits = 8 * bytes.size();
  const bool is_negative = format.is_signed && (raw >> (bits - 1) & 1) != 0;
  if (is_negative && bits < 64) raw |= ~std::uint64_t{0} << bits;
  if (!is_negative && raw >> 63 != 0) return std::nullopt;
  const auto value = static_cast<std::int64_t>(raw);
  if (format.decimals >= 0) return decimal_text(value, format.decimals);
  return scaled_text(std::to_string(value), -format.decimals);
}

Bytes binary_bytes(const FieldFormat& format, std::size_t size, const TelegramItem& item) {
  const std::size_t bits = std::min<std::size_t>(8 * size, 64) - (format.is_signed || size >= 8 ? 1 : 0);
  const auto most = static_cast<std::int64_t>((std::uint64_t{1} << bits) - 1);
  const std::int64_t value = integer_in(item, format.is_signed ? -most - 1 : 0, most, format.decimals);
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i)
    bytes.push_back(static_cast<std::uint8_t>(value >> 8 * std::min<std::size_t>(i, 7)));
  return bytes;
}

// The parts of a layout with the letters of TimePattern, and how the text shows them.
struct Clock {
  std::string order;
  std::string text;
  TimePattern pattern() const { return {order, text}; }
  bool has(char letter) const { return order.find(letter) != std::string::npos; }
  int at(std::span<const std::uint8_t> bytes, char letter) const {
    const std::uint8_t byte = bytes[order.find(letter)];
    return (byte >> 4) * 10 + (byte & 0xF);
  }
};

Clock clock_of(const std::string& layout) {
  static constexpr std::array<std::string_view, 8> parts{"CC", "YY", "MM", "DD", "WW", "hh", "mm", "ss"};
  static constexpr std::string_view letters = "CYMDWhms";
  Clock clock;
  for (std::size_t i = 0; i + 1 < layout.size(); i += 2) {
    const auto part = std::find(parts.begin(), parts.end(), std::string_view(layout).substr(i, 2));
    clock.order += letters[static_cast<std::size_t>(part - parts.begin())];
  }
  const auto add = [&](char letter, char before) {
    if (!clock.has(letter)) return;
    if (!clock.text.empty() && before != 0) clock.text += before;
    clock.text += letter;
  };
  if (clock.has('Y') && !clock.has('C')) clock.text = "20";
  add('C', 0);
  add('Y', 0);
  add('M', '-');
  add('D', '-');
  add('h', 'T');
  add('m', ':');
  add('s', ':');
  return clock;
}

// What the calendar has, as far as the parts tell a date.
std::optional<std::chrono::year_month_day> date_of(const Clock& clock, std::span<const std::uint8_t> bytes) {
  if (!clock.has('Y') || !clock.has('M') || !clock.has('D')) return std::nullopt;
  const int century = clock.has('C') ? clock.at(bytes, 'C') : 20;
  return std::chrono::year_month_day{std::chrono::year{century * 100 + clock.at(bytes, 'Y')},
                                     std::chrono::month{static_cast<unsigned>(clock.at(bytes, 'M'))},
                                     std::chrono::day{static_cast<unsigned>(clock.at(bytes, 'D'))}};
}

std::optional<std::string> clock_text(const FieldFormat& format, std::span<const std::uint8_t> bytes) {
  const Clock clock = clock_of(format.layout);
  if (clock.order.size() != bytes.size() || !bcd_text(bytes, 0) || !is_time(clock.pattern(), bytes))
    return std::nullopt;
  const auto date = date_of(clock, bytes);
  if (date && !date->ok()) return std::nullopt;
  return time_text(clock.pattern(), bytes);
}

Bytes clock_bytes(const FieldFormat& format, const TelegramItem& item) {
  const Clock clock = clock_of(format.layout);
  Bytes bytes = time_bytes(clock.pattern(), item);
  const auto date = date_of(clock, bytes);
  if (date && !date->ok())
    throw EncodeError(EncodeFault::out_of_range,
                      fmt::format("{} is no day of the calendar", json::in_quotes(item.value)));
  // DL/T 645-2007 table A.3: 0 is Sunday.
  if (date && clock.has('W'))
    bytes[clock.order.find('W')] =
        static_cast<std::uint8_t>(std::chrono::weekday{std::chrono::sys_days{*date}}.c_encoding());
  return bytes;
}

std::optional<std::string> ascii_text(const Bytes& bytes) {
  std::string text(bytes.rbegin(), bytes.rend());
  text.erase(std::min(text.find('\0'), text.size()));
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return printable ? std::optional(text) : std::nullopt;
}

Bytes ascii_bytes(std::size_t size, const TelegramItem& item) {
  if (item.value.size() > size)
    throw EncodeError(EncodeFault::out_of_range,
                      fmt::format("{} is longer than {} characters", json::in_quotes(item.value), size));
  Bytes bytes(item.value.rbegin(), item.value.rend());
  bytes.insert(bytes.begin(), size - bytes.size(), 0);
  return bytes;
}

// By what the bytes say, for a word of the profile.
TelegramItem without_words(const FieldFormat& format, const TelegramItem& item) {
  std::vector<std::string> known;
  for (const auto& [raw, word] : format.words) {
    if (word == item.value || raw == item.value) return {item.name, raw, item.unit};
    known.push_back(word);
  }
  if (known.empty()) return item;
  throw EncodeError(EncodeFault::bad_value,
                    fmt::format("{} {}, expected {}{}", json::in_quotes(item.name), json::in_quotes(item.value),
                                json::choice(known), json::did_you_mean(item.value, known)));
}

Bytes low_first_bytes(const FieldFormat& format, std::size_t size, const TelegramItem& item) {
  switch (format.kind) {
    case FieldFormat::Kind::bcd:
      return bcd_bytes(item, format.decimals, size, format.is_signed);
    case FieldFormat::Kind::binary:
      return binary_bytes(format, size, item);
    case FieldFormat::Kind::text:
      return ascii_bytes(size, item);
    default:
      return hex_bytes_reversed(item, size);
  }
}

}  // namespace

std::optional<std::string> field_text(const FieldFormat& format, std::span<const std::uint8_t> bytes) {
  Bytes value(bytes.begin(), bytes.end());
  if (format.high_first && format.kind != FieldFormat::Kind::time) std::reverse(value.begin(), value.end());
  std::optional<std::string> text;
  switch (format.kind) {
    case FieldFormat::Kind::bcd:
      text = bcd_text(value, std::max(format.decimals, 0), format.is_signed);
      if (text && format.decimals < 0) text = scaled_text(*text, -format.decimals);
      break;
    case FieldFormat::Kind::binary:
      text = binary_text(format, value);
      break;
    case FieldFormat::Kind::hex:
      text = to_hex_reversed(value);
      break;
    case FieldFormat::Kind::text:
      text = ascii_text(value);
      break;
    case FieldFormat::Kind::time:
      text = clock_text(format, value);
      break;
  }
  const auto word = format.words.find(text.value_or(""));
  return word == format.words.end() ? text : word->second;
}

std::string why_no_value(const FieldFormat& format, std::span<const std::uint8_t> bytes) {
  const auto all_are = [&](std::uint8_t value) {
    return std::all_of(bytes.begin(), bytes.end(), [value](std::uint8_t byte) { return byte == value; });
  };
  if (all_are(0xFF)) return "no_value";
  if (format.kind == FieldFormat::Kind::text) return "unprintable_text";
  if (format.kind != FieldFormat::Kind::time) return "invalid_bcd";
  return all_are(0x00) ? "no_time" : "invalid_time";
}

std::vector<std::uint8_t> field_bytes(const FieldFormat& format, std::size_t size, const TelegramItem& item) {
  try {
    const TelegramItem plain = without_words(format, item);
    if (format.kind == FieldFormat::Kind::time) return clock_bytes(format, plain);
    Bytes bytes = low_first_bytes(format, size, plain);
    if (format.high_first) std::reverse(bytes.begin(), bytes.end());
    return bytes;
  } catch (const EncodeError& wrong) {
    throw UserError(wrong.what());
  }
}

}  // namespace meterrig
