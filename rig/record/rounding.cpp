#include "rig/record/rounding.hpp"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "rig/record/canonical.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

// digits * 10^exponent, as the shortest text that reads back to the same double has it.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Decimal decimal_of(double value) {
  Decimal result;
  result.negative = std::signbit(value) && value != 0;
  std::string text = fmt::format("{}", std::abs(value));
  if (const auto e = text.find('e'); e != std::string::npos) {
    result.exponent = std::stoi(text.substr(e + 1));
    text.erase(e);
  }
  if (const auto point = text.find('.'); point != std::string::npos) {
    result.exponent -= static_cast<int>(text.size() - point - 1);
    text.erase(point, 1);
  }
  result.digits = text;
  return result;
}

// Adds one to the last digit.
void carry(std::string& digits) {
  std::size_t i = digits.size();
  while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
  if (i == 0) {
    digits.insert(digits.begin(), '1');
  } else {
    ++digits[i - 1];
  }
}

// Cuts the last `count` digits off.
void drop(std::string& digits, std::size_t count, bool up) {
  if (digits.size() <= count) digits.insert(0, count - digits.size() + 1, '0');
  const std::string rest = digits.substr(digits.size() - count);
  digits.erase(digits.size() - count);
  const bool nothing = rest.find_first_not_of('0') == std::string::npos;
  const bool half = rest[0] == '5' && rest.find_first_not_of('0', 1) == std::string::npos;
  const bool odd = (digits.back() - '0') % 2 == 1;
  const bool nearest = rest[0] > '5' || (rest[0] == '5' && !half) || (half && odd);
  if (up ? !nothing : nearest) carry(digits);
}

// The decimals that leave an uncertainty two significant digits, none of them gained by rounding up.
int decimals_of(double uncertainty) {
  const int first = static_cast<int>(std::floor(std::log10(uncertainty)));
  const int decimals = std::max(0, 1 - first);
  const std::string shown = rounded(uncertainty, decimals, true);
  const bool gained = decimals > 0 && std::stod(shown) >= std::pow(10.0, first + 1) * (1 - 1e-9);
  return gained ? decimals - 1 : decimals;
}

std::vector<double> bounds_of(const json& limit) {
  std::vector<double> bounds;
  if (!limit.is_object()) return bounds;
  for (const char* kind : {"at_most", "less_than", "at_least", "equals"})
    if (limit.contains(kind) && limit[kind].is_number()) bounds.push_back(limit[kind]);
  for (const json& bound : limit.value("between", json::array()))
    if (bound.is_number()) bounds.push_back(bound);
  return bounds;
}

int side(double value, double bound) { return value < bound ? -1 : value > bound ? 1 : 0; }

}  // namespace

std::string rounded(double value, int decimals, bool up) {
  Decimal number = decimal_of(value);
  const int dropped = -number.exponent - decimals;
  if (dropped > 0) {
    drop(number.digits, static_cast<std::size_t>(dropped), up);
  } else {
    number.digits.append(static_cast<std::size_t>(-dropped), '0');
  }
  const auto behind = static_cast<std::size_t>(decimals);
  if (number.digits.size() <= behind) number.digits.insert(0, behind + 1 - number.digits.size(), '0');
  std::string text = number.digits;
  if (behind > 0) text.insert(text.size() - behind, 1, '.');
  text.erase(0, std::min(text.find_first_not_of('0'),
                         text.find('.') == std::string::npos ? text.size() - 1 : text.find('.') - 1));
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return number.negative && !zero ? "-" + text : text;
}

std::string uncertainty_text(double expanded_uncertainty) {
  return rounded(expanded_uncertainty, decimals_of(expanded_uncertainty), true);
}

std::string value_text(const json& measurement) {
  const json value = measurement.value("value", json());
  const json uncertainty = measurement.value("expanded_uncertainty", json());
  const bool uncertain = value.is_number() && uncertainty.is_number() && uncertainty.get<double>() > 0;
  if (!uncertain) return value.is_string() ? value.get<std::string>() : canonical(value);
  const double full = value;
  const std::vector<double> bounds = bounds_of(measurement.value("limit", json()));
  for (int decimals = decimals_of(uncertainty); decimals < 16; ++decimals) {
    const std::string shown = rounded(full, decimals);
    const double back = std::stod(shown);
    bool same = true;
    for (const double bound : bounds) same = same && side(back, bound) == side(full, bound);
    if (same) return shown;
  }
  return canonical(value);
}

}  // namespace meterrig::record
