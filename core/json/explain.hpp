#pragma once

#include <map>
#include <optional>
#include <regex>
#include <string>

#include "core/json/node.hpp"

namespace meterrig::json {

// What a schema does not allow, in words.
struct Refusal {
  Node at;
  bool at_key = false;  // the complaint is about the member's key
  std::string found;
  std::string expected;
  std::string hint;
  std::size_t depth = 0;
};

// Walks document and schema together in the document's order. Valijson judges but says little of what it found and
// expected; this finds the words. It also checks `pattern`, which std::regex (as valijson uses it) can't do on a long
// string without exhausting the stack.
class Explainer {
 public:
  explicit Explainer(Node schema) : root_(std::move(schema)) {}
  std::optional<Refusal> first_refusal(const Node& document) const { return check(document, root_, 0); }

 private:
  using Result = std::optional<Refusal>;
  Result check(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_type(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_words(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_number(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_string(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_array(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_object(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_member(const Node& value, const std::string& key, const Node& schema, std::size_t depth) const;
  Result check_combined(const Node& value, const Node& schema, std::size_t depth) const;
  Result check_branches(const Node& value, const Node& branches, std::size_t depth) const;
  bool distinguishes(const Node& value, const Node& branch) const;
  Node resolved(const Node& schema) const;
  const std::regex& compiled(const Node& pattern) const;
  Node root_;
  mutable std::map<std::string, std::regex> patterns_;
};

}  // namespace meterrig::json
