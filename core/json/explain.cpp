// GCC 12 sees uninitialised memory inside std::regex when sanitizers are on.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "core/json/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json/text.hpp"

namespace meterrig::json {

namespace {

constexpr std::size_t deepest = 256;
constexpr std::size_t longest_matched = 512;

bool is_integer(const Node& value) {
  return value.is_number() && value.number_text().find_first_of(".eE") == std::string::npos;
}

bool has_type(const Node& value, const std::string& type) {
  if (type == "integer") return is_integer(value);
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return value.is_null();
}

std::string type_name(const std::string& type) {
  if (type == "null") return type;
  if (type == "boolean") return "true or false";
  return (type == "integer" || type == "array" || type == "object" ? "an " : "a ") + type;
}

bool equal(const Node& a, const Node& b) {
  if (a.is_string() && b.is_string()) return a.string() == b.string();
  return to_json(a) == to_json(b);
}

std::string as_text(const Node& word) { return word.is_string() ? word.string() : to_json(word).dump(); }

std::vector<std::string> keys_of(const Node& schema) {
  std::vector<std::string> result;
  if (const auto properties = schema.optional("properties")) {
    for (const Member& member : properties->members()) result.push_back(member.key);
  }
  return result;
}

// A schema may say in words what its pattern is for.
std::string in_words(const Node& schema, const std::string& otherwise) {
  return schema.string_or("x-expected", otherwise);
}

std::string bound_text(const Node& schema) {
  const auto low = schema.optional("minimum");
  const auto high = schema.optional("maximum");
  const auto above = schema.optional("exclusiveMinimum");
  std::string result = "a number";
  if (low && high) return fmt::format("a number from {} to {}", low->number_text(), high->number_text());
  if (low) result += " of at least " + low->number_text();
  if (above) result += " above " + above->number_text();
  if (high) result += std::string(low || above ? " and" : " of") + " at most " + high->number_text();
  if (const auto below = schema.optional("exclusiveMaximum")) result += " below " + below->number_text();
  return result;
}

}  // namespace

Node Explainer::resolved(const Node& schema) const {
  Node at = schema;
  for (std::size_t hops = 0; hops < 16 && at.is_object(); ++hops) {
    const auto reference = at.optional("$ref");
    if (!reference) return at;
    const std::string target = reference->string();
    if (!target.starts_with("#/")) reference->expected("a reference that starts with #/");
    Node to = root_;
    std::size_t start = 2;
    while (start <= target.size()) {
      const std::size_t end = std::min(target.find('/', start), target.size());
      to = to.at(target.substr(start, end - start));
      start = end + 1;
    }
    at = to;
  }
  return at;
}

const std::regex& Explainer::compiled(const Node& pattern) const {
  const auto known = patterns_.find(pattern.string());
  if (known != patterns_.end()) return known->second;
  try {
    return patterns_.emplace(pattern.string(), std::regex(pattern.string(), std::regex::ECMAScript)).first->second;
  } catch (const std::regex_error&) {
    pattern.expected("a regular expression");
  }
}

Explainer::Result Explainer::check(const Node& value, const Node& unresolved, std::size_t depth) const {
  if (depth > deepest) return std::nullopt;
  const Node schema = resolved(unresolved);
  if (schema.is_boolean()) {
    if (schema.boolean()) return std::nullopt;
    return Refusal{value, false, value.describe(), "nothing here", {}, depth};
  }
  if (auto bad = check_type(value, schema, depth)) return bad;
  if (auto bad = check_words(value, schema, depth)) return bad;
  Result bad;
  if (value.is_number()) bad = check_number(value, schema, depth);
  if (value.is_string()) bad = check_string(value, schema, depth);
  if (value.is_array()) bad = check_array(value, schema, depth);
  if (value.is_object()) bad = check_object(value, schema, depth);
  return bad ? bad : check_combined(value, schema, depth);
}

Explainer::Result Explainer::check_type(const Node& value, const Node& schema, std::size_t depth) const {
  const auto type = schema.optional("type");
  if (!type) return std::nullopt;
  const std::vector<std::string> types = type->is_array() ? type->strings() : std::vector{type->string()};
  std::string expected;
  for (const std::string& one : types) {
    if (has_type(value, one)) return std::nullopt;
    expected += (expected.empty() ? "" : " or ") + type_name(one);
  }
  return Refusal{value, false, value.describe(), in_words(schema, expected), {}, depth};
}

Explainer::Result Explainer::check_words(const Node& value, const Node& schema, std::size_t depth) const {
  std::vector<Node> allowed;
  if (const auto only = schema.optional("const")) allowed.push_back(*only);
  if (const auto words = schema.optional("enum")) allowed = words->elements();
  if (allowed.empty()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Node& word : allowed) {
    if (equal(value, word)) return std::nullopt;
    texts.push_back(as_text(word));
  }
  const std::string hint = value.is_string() ? did_you_mean(value.string(), texts) : "";
  return Refusal{value, false, value.describe(), choice(texts), hint, depth};
}

Explainer::Result Explainer::check_number(const Node& value, const Node& schema, std::size_t depth) const {
  auto breaks = [&](const char* key, auto wrong) {
    const auto bound = schema.optional(key);
    return bound && wrong(value.number(), bound->number());
  };
  const bool bad = breaks("minimum", [](double v, double b) { return v < b; }) ||
                   breaks("maximum", [](double v, double b) { return v > b; }) ||
                   breaks("exclusiveMinimum", [](double v, double b) { return v <= b; }) ||
                   breaks("exclusiveMaximum", [](double v, double b) { return v >= b; });
  if (!bad) return std::nullopt;
  return Refusal{value, false, value.describe(), in_words(schema, bound_text(schema)), {}, depth};
}

Explainer::Result Explainer::check_string(const Node& value, const Node& schema, std::size_t depth) const {
  const std::string& text = value.string();
  std::size_t length = 0;
  for (const char c : text) length += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  const auto least = schema.integer_or("minLength", 0);
  const auto most = schema.integer_or("maxLength", INT64_MAX);
  if (static_cast<std::int64_t>(length) < least) {
    const std::string words = least == 1 ? "a string that is not empty" : fmt::format("at least {} characters", least);
    return Refusal{value, false, value.describe(), in_words(schema, words), {}, depth};
  }
  if (static_cast<std::int64_t>(length) > most) {
    return Refusal{value, false, fmt::format("{} characters", length), fmt::format("at most {}", most), {}, depth};
  }
  const auto pattern = schema.optional("pattern");
  if (!pattern) return std::nullopt;
  if (text.size() <= longest_matched && std::regex_search(text, compiled(*pattern))) return std::nullopt;
  const std::string words = in_words(schema, "a string that matches " + pattern->string());
  return Refusal{value, false, value.describe(), words, {}, depth};
}

Explainer::Result Explainer::check_array(const Node& value, const Node& schema, std::size_t depth) const {
  const auto least = static_cast<std::size_t>(schema.integer_or("minItems", 0));
  const auto most = static_cast<std::size_t>(schema.integer_or("maxItems", INT64_MAX));
  if (value.size() < least) {
    return Refusal{value, false, fmt::format("{} elements", value.size()), fmt::format("at least {}", least),
                   {},    depth};
  }
  if (value.size() > most) {
    return Refusal{value, false, fmt::format("{} elements", value.size()), fmt::format("at most {}", most), {}, depth};
  }
  const auto items = schema.optional("items");
  if (!items) return std::nullopt;
  for (const Node& element : value.elements()) {
    if (auto bad = check(element, *items, depth + 1)) return bad;
  }
  return std::nullopt;
}

Explainer::Result Explainer::check_object(const Node& value, const Node& schema, std::size_t depth) const {
  for (const Member& member : value.members()) {
    if (auto bad = check_member(member.value, member.key, schema, depth)) return bad;
  }
  if (static_cast<std::int64_t>(value.size()) < schema.integer_or("minProperties", 0)) {
    return Refusal{value,
                   false,
                   fmt::format("{} keys", value.size()),
                   fmt::format("at least {}", schema.integer_or("minProperties", 0)),
                   {},
                   depth};
  }
  const auto required = schema.optional("required");
  if (!required) return std::nullopt;
  for (const std::string& key : required->strings()) {
    const auto members = value.members();
    if (std::any_of(members.begin(), members.end(), [&](const Member& m) { return m.key == key; })) continue;
    const std::string name = in_quotes(key);
    return Refusal{value, false, "no key " + name, fmt::format("the key {} in this object", name), {}, depth};
  }
  return std::nullopt;
}

Explainer::Result Explainer::check_member(const Node& value, const std::string& key, const Node& schema,
                                          std::size_t depth) const {
  if (const auto names = schema.optional("propertyNames")) {
    const auto words = resolved(*names).optional("enum");
    if (words) {
      const auto known = words->strings();
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        return Refusal{value, true, "unknown key " + in_quotes(key), choice(known), did_you_mean(key, known), depth};
      }
    }
  }
  bool known = false;
  if (const auto properties = schema.optional("properties")) {
    if (const auto own = properties->optional(key)) {
      known = true;
      if (auto bad = check(value, *own, depth + 1)) return bad;
    }
  }
  if (const auto patterns = schema.optional("patternProperties")) {
    for (const Member& member : patterns->members()) {
      if (key.size() > longest_matched || !std::regex_search(key, std::regex(member.key))) continue;
      known = true;
      if (auto bad = check(value, member.value, depth + 1)) return bad;
    }
  }
  const auto others = schema.optional("additionalProperties");
  if (known || !others) return std::nullopt;
  if (others->is_boolean() && !others->boolean()) {
    const auto keys = keys_of(schema);
    return Refusal{value, true, "unknown key " + in_quotes(key), "a known key", did_you_mean(key, keys), depth};
  }
  return check(value, *others, depth + 1);
}

Explainer::Result Explainer::check_combined(const Node& value, const Node& schema, std::size_t depth) const {
  if (const auto all = schema.optional("allOf")) {
    for (const Node& part : all->elements()) {
      if (auto bad = check(value, part, depth)) return bad;
    }
  }
  for (const char* key : {"anyOf", "oneOf"}) {
    if (const auto branches = schema.optional(key)) {
      if (auto bad = check_branches(value, *branches, depth)) return bad;
    }
  }
  if (const auto condition = schema.optional("if")) {
    const auto branch = schema.optional(check(value, *condition, depth) ? "else" : "then");
    if (branch) return check(value, *branch, depth);
  }
  return std::nullopt;
}

// Whether the branch has a `const` member, such as a "kind", and the value has just that.
bool Explainer::distinguishes(const Node& value, const Node& unresolved) const {
  const Node branch = resolved(unresolved);
  if (!value.is_object() || !branch.is_object()) return false;
  const auto properties = branch.optional("properties");
  if (!properties) return false;
  for (const Member& member : properties->members()) {
    const Node property = resolved(member.value);
    const auto only = property.is_object() ? property.optional("const") : std::nullopt;
    const auto own = value.optional(member.key);
    if (only && own && equal(*own, *only)) return true;
  }
  return false;
}

// The refusal of the branch that the value comes nearest to.
Explainer::Result Explainer::check_branches(const Node& value, const Node& branches, std::size_t depth) const {
  Result best;
  bool best_distinguished = false;
  for (const Node& branch : branches.elements()) {
    auto bad = check(value, branch, depth);
    if (!bad) return std::nullopt;
    const bool distinguished = distinguishes(value, branch);
    const bool nearer = !best || (distinguished && !best_distinguished) ||
                        (distinguished == best_distinguished && bad->depth > best->depth);
    if (!nearer && best->depth == depth && bad->depth == depth && !best->at_key && !bad->at_key &&
        best->found == bad->found) {
      best->expected += " or " + bad->expected;
    }
    if (nearer) {
      best = std::move(bad);
      best_distinguished = distinguished;
    }
  }
  return best;
}

}  // namespace meterrig::json
