#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/dlt645_items.hpp"
#include "meters/encoding.hpp"

// One field of annex A, from bytes to text and back.
namespace meterrig::dlt645 {

namespace {

using Span = std::span<const std::uint8_t>;

struct TimeFormat {
  Format format;
  TimePattern pattern;
};
constexpr std::array time_formats{TimeFormat{Format::clock_time, {"smh", "h:m:s"}},
                                  TimeFormat{Format::date_weekday, {"WDMY", "20Y-M-D"}},
                                  TimeFormat{Format::minute, {"mhDMY", "20Y-M-DTh:m"}},
                                  TimeFormat{Format::second, {"smhDMY", "20Y-M-DTh:m:s"}},
                                  TimeFormat{Format::date_time, {"smhWDMY", "20Y-M-DTh:m:s"}},
                                  TimeFormat{Format::month_minute, {"mhDM", "M-DTh:m"}},
                                  TimeFormat{Format::day_hour, {"hD", "DTh"}}};
constexpr TimePattern freeze_pattern{"mhDM", "M-DTh:m"};
constexpr std::uint8_t every = 0x99;

struct Word {
  std::uint8_t code;
  std::string_view name;
};
constexpr std::array relay_commands{
    Word{0x1A, "trip"},           Word{0x1B, "permit_close"}, Word{0x1C, "close"},     Word{0x1D, "trip_and_restore"},
    Word{0x1E, "trip_and_close"}, Word{0x2A, "alarm"},        Word{0x2B, "alarm_off"}, Word{0x3A, "keep_power"},
    Word{0x3B, "keep_power_off"}};
constexpr std::array output_signals{Word{0, "clock_pulse"}, Word{1, "demand_period"}, Word{2, "tariff_switch"}};
// Z of the baud-rate words, one bit each.
constexpr std::array rates{Word{0x02, "600"},  Word{0x04, "1200"}, Word{0x08, "2400"},
                           Word{0x10, "4800"}, Word{0x20, "9600"}, Word{0x40, "19200"}};
struct WordFormat {
  Format format;
  std::string_view unknown;  // the departure
  std::span<const Word> words;
};
constexpr std::array word_formats{WordFormat{Format::relay_command, "unknown_relay_command", relay_commands},
                                  WordFormat{Format::output_signal, "unknown_output_signal", output_signals},
                                  WordFormat{Format::baud_rate, "unknown_baud_rate", rates}};

// The bits of the status words that have a name.
struct StatusBit {
  unsigned word;  // 4 stands for 4, 5 and 6, one for each phase
  unsigned bit;
  std::string_view name;
};
constexpr std::array status_bits{StatusBit{1, 1, "demand_by_sliding"},
                                 StatusBit{1, 2, "clock_battery_low"},
                                 StatusBit{1, 3, "reading_battery_low"},
                                 StatusBit{1, 4, "active_power_reversed"},
                                 StatusBit{1, 5, "reactive_power_reversed"},
                                 StatusBit{2, 0, "active_power_reversed_a"},
                                 StatusBit{2, 1, "active_power_reversed_b"},
                                 StatusBit{2, 2, "active_power_reversed_c"},
                                 StatusBit{2, 4, "reactive_power_reversed_a"},
                                 StatusBit{2, 5, "reactive_power_reversed_b"},
                                 StatusBit{2, 6, "reactive_power_reversed_c"},
                                 StatusBit{3, 0, "second_period_table"},
                                 StatusBit{3, 1, "auxiliary_supply"},
                                 StatusBit{3, 2, "battery_supply"},
                                 StatusBit{3, 3, "programming_permitted"},
                                 StatusBit{3, 4, "relay_open"},
                                 StatusBit{3, 5, "second_zone_table"},
                                 StatusBit{3, 6, "relay_commanded_open"},
                                 StatusBit{3, 7, "trip_warning"},
                                 StatusBit{4, 0, "voltage_loss"},
                                 StatusBit{4, 1, "undervoltage"},
                                 StatusBit{4, 2, "overvoltage"},
                                 StatusBit{4, 3, "current_loss"},
                                 StatusBit{4, 4, "overcurrent"},
                                 StatusBit{4, 5, "overload"},
                                 StatusBit{4, 6, "power_reversal"},
                                 StatusBit{4, 7, "phase_break"},
                                 StatusBit{4, 8, "current_break"},
                                 StatusBit{7, 0, "voltage_sequence_reversed"},
                                 StatusBit{7, 1, "current_sequence_reversed"},
                                 StatusBit{7, 2, "voltage_unbalance"},
                                 StatusBit{7, 3, "current_unbalance"},
                                 StatusBit{7, 4, "auxiliary_supply_lost"},
                                 StatusBit{7, 5, "power_down"},
                                 StatusBit{7, 6, "demand_exceeded"},
                                 StatusBit{7, 7, "power_factor_low"}};

bool all(Span bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [value](std::uint8_t byte) { return byte == value; });
}

bool is_bcd(Span bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t byte) { return byte >> 4 <= 9 && (byte & 0x0F) <= 9; });
}

const TimePattern* time_pattern(Format format) {
  for (const TimeFormat& each : time_formats)
    if (each.format == format) return &each.pattern;
  return nullptr;
}

const WordFormat* word_format(Format format) {
  for (const WordFormat& each : word_formats)
    if (each.format == format) return &each;
  return nullptr;
}

FieldText time_of(const TimePattern& pattern, Span bytes) {
  // An event that hasn't happened is sent as zeros; midnight alone is a time.
  const bool dated = pattern.order.find('D') != std::string_view::npos;
  if (dated && all(bytes, 0)) return {"", "no_time"};
  if (!is_bcd(bytes)) return {"", "invalid_bcd"};
  if (!is_time(pattern, bytes)) return {"", "invalid_time"};
  return {time_text(pattern, bytes)};
}

// The last character comes first. Texts that are shorter than their field end with 00.
FieldText ascii_text(Span bytes) {
  FieldText read;
  const auto begin = std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte != 0; });
  for (std::size_t i = bytes.size(), end = static_cast<std::size_t>(begin - bytes.begin()); i > end; --i) {
    if (bytes[i - 1] >= 0x20 && bytes[i - 1] < 0x7F)
      read.text += static_cast<char>(bytes[i - 1]);
    else
      read.departure = "unprintable_text";
  }
  return read;
}

FieldText number_of(const Field& field, Span bytes) {
  const auto text = bcd_text(bytes, field.decimals, field.is_signed);
  if (!text) return {"", "invalid_bcd"};
  const bool minus = field.is_signed && (bytes.back() & 0x80) != 0;
  return {*text, minus && !text->starts_with('-') ? "negative_zero" : ""};
}

FieldText word_of(const WordFormat& format, std::uint8_t code) {
  for (const Word& word : format.words)
    if (word.code == code) return {std::string(word.name)};
  return {"", format.unknown};
}

Bytes text_bytes(const Field& field, const TelegramItem& item) {
  const bool printable =
      std::all_of(item.value.begin(), item.value.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
  if (!printable)
    throw EncodeError(EncodeFault::bad_value, fmt::format("\"{}\" has characters that are not ASCII", item.name));
  if (item.value.size() > field.size)
    throw EncodeError(EncodeFault::out_of_range,
                      fmt::format("\"{}\" has {} characters, at most {}", item.name, item.value.size(), field.size));
  Bytes bytes(item.value.rbegin(), item.value.rend());
  bytes.insert(bytes.begin(), field.size - bytes.size(), 0);
  return bytes;
}

Bytes word_bytes(const WordFormat& format, const TelegramItem& item) {
  std::vector<std::string> names;
  for (const Word& word : format.words) {
    if (word.name == item.value) return {word.code};
    names.emplace_back(word.name);
  }
  throw EncodeError(EncodeFault::bad_value,
                    fmt::format("{} is {}, expected {}{}", json::in_quotes(item.name), json::in_quotes(item.value),
                                json::choice(names), json::did_you_mean(item.value, names)));
}

// Sunday is 0. A day that no calendar has stays 0.
std::uint8_t weekday_of(const TimePattern& pattern, Span bytes) {
  const auto part = [&](char letter) {
    const std::uint8_t byte = bytes[pattern.order.find(letter)];
    return (byte >> 4) * 10U + (byte & 0x0FU);
  };
  const std::chrono::year_month_day day{std::chrono::year(2000 + static_cast<int>(part('Y'))),
                                        std::chrono::month(part('M')), std::chrono::day(part('D'))};
  if (!day.ok()) return 0;
  return static_cast<std::uint8_t>(std::chrono::weekday(std::chrono::sys_days(day)).c_encoding());
}

Bytes moment_bytes(const Field& field, const TimePattern& pattern, const TelegramItem& item) {
  Bytes bytes = time_bytes(pattern, item);
  if (const auto at = weekday_at(field.format)) bytes[*at] = weekday_of(pattern, bytes);
  return bytes;
}

}  // namespace

FieldText field_text(const Field& field, Span bytes) {
  if (const WordFormat* words = word_format(field.format); words && !all(bytes, 0xFF)) return word_of(*words, bytes[0]);
  if (field.format == Format::freeze_time)
    return {time_text(freeze_pattern, bytes), is_bcd(bytes) ? "" : "invalid_bcd"};
  if (field.format == Format::hex || field.format == Format::status_word) return {to_hex_reversed(bytes)};
  // What a meter doesn't measure it sends as FF.
  if (all(bytes, 0xFF)) return {"", "no_value"};
  if (const TimePattern* pattern = time_pattern(field.format)) return time_of(*pattern, bytes);
  switch (field.format) {
    case Format::decimal:
      return number_of(field, bytes);
    case Format::digits:
      return is_bcd(bytes) ? FieldText{to_hex_reversed(bytes)} : FieldText{"", "invalid_bcd"};
    case Format::text:
      return ascii_text(bytes);
    default:
      return {to_hex_reversed(bytes)};
  }
}

Bytes field_bytes(const Field& field, const TelegramItem& item) {
  expect_unit(item, field.unit);
  if (const TimePattern* pattern = time_pattern(field.format)) return moment_bytes(field, *pattern, item);
  if (const WordFormat* words = word_format(field.format)) return word_bytes(*words, item);
  switch (field.format) {
    case Format::decimal:
    case Format::digits:
      return bcd_bytes(item, field.decimals, field.size, field.is_signed);
    case Format::text:
      return text_bytes(field, item);
    case Format::freeze_time:
      return time_bytes(freeze_pattern, item, false);
    default:
      return hex_bytes_reversed(item, field.size);
  }
}

std::optional<std::size_t> weekday_at(Format format) {
  const TimePattern* pattern = time_pattern(format);
  const std::size_t at = pattern ? pattern->order.find('W') : std::string_view::npos;
  return at == std::string_view::npos ? std::nullopt : std::optional(at);
}

std::string_view freeze_kind(Span bytes) {
  static constexpr std::array<std::string_view, 5> kinds{"once", "monthly", "daily", "hourly", "now"};
  std::size_t wildcards = 0;
  while (wildcards < bytes.size() && bytes[bytes.size() - 1 - wildcards] == every) ++wildcards;
  return kinds[wildcards];
}

std::vector<std::string> status_word_names(unsigned number, unsigned bits) {
  const bool of_phase = number >= 4 && number <= 6;
  std::vector<std::string> names;
  for (const StatusBit& each : status_bits) {
    if (each.word != (of_phase ? 4 : number) || (bits >> each.bit & 1) == 0) continue;
    names.emplace_back(each.name);
    if (of_phase) names.back() += std::string("_") + static_cast<char>('a' + number - 4);
  }
  return names;
}

}  // namespace meterrig::dlt645
