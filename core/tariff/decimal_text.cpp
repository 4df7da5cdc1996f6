#include "core/tariff/decimal_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/exact_decimal.hpp"
#include "core/json/text.hpp"

namespace meterrig::tariff {

namespace {

struct Form {
  const char* what;
  const char* unit;
  int decimals;
  std::int64_t most;    // in units of the last decimal
  const char* finest;   // why there are no more decimals
  const char* example;  // of such text
  bool is_signed = false;
};

constexpr Form volume_form{"volume", "m3", 3, volume_max, "one litre, 0.001 m3, is the finest volume", "12.345"};
constexpr Form step_form{"step volume", "m3", 0, step_volume_max_m3, "CJ/T 484 table 2 has step volumes in whole m3",
                         "12"};
constexpr Form price_form{"price", "yuan/m3", 2, price_max, "CJ/T 484 table 2 has prices in 0.01 yuan/m3", "2.07"};
constexpr Form money_form{"amount", "yuan", 2, 999'999'999'999, "0.01 yuan is the finest amount", "499.87", true};

std::string decimal_text(std::int64_t units, int decimals) { return scaled_text(std::to_string(units), -decimals); }

[[noreturn]] void refuse(std::string_view text, const Form& form, const std::string& expected) {
  throw std::invalid_argument(fmt::format("{} {}: {}", form.what, json::in_quotes(text), expected));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whole units of the form's last decimal.
std::int64_t units_of(std::string_view text, const Form& form) {
  const bool minus = form.is_signed && text.starts_with('-');
  const std::string_view number = text.substr(minus ? 1 : 0);
  const std::size_t point = std::min(number.find('.'), number.size());
  const std::string_view whole = number.substr(0, point), fraction = number.substr(std::min(point + 1, number.size()));
  if (!std::ranges::all_of(whole, is_digit) || !std::ranges::all_of(fraction, is_digit) || whole.empty() ||
      (point < number.size() && fraction.empty()))
    refuse(text, form,
           fmt::format("expected {} in digits{}, such as {}", form.unit,
                       form.decimals > 0 ? " with a decimal point" : "", form.example));
  const auto decimals = static_cast<std::size_t>(form.decimals);
  if (fraction.size() > decimals)
    refuse(text, form,
           fmt::format("expected {} decimals: {}", form.decimals > 0 ? fmt::format("at most {}", form.decimals) : "no",
                       form.finest));
  std::int64_t units = 0;
  for (std::size_t i = 0; i < whole.size() + decimals; ++i) {
    const std::size_t behind = i - std::min(i, whole.size());
    const char digit = i < whole.size() ? whole[i] : behind < fraction.size() ? fraction[behind] : '0';
    units = units * 10 + (digit - '0');
    if (units > form.most)
      refuse(text, form, fmt::format("expected {} {} at most", decimal_text(form.most, form.decimals), form.unit));
  }
  return minus ? -units : units;
}

}  // namespace

Litres volume_of(std::string_view m3) { return units_of(m3, volume_form); }

std::int64_t step_volume_of(std::string_view m3) { return units_of(m3, step_form); }

Price price_of(std::string_view yuan_per_m3) { return units_of(yuan_per_m3, price_form); }

Cents money_of(std::string_view yuan) { return units_of(yuan, money_form); }

std::string volume_text(Litres volume) { return decimal_text(volume, 3); }

std::string price_text(Price price) { return decimal_text(price, 2); }

std::string money_text(Cents amount) { return decimal_text(amount, 2); }

std::string cost_text(Cost cost) { return decimal_text(cost, 5); }

}  // namespace meterrig::tariff
