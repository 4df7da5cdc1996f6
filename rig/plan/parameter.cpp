#include "rig/plan/parameter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/plan/dut_file.hpp"

namespace meterrig::plan {

namespace {

std::string list_text(const json::Node& node) {
  std::string result = "[";
  for (const json::Node& element : node.elements()) {
    const std::string text = element.is_string() ? json::in_quotes(element.string()) : element.number_text();
    result += (result.size() == 1 ? "" : ", ") + text;
  }
  return result + "]";
}

// Of numbers, or of texts: the first says which.
void read_list(const json::Node& value, Parameter& into) {
  if (value.size() == 0) value.fail("an empty array", "at least one number or string");
  into.kind = value[0].is_string() ? Parameter::Kind::texts : Parameter::Kind::list;
  into.values.clear();
  into.texts.clear();
  for (const json::Node& element : value.elements()) {
    if (into.kind == Parameter::Kind::texts)
      into.texts.push_back(element.not_empty());
    else
      into.values.push_back(element.number());
  }
  into.text = list_text(value);
}

void read_value(const json::Node& value, Parameter& into) {
  into.at = value;
  if (value.is_null()) {
    into.kind = Parameter::Kind::declared;
  } else if (value.is_array()) {
    read_list(value, into);
  } else if (value.is_string()) {
    into.kind = Parameter::Kind::text;
    into.text = value.not_empty();
  } else if (value.is_number()) {
    into.kind = Parameter::Kind::number;
    into.value = value.number();
    into.text = value.number_text();
  } else {
    value.expected("a number, a string, or an array of numbers or of strings");
  }
}

const char* kind_name(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::number:
      return "a number";
    case Parameter::Kind::list:
      return "an array of numbers";
    case Parameter::Kind::text:
      return "a string";
    case Parameter::Kind::texts:
      return "an array of strings";
    case Parameter::Kind::declared:
      break;
  }
  return "no value: only the DUT file declares it";
}

// A list is as strong as another when it holds every value of it.
bool holds_all(std::vector<double> some, std::vector<double> all) {
  std::sort(some.begin(), some.end());
  std::sort(all.begin(), all.end());
  return std::includes(some.begin(), some.end(), all.begin(), all.end());
}

}  // namespace

bool Parameter::weakened_by(const Parameter& other) const {
  if (weaker == Weaker::never) return false;
  if (kind != other.kind) return true;
  if (kind == Kind::list) return weaker == Weaker::changed ? values != other.values : !holds_all(other.values, values);
  if (kind == Kind::text || kind == Kind::texts) return text != other.text;
  if (kind == Kind::declared) return false;
  switch (weaker) {
    case Weaker::less:
      return other.value < value;
    case Weaker::more:
      return other.value > value;
    case Weaker::changed:
      return other.value != value;
    case Weaker::never:
      break;
  }
  return false;
}

Parameter Parameter::for_dut(const DutFile& dut) const {
  Parameter result = *this;
  if (from.empty()) return result;
  if (const auto given = dut.declared(from)) {
    result.kind = Kind::number;
    result.value = *given;
    result.text = fmt::format("{}", *given);
    result.source = Source::maker;
  } else if (kind == Kind::declared) {
    throw UserError(fmt::format("{}: at /: found no key \"{}\"; expected it, because the parameter {} is the maker's",
                                dut.file.empty() ? "DUT file" : dut.file, from, name));
  }
  return result;
}

Parameter read_parameter(const std::string& name, const json::Node& node) {
  node.reject_unknown_keys({"value", "source", "from", "weaker"});
  Parameter result;
  result.name = name;
  read_value(node.at("value"), result);
  result.source = read_source(node.at("source"));
  if (const auto from = node.optional("from")) result.from = from->one_of(DutFile::number_keys());
  if (result.kind == Parameter::Kind::declared && result.from.empty()) {
    node.fail("no value and no \"from\"", "a value, or the DUT key that gives it");
  }
  if (const auto weaker = node.optional("weaker")) {
    const std::string text = weaker->one_of({"less", "more", "changed", "never"});
    result.weaker = text == "less"      ? Weaker::less
                    : text == "more"    ? Weaker::more
                    : text == "changed" ? Weaker::changed
                                        : Weaker::never;
  }
  return result;
}

Parameter overridden(const Parameter& parameter, const json::Node& value) {
  Parameter result = parameter;
  if (value.is_null() || parameter.kind == Parameter::Kind::declared) value.expected(kind_name(parameter.kind));
  read_value(value, result);
  if (result.kind != parameter.kind) value.expected(kind_name(parameter.kind));
  result.from.clear();  // the plan's word stands before the maker's
  return result;
}

}  // namespace meterrig::plan
