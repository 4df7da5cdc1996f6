#include "meters/encoding.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "core/exact_decimal.hpp"
#include "core/json/text.hpp"

namespace meterrig {
namespace {

constexpr std::string_view digit_characters = "0123456789";

std::string said(const TelegramItem& item) {
  return fmt::format("{} {}", json::in_quotes(item.name), json::in_quotes(item.value));
}

void expect_value(const TelegramItem& item) {
  if (item.value.empty())
    throw EncodeError(EncodeFault::missing_item, fmt::format("{} has no value", json::in_quotes(item.name)));
}

EncodeError no_number(const TelegramItem& item) {
  return {EncodeFault::bad_value, fmt::format("{} is no decimal number", said(item))};
}

bool is_digits(std::string_view text) { return text.find_first_not_of(digit_characters) == std::string_view::npos; }

struct Limit {
  char letter;
  unsigned least, most;
};
constexpr std::array limits{Limit{'s', 0, 59}, Limit{'m', 0, 59}, Limit{'h', 0, 23}, Limit{'W', 0, 6},
                            Limit{'D', 1, 31}, Limit{'M', 1, 12}, Limit{'Y', 0, 99}, Limit{'C', 0, 99}};

EncodeError no_time(const TimePattern& pattern, const TelegramItem& item) {
  std::string shape;
  for (const char letter : pattern.text) {
    const bool two_digits = pattern.order.find(letter) != std::string_view::npos;
    shape.append(two_digits ? 2 : 1, letter == 'C' ? 'Y' : letter);
  }
  return {EncodeFault::bad_value, fmt::format("{} is no time, expected {}", said(item), shape)};
}

}  // namespace

std::size_t decimals_of(std::string_view number) {
  const std::size_t point = number.find('.');
  return point == std::string_view::npos ? 0 : number.size() - point - 1;
}

std::string_view name_of(EncodeFault fault) {
  static constexpr std::array<std::string_view, 7> names{"missing_item", "unknown_item", "unknown_unit",
                                                         "bad_value",    "out_of_range", "too_many_decimals",
                                                         "not_encodable"};
  return names[static_cast<std::size_t>(fault)];
}

std::size_t ItemSource::find(std::string_view name) {
  asked_.emplace_back(name);
  std::size_t at = 0;
  while (at < items_.size() && (taken_[at] || items_[at].name != name)) ++at;
  return at;
}

const TelegramItem* ItemSource::take_if(std::string_view name) {
  const std::size_t at = find(name);
  if (at == items_.size()) return nullptr;
  taken_[at] = true;
  return &items_[at];
}

const TelegramItem* ItemSource::take_next() {
  const auto at = static_cast<std::size_t>(std::find(taken_.begin(), taken_.end(), false) - taken_.begin());
  if (at == items_.size()) return nullptr;
  taken_[at] = true;
  return &items_[at];
}

const TelegramItem* ItemSource::take_wanted(std::string_view name) {
  const TelegramItem* item = take_if(name);
  if (item == nullptr) missing_.emplace_back(name);
  return item;
}

const TelegramItem& ItemSource::take(std::string_view name) {
  if (const TelegramItem* item = take_wanted(name)) return *item;
  expect_none_left();
  throw std::logic_error("a missing item is not noted");
}

bool ItemSource::any_left_but(std::string_view name) const {
  for (std::size_t at = 0; at < items_.size(); ++at)
    if (!taken_[at] && items_[at].name != name) return true;
  return false;
}

void ItemSource::expect_none_left() const {
  for (std::size_t at = 0; at < items_.size(); ++at) {
    // Of an item that is missing, one that is left may be a misspelling.
    const auto& meant = missing_.empty() ? asked_ : missing_;
    if (taken_[at] || (!missing_.empty() && !json::nearest(items_[at].name, meant))) continue;
    throw EncodeError(EncodeFault::unknown_item,
                      fmt::format("item {} is not known here{}", json::in_quotes(items_[at].name),
                                  json::did_you_mean(items_[at].name, meant)));
  }
  if (!missing_.empty())
    throw EncodeError(EncodeFault::missing_item, fmt::format("item {} is missing", json::in_quotes(missing_.front())));
}

std::string integer_text(const TelegramItem& item, int decimals) {
  expect_value(item);
  const bool minus = item.value.starts_with('-');
  const std::string_view number = std::string_view(item.value).substr(minus ? 1 : 0);
  const std::size_t point = std::min(number.find('.'), number.size());
  std::string digits(number.substr(0, point));
  std::string behind(point < number.size() ? number.substr(point + 1) : "");
  const bool ends_with_point = point + 1 == number.size();
  if (digits.empty() || ends_with_point || !is_digits(digits) || !is_digits(behind)) throw no_number(item);
  const auto places = static_cast<std::size_t>(std::max(decimals, 0));
  if (behind.size() > places)
    throw EncodeError(EncodeFault::too_many_decimals,
                      fmt::format("{} has {} decimals, at most {}", said(item), behind.size(), places));
  digits += behind.append(places - behind.size(), '0');
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  if (decimals < 0 && digits != "0") {
    const auto zeros = static_cast<std::size_t>(-decimals);
    const std::size_t whole = digits.find_last_not_of('0') + 1;
    if (digits.size() - whole < zeros)
      throw EncodeError(EncodeFault::too_many_decimals, fmt::format("{} is no multiple of 10^{}", said(item), zeros));
    digits.erase(digits.size() - zeros);
  }
  return minus && digits != "0" ? "-" + digits : digits;
}

std::vector<std::uint8_t> bcd_bytes(const TelegramItem& item, int decimals, std::size_t size, bool is_signed) {
  std::string digits = integer_text(item, decimals);
  const bool minus = digits.front() == '-';
  if (minus) digits.erase(0, 1);
  // The sign takes the top bit of the first digit, which then goes to 7 only.
  const std::size_t width = 2 * size;
  const bool sign_taken = is_signed && digits.size() == width && digits.front() > '7';
  if ((minus && !is_signed) || digits.size() > width || sign_taken)
    throw EncodeError(EncodeFault::out_of_range,
                      fmt::format("{} is out of range, expected {} digits, {} of them decimals{}", said(item), width,
                                  std::max(decimals, 0), is_signed ? ", and a sign" : ""));
  digits.insert(0, width - digits.size(), '0');
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = width; i > 0; i -= 2)
    bytes.push_back(static_cast<std::uint8_t>((digits[i - 2] - '0') << 4 | (digits[i - 1] - '0')));
  if (minus) bytes.back() |= 0x80;
  return bytes;
}

std::int64_t integer_in(const TelegramItem& item, std::int64_t least, std::int64_t most, int decimals) {
  const std::string text = integer_text(item, decimals);
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || value < least || value > most)
    throw EncodeError(EncodeFault::out_of_range, fmt::format("{} is out of range, expected {} to {}", said(item),
                                                             scaled_text(std::to_string(least), -decimals),
                                                             scaled_text(std::to_string(most), -decimals)));
  return value;
}

std::uint32_t float32_bits(const TelegramItem& item, int exponent) {
  const auto decimals = static_cast<int>(decimals_of(item.value));
  const std::string digits = integer_text(item, decimals);
  const std::string scientific = fmt::format("{}e{}", digits, -decimals - exponent);
  float value = 0;
  const auto parsed = std::from_chars(scientific.data(), scientific.data() + scientific.size(), value);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto text = parsed.ec == std::errc() ? float32_text(bits, exponent) : std::nullopt;
  // Both as integers of one power of ten: "230.20" is "230.2".
  const int places = text ? std::max(decimals, static_cast<int>(decimals_of(*text))) : 0;
  if (!text || integer_text({item.name, *text, ""}, places) != integer_text(item, places))
    throw EncodeError(EncodeFault::bad_value, fmt::format("{} is no 32-bit float exactly", said(item)));
  return bits;
}

std::vector<std::uint8_t> hex_bytes(const TelegramItem& item) {
  expect_value(item);
  try {
    return bytes_from_hex(item.value);
  } catch (const std::invalid_argument&) {
    throw EncodeError(EncodeFault::bad_value, fmt::format("{} is not in pairs of hexadecimal digits", said(item)));
  }
}

std::vector<std::uint8_t> hex_bytes(const TelegramItem& item, std::size_t size) {
  auto bytes = hex_bytes(item);
  if (bytes.size() != size)
    throw EncodeError(EncodeFault::bad_value,
                      fmt::format("{} has {} hexadecimal digits, expected {}", said(item), 2 * bytes.size(), 2 * size));
  return bytes;
}

std::vector<std::uint8_t> hex_bytes_reversed(const TelegramItem& item, std::size_t size) {
  auto bytes = hex_bytes(item, size);
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

EncodeError other_unit(const TelegramItem& item, std::vector<std::string> units) {
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  const std::string found = item.unit.empty() ? "no unit" : "unit " + json::in_quotes(item.unit);
  const std::string expected = units == std::vector<std::string>{""} ? "none" : json::choice(units);
  return {EncodeFault::unknown_unit,
          fmt::format("{} has {}, expected {}", json::in_quotes(item.name), found, expected)};
}

void expect_unit(const TelegramItem& item, std::string_view unit) {
  if (!item.unit.empty() && item.unit != unit) throw other_unit(item, {std::string(unit)});
}

bool is_time(const TimePattern& pattern, std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < pattern.order.size(); ++i) {
    const unsigned value = (bytes[i] >> 4) * 10U + (bytes[i] & 0x0FU);
    for (const Limit& limit : limits)
      if (limit.letter == pattern.order[i] && (value < limit.least || value > limit.most)) return false;
  }
  return true;
}

std::string time_text(const TimePattern& pattern, std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const char letter : pattern.text) {
    const std::size_t at = pattern.order.find(letter);
    if (at == std::string_view::npos)
      text += letter;
    else
      text += fmt::format("{:02X}", bytes[at]);
  }
  return text;
}

std::vector<std::uint8_t> time_bytes(const TimePattern& pattern, const TelegramItem& item, bool within_limits) {
  expect_value(item);
  std::string_view rest = item.value;
  std::vector<std::uint8_t> bytes(pattern.order.size());
  for (const char letter : pattern.text) {
    const std::size_t at = pattern.order.find(letter);
    const std::size_t size = at == std::string_view::npos ? 1 : 2;
    const bool fits = rest.size() >= size && (size == 1 ? rest[0] == letter : is_digits(rest.substr(0, size)));
    if (!fits) throw no_time(pattern, item);
    if (size == 2) bytes[at] = static_cast<std::uint8_t>((rest[0] - '0') << 4 | (rest[1] - '0'));
    rest.remove_prefix(size);
  }
  if (!rest.empty()) throw no_time(pattern, item);
  if (within_limits && !is_time(pattern, bytes))
    throw EncodeError(EncodeFault::out_of_range, fmt::format("{} is no time that a clock shows", said(item)));
  return bytes;
}

std::size_t preamble_of(const Telegram& telegram) {
  if (telegram.bytes.empty() || telegram.bytes.front().is != "preamble") return 0;
  const ByteRange& preamble = telegram.bytes.front();
  return preamble.to > preamble.from ? preamble.to - preamble.from : 0;
}

std::vector<std::uint8_t> head_bytes(std::string_view name, const std::string& text, std::size_t size) {
  return hex_bytes({std::string(name), text, ""}, size);
}

std::uint8_t head_byte(std::string_view name, const std::string& text) { return head_bytes(name, text, 1).front(); }

std::uint8_t sequence_byte(const Telegram& telegram) {
  return static_cast<std::uint8_t>(integer_in({"sequence", std::to_string(telegram.sequence.value_or(0)), ""}, 0, 255));
}

}  // namespace meterrig
