#include "instruments/dcc_quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/errors.hpp"

namespace meterrig::dcc {
namespace {

constexpr int deepest_list = 16;
constexpr const char* curve_types[] = {"basic_referenceValue", "basic_measuredValue", "basic_measurementError"};

// The numbers of one dcc:quantity in base units.
struct Quantity {
  Element element;
  SiUnit unit;
  std::string unit_text;
  std::vector<double> values;
  std::vector<double> standard_uncertainty;  // empty: it carries none
};

// The one unit of a list: written once, or the same for each value.
std::string unit_word(const Document& document, const Element& element) {
  const std::string text = document.text(element);
  const std::size_t space = text.find_first_of(" \t\r\n");
  const std::string first = text.substr(0, space);
  std::string_view rest = space == std::string::npos ? std::string_view{} : std::string_view(text).substr(space);
  while (!rest.empty()) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n"));
    if (!word.empty() && word != first)
      document.fail(element, fmt::format("several units in one list: {}, {}", first, word));
    rest.remove_prefix(word.size());
  }
  return first;
}

// As many as there are values; one alone holds for all.
std::vector<double> spread(const Document& document, const Element& element, std::size_t count) {
  std::vector<double> numbers = document.numbers(element);
  if (numbers.size() == 1) numbers.resize(count, numbers.front());
  if (numbers.size() != count)
    document.fail(element, fmt::format("{} numbers in {} for {} values", numbers.size(), element.name(), count));
  return numbers;
}

// U/k, as D-SI 1 and 2 write it; `list`: the XMLList form.
std::vector<double> uncertainty_of(const Document& document, const Element& real, std::size_t count, bool list) {
  const auto named = [&](const char* name) { return std::string(name) + (list ? "XMLList" : ""); };
  Element holder = document.child(real, si_namespace, named("expandedUnc"));
  std::string value = named("uncertainty");
  const Element univariate = document.child(real, si_namespace, named("measurementUncertaintyUnivariate"));
  if (!holder && univariate) {
    holder = document.child(univariate, si_namespace, named("expandedMU"));
    value = named("valueExpandedMU");
    const Element standard = document.child(univariate, si_namespace, named("standardMU"));
    if (!holder && standard)
      return spread(document, document.need(standard, si_namespace, named("valueStandardMU")), count);
    if (!holder) document.fail(univariate, "an uncertainty that is neither expanded nor standard");
  }
  if (!holder) return {};
  std::vector<double> result = spread(document, document.need(holder, si_namespace, value), count);
  const Element factor = document.need(holder, si_namespace, named("coverageFactor"));
  const std::vector<double> k = spread(document, factor, count);
  for (std::size_t i = 0; i < count; ++i) {
    if (!(k[i] > 0) || result[i] < 0) document.fail(holder, fmt::format("U = {}, k = {}", result[i], k[i]));
    result[i] /= k[i];
  }
  return result;
}

Quantity read_quantity(const Document& document, const Element& element, bool difference) {
  Element real = document.child(element, si_namespace, "realListXMLList");
  const bool list = bool(real);
  if (!list) real = document.child(element, si_namespace, "real");
  if (!real) document.fail(element, "a quantity that is neither si:real nor si:realListXMLList");
  const auto named = [&](const char* name) { return std::string(name) + (list ? "XMLList" : ""); };
  Quantity result;
  result.element = element;
  const Element unit = document.need(real, si_namespace, named("unit"));
  result.unit_text = unit_word(document, unit);
  const auto known = siunitx_unit(result.unit_text);
  if (!known) document.fail(unit, fmt::format("the unit {:?} is not known", result.unit_text));
  result.unit = *known;
  result.values = document.numbers(document.need(real, si_namespace, named("value")));
  if (!list && result.values.size() != 1) document.fail(real, "a single quantity with several values");
  result.standard_uncertainty = uncertainty_of(document, real, result.values.size(), list);
  for (double& value : result.values) value = value * known->factor + (difference ? 0 : known->offset);
  for (double& u : result.standard_uncertainty) u *= known->factor;
  return result;
}

// The quantities below `parent`, whatever lists they stand in.
void gather(const Document& document, const Element& parent, int depth, std::vector<Element>& into) {
  if (depth > deepest_list) document.fail(parent, "lists in lists, deeper than any certificate");
  for (const Element& child : parent.children()) {
    if (document.is(child, dcc_namespace, "quantity")) into.push_back(child);
    if (document.is(child, dcc_namespace, "list")) gather(document, child, depth + 1, into);
  }
}

bool has_type(const Element& element, std::string_view type) {
  std::string_view all = element.attribute("refType").value();
  while (!all.empty()) {
    const std::string_view word = all.substr(0, all.find(' '));
    if (word == type) return true;
    all.remove_prefix(std::min(word.size() + 1, all.size()));
  }
  return false;
}

std::optional<Quantity> only(const Document& document, const std::vector<Element>& all, const char* type) {
  std::optional<Quantity> found;
  for (const Element& element : all) {
    if (!has_type(element, type)) continue;
    if (found) document.fail(element, fmt::format("a second {} in one result", type));
    found = read_quantity(document, element, std::string_view(type) == "basic_measurementError");
  }
  return found;
}

double root_sum(const std::vector<const Quantity*>& of, std::size_t i) {
  double sum = 0;
  for (const Quantity* one : of)
    if (!one->standard_uncertainty.empty()) sum += one->standard_uncertainty[i] * one->standard_uncertainty[i];
  return std::sqrt(sum);
}

}  // namespace

std::optional<DigitalCertificate::Curve> curve_of(const Document& document, const Element& result) {
  std::vector<Element> all;
  for (const Element& data : document.children(result, dcc_namespace, "data")) gather(document, data, 0, all);
  const auto types = std::count_if(std::begin(curve_types), std::end(curve_types), [&](const char* type) {
    return std::any_of(all.begin(), all.end(), [&](const Element& element) { return has_type(element, type); });
  });
  // What is no curve may be of any kind and unit.
  if (types < 2) return std::nullopt;
  const auto reference = only(document, all, "basic_referenceValue");
  const auto measured = only(document, all, "basic_measuredValue");
  const auto error = only(document, all, "basic_measurementError");
  std::vector<const Quantity*> given;
  for (const auto* one : {&reference, &measured, &error})
    if (*one) given.push_back(&**one);
  for (const Quantity* one : given) {
    if (one->unit.dimension != given.front()->unit.dimension)
      document.fail(one->element, fmt::format("{} beside {}", one->unit_text, given.front()->unit_text));
    if (one->values.size() != given.front()->values.size())
      document.fail(one->element, fmt::format("{} values beside {}", one->values.size(), given.front()->values.size()));
  }
  // The uncertainty is that of the error; a certificate that does not give it there gives it with the values.
  std::vector<const Quantity*> uncertain = given;
  if (error && !error->standard_uncertainty.empty()) uncertain = {&*error};
  if (std::all_of(uncertain.begin(), uncertain.end(),
                  [](const Quantity* q) { return q->standard_uncertainty.empty(); }))
    document.fail(result, "a result without an expanded uncertainty");
  DigitalCertificate::Curve curve{
      {given.front()->unit.dimension, 1, 0}, given.front()->unit_text, {}, document.line(result)};
  for (std::size_t i = 0; i < given.front()->values.size(); ++i) {
    const double deviation = error ? error->values[i] : measured->values[i] - reference->values[i];
    const double indication = measured ? measured->values[i] : reference->values[i] + deviation;
    curve.points.push_back({indication, -deviation, root_sum(uncertain, i)});
  }
  return curve;
}

void add_curve(const Document& document, const Element& result, DigitalCertificate::Curve curve,
               std::vector<DigitalCertificate::Curve>& curves) {
  auto same = std::find_if(curves.begin(), curves.end(),
                           [&](const auto& one) { return one.unit.dimension == curve.unit.dimension; });
  if (same == curves.end()) {
    curves.push_back({curve.unit, curve.unit_text, {}, curve.line});
    same = curves.end() - 1;
  }
  same->points.insert(same->points.end(), curve.points.begin(), curve.points.end());
  std::sort(same->points.begin(), same->points.end(),
            [](const CalibrationPoint& a, const CalibrationPoint& b) { return a.indication < b.indication; });
  for (std::size_t i = 1; i < same->points.size(); ++i)
    if (!(same->points[i].indication > same->points[i - 1].indication))
      document.fail(result, fmt::format("two results at the same indication ({:g} {}): which of them holds is not said",
                                        same->points[i].indication, same->unit.dimension));
}

}  // namespace meterrig::dcc
