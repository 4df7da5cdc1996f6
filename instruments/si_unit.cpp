#include "instruments/si_unit.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace meterrig {
namespace {

struct Atom {
  std::string_view name;
  std::string_view base;
  int exponent;
  double factor;
};

constexpr std::array<std::pair<std::string_view, double>, 10> prefixes{{{"nano", 1e-9},
                                                                        {"micro", 1e-6},
                                                                        {"milli", 1e-3},
                                                                        {"centi", 1e-2},
                                                                        {"deci", 1e-1},
                                                                        {"deca", 1e1},
                                                                        {"hecto", 1e2},
                                                                        {"kilo", 1e3},
                                                                        {"mega", 1e6},
                                                                        {"giga", 1e9}}};
constexpr std::array<Atom, 16> atoms{{{"ampere", "A", 1, 1},
                                      {"volt", "V", 1, 1},
                                      {"pascal", "Pa", 1, 1},
                                      {"bar", "Pa", 1, 1e5},
                                      {"kelvin", "K", 1, 1},
                                      {"degreecelsius", "K", 1, 1},
                                      {"metre", "m", 1, 1},
                                      {"meter", "m", 1, 1},
                                      {"litre", "m", 3, 1e-3},
                                      {"liter", "m", 3, 1e-3},
                                      {"second", "s", 1, 1},
                                      {"minute", "s", 1, 60},
                                      {"hour", "s", 1, 3600},
                                      {"day", "s", 1, 86400},
                                      {"percent", "1", 1, 0.01},
                                      {"one", "1", 1, 1}}};

// Gathers factors and exponents; what stands before a unit (prefix, per, square) holds for the next one.
class Product {
 public:
  bool take(std::string_view word) {
    for (const auto& [name, value] : prefixes)
      if (word == name) return std::exchange(prefix_, value) == 1;
    if (word == "per") return !std::exchange(per_, true) && settle();
    if (word == "square" || word == "cubic") return std::exchange(power_, word == "square" ? 2 : 3) == 1;
    if (word == "squared" || word == "cubed") return raise(word == "squared" ? 2 : 3);
    for (const Atom& atom : atoms)
      if (word == atom.name) return settle() && begin(atom);
    return false;
  }
  bool raise(int power) {
    if (last_ == nullptr || raised_) return false;
    raised_ = true;
    last_power_ *= power;
    return true;
  }
  std::optional<SiUnit> result() {
    if (last_ == nullptr || prefix_ != 1 || per_ || power_ != 1) return std::nullopt;
    const bool celsius = last_->name == "degreecelsius" && count_ == 1 && last_power_ == 1 && last_prefix_ == 1;
    settle();
    SiUnit unit{"", factor_, celsius ? 273.15 : 0};
    for (const auto& [base, exponent] : exponents_)
      if (exponent != 0 && base != "1")
        unit.dimension += (unit.dimension.empty() ? "" : ".") + base + (exponent == 1 ? "" : std::to_string(exponent));
    if (unit.dimension.empty()) unit.dimension = "1";
    return unit;
  }

 private:
  bool begin(const Atom& atom) {
    last_ = &atom;
    last_prefix_ = std::exchange(prefix_, 1);
    last_power_ = std::exchange(power_, 1) * (std::exchange(per_, false) ? -1 : 1);
    raised_ = false;
    ++count_;
    return true;
  }
  // The unit before is finished.
  bool settle() {
    if (last_ == nullptr || settled_ == count_) return true;
    factor_ *= std::pow(last_prefix_ * last_->factor, last_power_);
    exponents_[std::string(last_->base)] += last_->exponent * last_power_;
    settled_ = count_;
    return true;
  }

  double factor_ = 1;
  std::map<std::string, int> exponents_;
  const Atom* last_ = nullptr;
  double last_prefix_ = 1;
  int last_power_ = 1;
  bool raised_ = false;
  int count_ = 0;
  int settled_ = 0;
  double prefix_ = 1;
  bool per_ = false;
  int power_ = 1;
};

}  // namespace

std::optional<SiUnit> siunitx_unit(std::string_view text) {
  Product product;
  while (!text.empty()) {
    if (text.front() == ' ') {
      text.remove_prefix(1);
      continue;
    }
    if (text.front() != '\\') return std::nullopt;
    text.remove_prefix(1);
    const std::size_t end = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(end);
    if (word != "tothe") {
      if (!product.take(word)) return std::nullopt;
      continue;
    }
    int power = 0;
    const std::size_t close = text.find('}');
    if (text.empty() || text.front() != '{' || close == std::string_view::npos) return std::nullopt;
    const auto [stop, error] = std::from_chars(text.data() + 1, text.data() + close, power);
    if (error != std::errc{} || stop != text.data() + close || power < -9 || power > 9) return std::nullopt;
    if (!product.raise(power)) return std::nullopt;
    text.remove_prefix(close + 1);
  }
  return product.result();
}

std::optional<SiUnit> ucum_unit(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 18> known{
      {{"A", "\\ampere"},
       {"mA", "\\milli\\ampere"},
       {"uA", "\\micro\\ampere"},
       {"V", "\\volt"},
       {"mV", "\\milli\\volt"},
       {"Pa", "\\pascal"},
       {"hPa", "\\hecto\\pascal"},
       {"kPa", "\\kilo\\pascal"},
       {"Cel", "\\degreecelsius"},
       {"K", "\\kelvin"},
       {"m3", "\\metre\\tothe{3}"},
       {"L", "\\litre"},
       {"L/h", "\\litre\\per\\hour"},
       {"m3/h", "\\metre\\tothe{3}\\per\\hour"},
       {"s", "\\second"},
       {"ms", "\\milli\\second"},
       {"%", "\\percent"},
       {"1", "\\one"}}};
  for (const auto& [ucum, siunitx] : known)
    if (text == ucum) return siunitx_unit(siunitx);
  return std::nullopt;
}

}  // namespace meterrig
