#include "core/json/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "core/json/tree.hpp"

namespace meterrig::json {

namespace {

std::string escaped_step(const std::string& key) {
  std::string result;
  for (const char c : key) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

// A key may hold anything; a message stays one line of bounded length.
std::string shown_path(const std::string& path) {
  constexpr std::size_t longest = 160;
  std::string result;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{:02X}", byte);
    } else {
      result += c;
    }
  }
  if (result.size() <= longest) return result;
  std::size_t cut = longest;
  while (cut > 0 && (static_cast<unsigned char>(result[cut]) & 0xC0U) == 0x80U) --cut;
  return result.substr(0, cut) + "...";
}

const char* article_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::array:
      return "an array";
    case Kind::object:
      return "an object";
  }
  return "a value";
}

std::vector<std::string> as_strings(std::initializer_list<const char*> words) { return {words.begin(), words.end()}; }

}  // namespace

std::string Tree::path(std::uint32_t index) const {
  if (index == 0) return "/";
  std::vector<std::uint32_t> steps;
  for (std::uint32_t at = index; at != 0; at = entries[at].parent) steps.push_back(at);
  std::string result;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const Entry& entry = entries[*step];
    const bool member = entries[entry.parent].kind == Kind::object;
    result += '/';
    result += member ? escaped_step(entry.key) : std::to_string(entry.position);
  }
  return result;
}

std::string complaint(const std::string& file, std::uint32_t line, const std::string& path, const std::string& found,
                      const std::string& expected, const std::string& hint) {
  return fmt::format("{}:{}: at {}: found {}; expected {}{}", file, line, shown_path(path), found, expected, hint);
}

Kind Node::kind() const noexcept { return tree_->entries[index_].kind; }
const std::string& Node::file() const noexcept { return tree_->file; }
std::uint32_t Node::line() const noexcept { return tree_->entries[index_].line; }
std::uint32_t Node::column() const noexcept { return tree_->entries[index_].column; }
std::uint32_t Node::key_line() const noexcept { return tree_->entries[index_].key_line; }
std::string Node::path() const { return tree_->path(index_); }
std::string Node::key() const { return tree_->entries[index_].key; }
std::size_t Node::size() const noexcept { return tree_->entries[index_].children.size(); }

std::string Node::describe() const {
  const Entry& entry = tree_->entries[index_];
  switch (entry.kind) {
    case Kind::boolean:
      return entry.boolean ? "true" : "false";
    case Kind::number:
      return fmt::format("number {:.40}{}", entry.text, entry.text.size() > 40 ? "..." : "");
    case Kind::string:
      return "string " + in_quotes(entry.text);
    default:
      return article_name(entry.kind);
  }
}

void Node::fail(const std::string& found, const std::string& expected, const std::string& hint) const {
  throw UserError(complaint(file(), line(), path(), found, expected, hint));
}

void Node::fail_at_key(const std::string& found, const std::string& expected, const std::string& hint) const {
  throw UserError(complaint(file(), key_line(), path(), found, expected, hint));
}

void Node::need(Kind kind, const char* what) const {
  if (this->kind() != kind) expected(what);
}

bool Node::boolean() const {
  need(Kind::boolean, "true or false");
  return tree_->entries[index_].boolean;
}

double Node::number() const {
  need(Kind::number, "a number");
  return tree_->entries[index_].number;
}

const std::string& Node::number_text() const {
  need(Kind::number, "a number");
  return tree_->entries[index_].text;
}

std::int64_t Node::integer(std::int64_t low, std::int64_t high) const {
  need(Kind::number, "an integer");
  const std::string& text = tree_->entries[index_].text;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole && text.find_first_of(".eE") != std::string::npos) expected("an integer");
  if (!whole || value < low || value > high) {
    if (low == INT64_MIN && high == INT64_MAX) expected("an integer of 64 bits");
    if (high == INT64_MAX) expected(fmt::format("an integer from {}", low));
    if (low == INT64_MIN) expected(fmt::format("an integer up to {}", high));
    expected(fmt::format("an integer from {} to {}", low, high));
  }
  return value;
}

const std::string& Node::string() const {
  need(Kind::string, "a string");
  return tree_->entries[index_].text;
}

std::string Node::not_empty() const {
  if (string().empty()) expected("a string that is not empty");
  return string();
}

std::string Node::one_of(std::span<const std::string> words) const {
  if (!is_string() || std::find(words.begin(), words.end(), string()) == words.end()) {
    fail(describe(), choice(words), is_string() ? did_you_mean(string(), words) : "");
  }
  return string();
}

std::string Node::one_of(std::initializer_list<const char*> words) const { return one_of(as_strings(words)); }

std::vector<std::string> Node::strings() const {
  need(Kind::array, "an array of strings");
  std::vector<std::string> result;
  for (const Node& element : elements()) result.push_back(element.string());
  return result;
}

Node Node::operator[](std::size_t index) const {
  const Entry& entry = tree_->entries[index_];
  if (index >= entry.children.size()) expected(fmt::format("at least {} elements", index + 1));
  return {tree_, entry.children[index]};
}

std::vector<Node> Node::elements() const {
  need(Kind::array, "an array");
  std::vector<Node> result;
  for (const std::uint32_t child : tree_->entries[index_].children) result.push_back(Node(tree_, child));
  return result;
}

std::vector<Member> Node::members() const {
  need(Kind::object, "an object");
  std::vector<Member> result;
  for (const std::uint32_t child : tree_->entries[index_].children) {
    result.push_back({tree_->entries[child].key, Node(tree_, child)});
  }
  return result;
}

std::optional<std::uint32_t> Node::child(std::string_view key) const {
  need(Kind::object, "an object");
  for (const std::uint32_t index : tree_->entries[index_].children) {
    if (tree_->entries[index].key == key) return index;
  }
  return std::nullopt;
}

Node Node::at(std::string_view key) const {
  const auto index = child(key);
  if (!index) fail("no key " + in_quotes(key), fmt::format("the key {} in this object", in_quotes(key)));
  return {tree_, *index};
}

std::optional<Node> Node::optional(std::string_view key) const {
  const auto index = child(key);
  if (!index || tree_->entries[*index].kind == Kind::null) return std::nullopt;
  return Node(tree_, *index);
}

double Node::number_or(std::string_view key, double otherwise) const {
  const auto value = optional(key);
  return value ? value->number() : otherwise;
}

std::int64_t Node::integer_or(std::string_view key, std::int64_t otherwise) const {
  const auto value = optional(key);
  return value ? value->integer() : otherwise;
}

std::string Node::string_or(std::string_view key, std::string otherwise) const {
  const auto value = optional(key);
  return value ? value->string() : std::move(otherwise);
}

bool Node::boolean_or(std::string_view key, bool otherwise) const {
  const auto value = optional(key);
  return value ? value->boolean() : otherwise;
}

void Node::reject_unknown_keys(std::span<const std::string> known) const {
  for (const Member& member : members()) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    member.value.fail_at_key("unknown key " + in_quotes(member.key), "a known key", did_you_mean(member.key, known));
  }
}

void Node::reject_unknown_keys(std::initializer_list<const char*> known) const {
  reject_unknown_keys(as_strings(known));
}

nlohmann::json to_json(const Node& node) {
  switch (node.kind()) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return node.boolean();
    case Kind::string:
      return node.string();
    case Kind::number: {
      const std::string& text = node.number_text();
      const char* end = text.data() + text.size();
      std::int64_t integer = 0;
      if (const auto parsed = std::from_chars(text.data(), end, integer); parsed.ec == std::errc() && parsed.ptr == end)
        return integer;
      std::uint64_t natural = 0;
      if (const auto parsed = std::from_chars(text.data(), end, natural); parsed.ec == std::errc() && parsed.ptr == end)
        return natural;
      return node.number();
    }
    case Kind::array: {
      auto result = nlohmann::json::array();
      for (const Node& element : node.elements()) result.push_back(to_json(element));
      return result;
    }
    case Kind::object:
      break;
  }
  auto result = nlohmann::json::object();
  for (const Member& member : node.members()) result[member.key] = to_json(member.value);
  return result;
}

}  // namespace meterrig::json
