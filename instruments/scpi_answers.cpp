#include "instruments/scpi_answers.hpp"

#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

namespace meterrig {
namespace {

// Takes the text of one entry from the front: quoted, with doubled quotes inside, or bare up to the end of the line.
std::optional<std::string> take_text(std::string_view& rest) {
  rest = trimmed(rest);
  if (rest.empty() || rest.front() != '"') {
    std::string bare(rest);
    rest = {};
    return bare;
  }
  std::string text;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      if (i + 1 == rest.size() || rest[i + 1] != '"') {
        rest.remove_prefix(i + 1);
        return text;
      }
      ++i;
    }
    text += rest[i];
  }
  return std::nullopt;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool parse_number(std::string_view text, double& value) {
  text = trimmed(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

bool parse_scaled(std::string_view text, int exponent, std::int64_t& value) {
  text = trimmed(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  std::int64_t mantissa = 0;
  int digits = 0;
  std::size_t i = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      if (++digits > 17) return false;
      mantissa = mantissa * 10 + (text[i] - '0');
      exponent -= point ? 1 : 0;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  if (i < text.size()) {
    if (text[i] != 'E' && text[i] != 'e') return false;
    std::string_view power = text.substr(i + 1);
    if (!power.empty() && power.front() == '+') power.remove_prefix(1);
    int e = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), e);
    if (error != std::errc{} || end != power.data() + power.size() || std::abs(e) > 60) return false;
    exponent += e;
  }
  for (; exponent > 0; --exponent) {
    if (mantissa > INT64_MAX / 10) return false;
    mantissa *= 10;
  }
  for (; exponent < 0; ++exponent) mantissa = exponent == -1 ? (mantissa + 5) / 10 : mantissa / 10;
  value = negative ? -mantissa : mantissa;
  return true;
}

std::vector<ScpiErrorEntry> parse_error_entries(std::string_view answer) {
  std::vector<ScpiErrorEntry> entries;
  std::string_view rest = trimmed(answer);
  do {
    if (!rest.empty() && rest.front() == '+') rest.remove_prefix(1);
    ScpiErrorEntry entry;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), entry.code);
    if (error != std::errc{}) return {};
    rest = rest.substr(static_cast<std::size_t>(end - rest.data()));
    const bool spaced = rest.starts_with(' ');
    rest = trimmed(rest);
    if (!rest.empty()) {
      // Siglent: "0  No Error".
      const bool bare = spaced && std::isalpha(static_cast<unsigned char>(rest.front())) != 0;
      if (rest.front() != ',' && !bare) return {};
      if (!bare) rest.remove_prefix(1);
      std::optional<std::string> text = take_text(rest);
      if (!text) return {};
      entry.text = std::move(*text);
    }
    entries.push_back(std::move(entry));
    rest = trimmed(rest);
    if (rest.empty()) return entries;
    if (rest.front() != ',' && rest.front() != ';') return {};
    rest = trimmed(rest.substr(1));
  } while (true);
}

}  // namespace meterrig
