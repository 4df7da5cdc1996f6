#include "rig/plan/clause.hpp"

#include <fmt/format.h>

#include <array>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/plan/dut_file.hpp"

namespace meterrig::plan {

namespace {

constexpr std::array kinds{"auto", "assisted", "manual"};
constexpr std::array memberships{"required", "required_without_row", "if_declared", "not_required", "unstated"};

template <typename Enum, std::size_t N>
Enum read_word(const json::Node& node, const std::array<const char*, N>& words) {
  const std::vector<std::string> known(words.begin(), words.end());
  const std::string text = node.one_of(known);
  std::size_t i = 0;
  while (text != words[i]) ++i;
  return static_cast<Enum>(i);
}

template <typename Map>
[[noreturn]] void unknown_name(const std::string& clause, const char* what, const std::string& name, const Map& known) {
  std::vector<std::string> names;
  for (const auto& [key, value] : known) names.push_back(key);
  throw UserError(
      fmt::format("clause {} has no {} {}{}", clause, what, json::in_quotes(name), json::did_you_mean(name, names)));
}

std::vector<Limit> read_limits(const std::string& name, const json::Node& node) {
  std::vector<Limit> result;
  if (node.is_array()) {
    for (const json::Node& one : node.elements()) result.push_back(read_limit(name, one));
    if (result.empty()) node.fail("an empty array", "at least one limit");
  } else {
    result.push_back(read_limit(name, node));
  }
  return result;
}

// CJT503-5.3.8/6.10 must say the same as its keys.
void check_id(const json::Node& node, const Clause& clause) {
  std::string prefix = clause.standard;
  for (char& c : prefix) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  const std::string expected = prefix + "-" + clause.requirement + (clause.test.empty() ? "" : "/" + clause.test);
  if (clause.id != expected) node.at("id").expected(json::in_quotes(expected) + ", after requirement and test");
}

}  // namespace

const char* word(ClauseKind kind) { return kinds[static_cast<std::size_t>(kind)]; }
const char* word(Membership membership) { return memberships[static_cast<std::size_t>(membership)]; }

Title read_title(const json::Node& node) {
  node.reject_unknown_keys({"zh", "en"});
  return {node.at("zh").not_empty(), node.at("en").not_empty()};
}

std::optional<Limit> Clause::limit(const std::string& name, const DutFile& dut) const {
  const auto found = limits.find(name);
  if (found == limits.end()) unknown_name(id, "limit", name, limits);
  for (const Limit& one : found->second) {
    if (one.applies.to(dut)) return one.for_dut(dut);
  }
  return std::nullopt;
}

const Parameter& Clause::parameter(const std::string& name) const {
  const auto found = parameters.find(name);
  if (found == parameters.end()) unknown_name(id, "parameter", name, parameters);
  return found->second;
}

double Clause::number(const std::string& name) const {
  const Parameter& found = parameter(name);
  if (found.kind != Parameter::Kind::number) {
    throw UserError(fmt::format("clause {}: the parameter {} is not a number", id, json::in_quotes(name)));
  }
  return found.value;
}

double Clause::number(const std::string& name, const DutFile& dut) const {
  const Parameter found = parameter(name, dut);
  if (found.kind != Parameter::Kind::number) return number(name);
  return found.value;
}

const std::vector<double>& Clause::list(const std::string& name) const {
  const Parameter& found = parameter(name);
  if (found.kind != Parameter::Kind::list) {
    throw UserError(fmt::format("clause {}: the parameter {} is not a list", id, json::in_quotes(name)));
  }
  return found.values;
}

const std::string& Clause::text(const std::string& name) const { return parameter(name).text; }

const std::vector<std::string>& Clause::texts(const std::string& name) const {
  const Parameter& found = parameter(name);
  if (found.kind != Parameter::Kind::texts) {
    throw UserError(fmt::format("clause {}: the parameter {} is not a list of strings", id, json::in_quotes(name)));
  }
  return found.texts;
}

void Clause::refuse(const std::string& name, const std::string& expected, std::optional<std::size_t> element) const {
  const Parameter& wrong = parameter(name);
  const std::string why = fmt::format("{} (clause {})", expected, id);
  if (!wrong.at) throw UserError(fmt::format("the parameter {} is {}; expected {}", name, wrong.text, why));
  const json::Node place = element ? (*wrong.at)[*element] : *wrong.at;
  place.fail(place.is_array() ? wrong.text : place.describe(), why);
}

bool names_clause(const std::string& word, const std::string& clause_id) {
  if (word == clause_id) return true;
  const std::string without_test = clause_id.substr(0, clause_id.find('/'));
  return word == without_test || word == without_test.substr(without_test.find('-') + 1);
}

Clause read_clause(const std::string& standard, const json::Node& node) {
  node.reject_unknown_keys({"id", "requirement", "test", "title", "kind", "inspection", "defect_class", "hold",
                            "procedure", "limits", "parameters", "after", "applies", "readings", "row", "printed",
                            "recommended"});
  Clause result;
  result.standard = standard;
  result.id = node.at("id").not_empty();
  result.requirement = node.at("requirement").not_empty();
  result.test = node.string_or("test", "");
  check_id(node, result);
  result.title = read_title(node.at("title"));
  result.kind = read_word<ClauseKind>(node.at("kind"), kinds);
  const json::Node inspection = node.at("inspection");
  inspection.reject_unknown_keys({"type", "factory"});
  result.type = read_word<Membership>(inspection.at("type"), memberships);
  result.factory = read_word<Membership>(inspection.at("factory"), memberships);
  result.row = static_cast<int>(node.integer_or("row", 0));
  result.printed = node.string_or("printed", "");
  result.recommended = node.boolean_or("recommended", false);
  if (const auto defect = node.optional("defect_class")) result.defect_class = defect->at("value").one_of({"A", "B"});
  result.hold = node.at("hold").string();
  result.procedure = node.string_or("procedure", "");
  if (const auto after = node.optional("after")) result.after = after->strings();
  if (const auto applies = node.optional("applies")) result.applies = read_applies(*applies);
  if (const auto limits = node.optional("limits")) {
    for (const json::Member& member : limits->members()) {
      result.limits.emplace(member.key, read_limits(member.key, member.value));
    }
  }
  if (const auto parameters = node.optional("parameters")) {
    for (const json::Member& member : parameters->members()) {
      result.parameters.emplace(member.key, read_parameter(member.key, member.value));
    }
  }
  if (const auto readings = node.optional("readings")) {
    for (const json::Node& reading : readings->elements()) {
      result.readings.push_back({reading.at("found").string(), reading.at("read_as").string()});
    }
  }
  return result;
}

}  // namespace meterrig::plan
