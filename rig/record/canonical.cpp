#include "rig/record/canonical.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace meterrig::record {

namespace {

using nlohmann::json;

constexpr std::int64_t exact_integer_max = std::int64_t{1} << 53;

// UTF-16 order is byte order, but for U+E000..U+FFFF (lead bytes EE, EF), which come after the surrogate pairs
// (F0..F4).
bool utf16_less(const std::string* a, const std::string* b) {
  const auto rank = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : static_cast<int>(byte);
  };
  return std::lexicographical_compare(a->begin(), a->end(), b->begin(), b->end(),
                                      [&](char x, char y) { return rank(x) < rank(y); });
}

void write_string(const std::string& text, std::string& out) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
  });
  if (plain) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  try {
    out += json(text).dump();
  } catch (const json::type_error& e) {
    throw std::invalid_argument(fmt::format("no canonical bytes for a string that is not UTF-8: {}", e.what()));
  }
}

// ECMA-262 Number::toString. The digits are the shortest that read back; n is the place of the decimal point.
void write_double(double value, std::string& out) {
  if (!std::isfinite(value)) throw std::invalid_argument("no canonical bytes for NaN or infinity");
  if (value == 0) {
    out += '0';
    return;
  }
  std::array<char, 32> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::scientific);
  if (error != std::errc{}) throw std::logic_error("a double needs more than 32 characters");
  const char* const mark = std::find<const char*>(buffer.data(), end, 'e');
  std::string digits(1, buffer[0]);
  if (mark - buffer.data() > 2) digits.append(static_cast<const char*>(buffer.data()) + 2, mark);
  int exponent = 0;
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  const int k = static_cast<int>(digits.size());
  const int n = exponent + 1;
  if (value < 0) out += '-';
  if (k <= n && n <= 21) {
    out += digits;
    out.append(static_cast<std::size_t>(n - k), '0');
  } else if (0 < n && n <= 21) {
    out.append(digits, 0, static_cast<std::size_t>(n));
    out += '.';
    out.append(digits, static_cast<std::size_t>(n));
  } else if (-6 < n && n <= 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-n), '0');
    out += digits;
  } else {
    out += digits[0];
    if (k > 1) out.append(".").append(digits, 1);
    fmt::format_to(std::back_inserter(out), "e{:+d}", n - 1);
  }
}

void write_integer(const json& value, std::string& out) {
  const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{exact_integer_max};
  const auto number = value.get<std::int64_t>();
  if (huge || number > exact_integer_max || number < -exact_integer_max) {
    throw std::invalid_argument(fmt::format("{} is beyond 2^53: write it as a string", value.dump()));
  }
  fmt::format_to(std::back_inserter(out), "{}", number);
}

void write(const json& value, std::string& out);

void write_object(const json& value, std::string& out) {
  std::vector<const std::string*> keys;
  keys.reserve(value.size());
  for (const auto& item : value.items()) keys.push_back(&item.key());
  if (!std::is_sorted(keys.begin(), keys.end(), utf16_less)) std::sort(keys.begin(), keys.end(), utf16_less);
  out += '{';
  const char* separator = "";
  for (const std::string* key : keys) {
    out += separator;
    separator = ",";
    write_string(*key, out);
    out += ':';
    write(value.at(*key), out);
  }
  out += '}';
}

void write(const json& value, std::string& out) {
  switch (value.type()) {
    case json::value_t::null:
      out += "null";
      return;
    case json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case json::value_t::string:
      write_string(value.get_ref<const std::string&>(), out);
      return;
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
      write_integer(value, out);
      return;
    case json::value_t::number_float:
      write_double(value.get<double>(), out);
      return;
    case json::value_t::object:
      write_object(value, out);
      return;
    case json::value_t::array: {
      out += '[';
      const char* separator = "";
      for (const json& item : value) {
        out += separator;
        separator = ",";
        write(item, out);
      }
      out += ']';
      return;
    }
    default:
      throw std::invalid_argument("no canonical bytes for a binary value");
  }
}

}  // namespace

std::string canonical(const json& value) {
  std::string out;
  write(value, out);
  return out;
}

json parse_canonical(std::string_view bytes) {
  json value = json::parse(bytes);
  normalise(value);
  return value;
}

void normalise(json& value) {
  if (value.is_structured()) {
    for (json& item : value) normalise(item);
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) <= static_cast<double>(exact_integer_max) && number == std::floor(number)) {
      value = static_cast<std::int64_t>(number);
    }
  } else if (value.is_number_integer()) {
    const double number = value.get<double>();
    if (std::abs(number) > static_cast<double>(exact_integer_max)) value = number;
  }
}

std::string utc_text(Utc t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{t - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

Utc utc_from(std::string_view text) {
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd.dddddddddZ";
  bool good = text.size() == form.size();
  for (std::size_t i = 0; good && i < form.size(); ++i)
    good = form[i] == 'd' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
  if (!good) throw std::invalid_argument(fmt::format("{:?} is no time of a journal", text));
  const auto number = [&](std::size_t from, std::size_t count) {
    std::int64_t value = 0;
    for (const char digit : text.substr(from, count)) value = 10 * value + (digit - '0');
    return value;
  };
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(number(0, 4))},
                                         std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  if (!date.ok()) throw std::invalid_argument(fmt::format("{:?} is no time of a journal", text));
  return std::chrono::sys_days{date} + std::chrono::hours{number(11, 2)} + std::chrono::minutes{number(14, 2)} +
         std::chrono::seconds{number(17, 2)} + std::chrono::nanoseconds{number(20, 9)};
}

std::string short_utc(std::string_view text) {
  std::string_view seconds = text;
  if (!seconds.ends_with('Z') || seconds.find('.') == std::string_view::npos) return std::string(text);
  seconds.remove_suffix(1);
  while (seconds.ends_with('0')) seconds.remove_suffix(1);
  if (seconds.ends_with('.')) seconds.remove_suffix(1);
  return std::string(seconds) + "Z";
}

}  // namespace meterrig::record
