#include "bench/instruments/scpi_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace meterrig::bench {
namespace {

using Kind = ScpiParameter::Kind;
using Special = ScpiValue::Special;

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
constexpr bool is_letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return upper(x) == upper(y); });
}

struct Multiplier {
  std::string_view prefix;
  double factor;
};
// IEEE 488.2, 7.7.3: M is milli, except before OHM and HZ, where it is mega.
constexpr Multiplier multipliers[] = {{"", 1},      {"M", 1e-3}, {"U", 1e-6}, {"N", 1e-9},
                                      {"P", 1e-12}, {"K", 1e3},  {"MA", 1e6}, {"G", 1e9}};

double suffix_factor(std::string_view suffix, std::string_view unit) {
  if (unit.empty()) throw ScpiError{-138};
  for (const auto& [prefix, factor] : multipliers) {
    if (suffix.size() != prefix.size() + unit.size()) continue;
    if (!same(suffix.substr(0, prefix.size()), prefix) || !same(suffix.substr(prefix.size()), unit)) continue;
    return prefix == "M" && (unit == "OHM" || unit == "HZ") ? 1e6 : factor;
  }
  throw ScpiError{-131};
}

double based_number(std::string_view text) {
  const char kind = text.size() > 1 ? upper(text[1]) : '\0';
  const int base = kind == 'H' ? 16 : kind == 'Q' ? 8 : kind == 'B' ? 2 : 0;
  if (base == 0) throw ScpiError{-104};
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) throw ScpiError{-121};
  return static_cast<double>(value);
}

double decimal(std::string_view text, std::string_view unit) {
  const char* begin = text.data();
  const char* const end = begin + text.size();
  if (*begin == '+' && ++begin != end && *begin == '-') throw ScpiError{-121};
  double value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) throw ScpiError{-123};
  if (error != std::errc{} || (stop != end && !is_space(*stop) && !is_letter(*stop))) throw ScpiError{-121};
  const std::string_view suffix = scpi_trim({stop, static_cast<std::size_t>(end - stop)});
  if (suffix.empty()) return value;
  if (!is_letter(suffix.front())) throw ScpiError{-103};
  return value * suffix_factor(suffix, unit);
}

void check_characters(std::string_view text) {
  for (const char c : text) {
    if (is_space(c)) throw ScpiError{-103};
    if (!is_letter(c) && !is_digit(c) && c != '_' && c != ':') throw ScpiError{-101};
  }
}

void bind_number(std::string_view text, const ScpiParameter& parameter, ScpiValue& value) {
  const char first = text.front();
  if (first == '#') {
    value.number = based_number(text);
  } else if (is_digit(first) || first == '+' || first == '-' || first == '.') {
    value.number = decimal(text, parameter.detail);
  } else if (is_letter(first)) {
    check_characters(text);
    if (scpi_word_matches(text, "MINimum"))
      value.special = Special::minimum;
    else if (scpi_word_matches(text, "MAXimum"))
      value.special = Special::maximum;
    else if (scpi_word_matches(text, "DEFault"))
      value.special = Special::standard;
    else if (scpi_word_matches(text, "INFinity"))
      value.special = Special::infinity;
    else
      throw ScpiError{-104};
  } else {
    throw ScpiError{first == '"' || first == '\'' || first == '(' ? -104 : -101};
  }
  if (parameter.kind == Kind::integer) value.number = std::round(value.number);
}

void bind_boolean(std::string_view text, ScpiValue& value) {
  if (same(text, "ON")) {
    value.index = 1;
  } else if (same(text, "OFF")) {
    value.index = 0;
  } else if (is_letter(text.front())) {
    check_characters(text);
    throw ScpiError{-224};
  } else {
    bind_number(text, {Kind::real, "", false}, value);
    value.index = std::abs(value.number) >= 0.5 ? 1 : 0;
  }
}

void bind_choice(std::string_view text, std::string_view words, ScpiValue& value) {
  // Words of a choice may be numbers, as the bits of FORM:DATA REAL,32 are.
  if (!is_letter(text.front()) && !is_digit(text.front())) throw ScpiError{-104};
  check_characters(text);
  std::size_t position = 0;
  for (int i = 0; position <= words.size(); ++i) {
    const std::size_t bar = std::min(words.find('|', position), words.size());
    if (scpi_word_matches(text, words.substr(position, bar - position))) {
      value.index = i;
      return;
    }
    position = bar + 1;
  }
  throw ScpiError{-224};
}

int channel_number(std::string_view text) {
  text = scpi_trim(text);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) throw ScpiError{-171};
  return number;
}

void bind_channels(std::string_view text, ScpiValue& value) {
  if (text.front() != '(') throw ScpiError{text.front() == '@' ? -101 : -104};
  if (text.size() < 4 || text.back() != ')' || text[1] != '@') throw ScpiError{-171};
  const std::string_view list = text.substr(2, text.size() - 3);
  std::size_t position = 0;
  while (position <= list.size()) {
    const std::string_view item = scpi_next(list, position, ',');
    const auto colon = item.find(':');
    const int first = channel_number(item.substr(0, colon));
    const int last = colon == std::string_view::npos ? first : channel_number(item.substr(colon + 1));
    const int step = last < first ? -1 : 1;
    for (int n = first;; n += step) {
      if (value.channel_count == static_cast<int>(value.channels.size())) throw ScpiError{-223};
      value.channels[static_cast<std::size_t>(value.channel_count++)] = n;
      if (n == last) break;
    }
  }
}

// The closing quote is the last character; inside, quotes of the same kind stand doubled.
void check_string(std::string_view text) {
  const char quote = text.front();
  std::size_t i = 1;
  for (; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 < text.size() && text[i + 1] == quote)
      ++i;
    else
      break;
  }
  if (i >= text.size()) throw ScpiError{-101};
  if (i + 1 != text.size()) throw ScpiError{-103};
}

void bind_one(std::string_view text, const ScpiParameter& parameter, ScpiValue& value) {
  value.given = true;
  if (text.front() == '"' || text.front() == '\'') {
    check_string(text);
    if (parameter.kind != Kind::string) throw ScpiError{-104};
    value.text = text.substr(1, text.size() - 2);
    return;
  }
  switch (parameter.kind) {
    case Kind::real:
    case Kind::integer:
      return bind_number(text, parameter, value);
    case Kind::boolean:
      return bind_boolean(text, value);
    case Kind::choice:
      return bind_choice(text, parameter.detail, value);
    case Kind::channel_list:
      return bind_channels(text, value);
    case Kind::output:
      check_characters(text);
      value.index = text[2] - '0';
      return;
    case Kind::string:
      throw ScpiError{-104};
  }
}

bool is_output_name(std::string_view text) {
  return text.size() == 3 && same(text.substr(0, 2), "CH") && is_digit(text[2]);
}

}  // namespace

std::string_view scpi_trim(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view scpi_next(std::string_view text, std::size_t& position, char separator) {
  char quote = '\0';
  int depth = 0;
  std::size_t i = position;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      --depth;
    } else if (c == separator && (depth <= 0 || separator == ';')) {
      break;
    }
  }
  const std::string_view part = text.substr(position, i - position);
  position = i + 1;
  return part;
}

bool scpi_word_matches(std::string_view given, std::string_view name) {
  if (same(given, name)) return true;
  std::size_t short_length = 0;
  while (short_length < name.size() && !(name[short_length] >= 'a' && name[short_length] <= 'z')) ++short_length;
  return same(given, name.substr(0, short_length));
}

void scpi_bind(std::string_view text, const std::vector<ScpiParameter>& parameters, std::vector<ScpiValue>& values) {
  values.assign(parameters.size(), ScpiValue{});
  text = scpi_trim(text);
  std::size_t next = 0;
  if (!text.empty()) {
    std::size_t position = 0;
    while (position <= text.size()) {
      const std::string_view argument = scpi_trim(scpi_next(text, position, ','));
      if (argument.empty()) throw ScpiError{-102};
      if (next < parameters.size() && parameters[next].kind == Kind::output && !is_output_name(argument)) ++next;
      if (next == parameters.size()) throw ScpiError{-108};
      bind_one(argument, parameters[next], values[next]);
      ++next;
    }
  }
  for (; next < parameters.size(); ++next)
    if (!parameters[next].optional) throw ScpiError{-109};
}

std::string_view scpi_error_text(int code) {
  struct Entry {
    int code;
    std::string_view text;
  };
  static constexpr Entry entries[] = {
      {0, "No error"},
      {-100, "Command error"},
      {-101, "Invalid character"},
      {-102, "Syntax error"},
      {-103, "Invalid separator"},
      {-104, "Data type error"},
      {-108, "Parameter not allowed"},
      {-109, "Missing parameter"},
      {-112, "Program mnemonic too long"},
      {-113, "Undefined header"},
      {-114, "Header suffix out of range"},
      {-121, "Invalid character in number"},
      {-123, "Exponent too large"},
      {-131, "Invalid suffix"},
      {-138, "Suffix not allowed"},
      {-141, "Invalid character data"},
      {-151, "Invalid string data"},
      {-171, "Invalid expression"},
      {-200, "Execution error"},
      {-211, "Trigger ignored"},
      {-213, "Init ignored"},
      {-214, "Trigger deadlock"},
      {-221, "Settings conflict"},
      {-222, "Data out of range"},
      {-223, "Too much data"},
      {-224, "Illegal parameter value"},
      {-230, "Data corrupt or stale"},
      {-241, "Hardware missing"},
      {-300, "Device-specific error"},
      {-310, "System error"},
      {-350, "Queue overflow"},
      {-363, "Input buffer overrun"},
      {-400, "Query error"},
      {-410, "Query INTERRUPTED"},
      {-420, "Query UNTERMINATED"},
      {-430, "Query DEADLOCKED"},
      {-440, "Query UNTERMINATED after indefinite response"},
  };
  for (const Entry& entry : entries)
    if (entry.code == code) return entry.text;
  return code < 0 && code > -500 ? scpi_error_text(code / 100 * 100) : "Unknown error";
}

}  // namespace meterrig::bench
