#include "rig/plan/limit.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "core/exact_decimal.hpp"
#include "rig/plan/dut_file.hpp"

namespace meterrig::plan {

namespace {

constexpr std::array sources{"standard", "maker", "rig_default", "external", "procedure"};
constexpr std::array kinds{"at_most", "less_than", "at_least", "between", "equals"};

void read_bounds(const json::Node& bound, LimitKind kind, Limit& into) {
  into.kind = kind;
  if (kind == LimitKind::between) {
    if (!bound.is_array() || bound.size() != 2) bound.expected("an array of two numbers, low and high");
    into.low = bound[0].number();
    into.high = bound[1].number();
    if (into.low > into.high) bound.expected("the low bound before the high one");
    return;
  }
  if (bound.is_string()) {
    into.exact = bound.string();
    if (!compare_decimals(into.exact, "0")) bound.expected("a number, or an exact decimal such as \"0.01\"");
    return;
  }
  into.low = into.high = bound.number();
}

}  // namespace

const char* word(Source source) { return sources[static_cast<std::size_t>(source)]; }
const char* word(LimitKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

Source read_source(const json::Node& node) {
  const std::string text = node.one_of({"standard", "maker", "rig_default", "external", "procedure"});
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (text == sources[i]) return static_cast<Source>(i);
  }
  return Source::external;
}

bool Limit::holds(double value) const {
  switch (kind) {
    case LimitKind::at_most:
      return value <= high;
    case LimitKind::less_than:
      return value < high;
    case LimitKind::at_least:
      return value >= low;
    case LimitKind::between:
      return value >= low && value <= high;
    case LimitKind::equals:
      return value == low;
  }
  return false;
}

bool Limit::holds_exactly(std::string_view value) const {
  const bool folded = !magnitude_of.empty() && value.starts_with('-');
  const auto order = compare_decimals(folded ? value.substr(1) : value, exact);
  if (!order) throw std::invalid_argument(fmt::format("{} against {}: no two exact decimals", value, text()));
  switch (kind) {
    case LimitKind::at_most:
      return *order <= 0;
    case LimitKind::less_than:
      return *order < 0;
    case LimitKind::at_least:
      return *order >= 0;
    case LimitKind::equals:
      return *order == 0;
    case LimitKind::between:
      break;
  }
  return false;
}

std::string Limit::text() const {
  const std::string tail = unit == "1" ? "" : " " + unit;
  if (!exact.empty()) {
    const char* const sign = kind == LimitKind::at_most     ? "<="
                             : kind == LimitKind::less_than ? "<"
                             : kind == LimitKind::at_least  ? ">="
                                                            : "=";
    const std::string magnitude = magnitude_of.empty() ? "" : fmt::format("|{}| ", magnitude_of);
    return fmt::format("{}{} {}{}", magnitude, sign, exact, tail);
  }
  switch (kind) {
    case LimitKind::at_most:
      return fmt::format("<= {}{}", high, tail);
    case LimitKind::less_than:
      return fmt::format("< {}{}", high, tail);
    case LimitKind::at_least:
      return fmt::format(">= {}{}", low, tail);
    case LimitKind::between:
      return fmt::format("{} to {}{}", low, high, tail);
    case LimitKind::equals:
      return fmt::format("= {}{}", low, tail);
  }
  return {};
}

Limit Limit::for_dut(const DutFile& dut) const {
  Limit result = *this;
  if (!from.empty()) {
    if (const auto value = dut.declared(from)) {
      result.low = result.high = *value;
      result.source = Source::maker;
    }
  }
  if (!plus.empty()) {
    const double more = dut.declared(plus).value_or(0);
    result.low += more;
    result.high += more;
  }
  return result;
}

Limit read_limit(const std::string& name, const json::Node& node) {
  node.reject_unknown_keys({"at_most", "less_than", "at_least", "between", "equals", "unit", "source", "from", "plus",
                            "reading", "error_of_indication", "uncertainty_included", "extended", "applies",
                            "magnitude_of"});
  Limit result;
  result.name = name;
  int bounds = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (const auto bound = node.optional(kinds[i])) {
      read_bounds(*bound, static_cast<LimitKind>(i), result);
      ++bounds;
    }
  }
  if (bounds != 1) {
    node.fail(fmt::format("{} kinds of limit", bounds), "one of at_most, less_than, at_least, between and equals");
  }
  result.unit = node.at("unit").not_empty();
  result.source = read_source(node.at("source"));
  for (const auto& [key, into] : {std::pair{"from", &result.from}, std::pair{"plus", &result.plus}}) {
    if (const auto declared = node.optional(key)) *into = declared->one_of(DutFile::number_keys());
  }
  if (!result.from.empty() && result.kind == LimitKind::between) node.fail("\"from\" with a range", "a single bound");
  if (!result.exact.empty() && !(result.from + result.plus).empty())
    node.fail("\"from\" or \"plus\" with an exact bound", "a number, or the bound alone");
  if (const auto symbol = node.optional("magnitude_of")) {
    if (result.exact.empty()) symbol->fail("\"magnitude_of\" with a number", "an exact bound, a string");
    result.magnitude_of = symbol->not_empty();
  }
  result.reading = node.string_or("reading", "");
  result.error_of_indication = node.boolean_or("error_of_indication", false);
  result.uncertainty_included = node.boolean_or("uncertainty_included", false);
  result.extended = node.boolean_or("extended", false);
  if (const auto applies = node.optional("applies")) result.applies = read_applies(*applies);
  return result;
}

}  // namespace meterrig::plan
