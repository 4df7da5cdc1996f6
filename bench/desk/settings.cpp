#include "bench/desk/settings.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include <fmt/format.h>

namespace meterrig::bench {

std::int64_t scaled(const json::Node& value, int decimals) {
  const std::string& text = value.string();
  const std::size_t point = std::min(text.find('.'), text.size());
  std::string digits = text.substr(0, point);
  const std::string behind = point < text.size() ? text.substr(point + 1) : "";
  digits += behind;
  digits.append(static_cast<std::size_t>(decimals) - std::min(behind.size(), static_cast<std::size_t>(decimals)), '0');
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      behind.size() > static_cast<std::size_t>(decimals))
    value.expected(fmt::format("a decimal number as a string, with at most {} decimals", decimals));
  return number;
}

std::int64_t scaled(const json::Node& meter, const char* key, int decimals, std::int64_t otherwise) {
  const auto value = meter.optional(key);
  return value ? scaled(*value, decimals) : otherwise;
}

Duration delay_of(const json::Node& meter, int otherwise_ms) {
  return std::chrono::milliseconds(meter.integer_or("response_delay_ms", otherwise_ms));
}

bool low_byte_first(const json::Node& meter) {
  return meter.string_or("identifier_order", "high_first") == "low_first";
}

}  // namespace meterrig::bench
