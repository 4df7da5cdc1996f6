#include "bench/instruments/scpi_tree.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "bench/instruments/scpi_text.hpp"

namespace meterrig::bench {
namespace {

constexpr std::size_t longest_mnemonic = 12;  // IEEE 488.2, 7.6.1.4.1

struct PatternNode {
  std::string name;
  bool suffixed = false;
  bool optional = false;
};

std::vector<PatternNode> parse_pattern(std::string_view pattern) {
  std::vector<PatternNode> nodes;
  bool optional = false;
  std::string name;
  const auto finish = [&] {
    if (name.empty()) return;
    const bool suffixed = name.back() == '#';
    if (suffixed) name.pop_back();
    nodes.push_back({name, suffixed, optional});
    name.clear();
  };
  for (const char c : pattern) {
    if (c == '[' || c == ']' || c == ':') {
      finish();
      if (c != ':') optional = c == '[';
    } else {
      name += c;
    }
  }
  finish();
  return nodes;
}

bool same_letters(std::string_view given, std::string_view upper_case) {
  if (given.size() != upper_case.size()) return false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char c = given[i];
    if ((c >= 'a' && c <= 'z' ? c - 32 : c) != upper_case[i]) return false;
  }
  return true;
}

ScpiTree::Node& child(ScpiTree::Node& parent, const PatternNode& wanted) {
  std::size_t short_length = 0;
  while (short_length < wanted.name.size() && !(wanted.name[short_length] >= 'a')) ++short_length;
  std::string long_name = wanted.name;
  std::transform(long_name.begin(), long_name.end(), long_name.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  for (auto& existing : parent.children) {
    if (existing->long_name == long_name && existing->suffixed == wanted.suffixed) return *existing;
    if (existing->long_name.substr(0, existing->short_length) == long_name.substr(0, short_length))
      throw std::logic_error("two headers share a short form: " + long_name + " and " + existing->long_name);
  }
  auto node = std::make_unique<ScpiTree::Node>();
  node->long_name = std::move(long_name);
  node->short_length = short_length;
  node->suffixed = wanted.suffixed;
  node->parent = &parent;
  parent.children.push_back(std::move(node));
  return *parent.children.back();
}

void insert(ScpiTree::Node& at, const std::vector<PatternNode>& nodes, std::size_t next, bool query, int command) {
  if (next == nodes.size()) {
    int& slot = query ? at.query : at.set;
    if (slot != ScpiTree::none && slot != command)
      throw std::logic_error("a header is declared twice: " + at.long_name);
    slot = command;
    return;
  }
  if (nodes[next].optional) insert(at, nodes, next + 1, query, command);
  insert(child(at, nodes[next]), nodes, next + 1, query, command);
}

const ScpiTree::Node* step(const ScpiTree::Node& from, std::string_view mnemonic, ScpiTree::Match& match) {
  std::size_t stem = mnemonic.size();
  while (stem > 0 && mnemonic[stem - 1] >= '0' && mnemonic[stem - 1] <= '9') --stem;
  const std::string_view name = mnemonic.substr(0, stem);
  for (const auto& node : from.children) {
    const std::string_view long_name = node->long_name;
    const std::string_view given = node->suffixed ? name : mnemonic;
    if (!same_letters(given, long_name) && !same_letters(given, long_name.substr(0, node->short_length))) continue;
    if (node->suffixed && match.suffix_count < static_cast<int>(match.suffixes.size())) {
      int suffix = 0;
      if (stem < mnemonic.size()) {
        const auto [end, error] = std::from_chars(mnemonic.data() + stem, mnemonic.data() + mnemonic.size(), suffix);
        if (error != std::errc{} || suffix == 0 || suffix > 99) throw ScpiError{-114};
      }
      match.suffixes[static_cast<std::size_t>(match.suffix_count++)] = suffix;
    }
    return node.get();
  }
  return nullptr;
}

}  // namespace

void ScpiTree::add(std::string_view pattern, bool query, int command) {
  insert(root_, parse_pattern(pattern), 0, query, command);
}

ScpiTree::Match ScpiTree::find(const Node& from, std::string_view header) const {
  Match match;
  const Node* node = &from;
  std::size_t position = 0;
  while (position <= header.size()) {
    const std::size_t colon = std::min(header.find(':', position), header.size());
    const std::string_view mnemonic = header.substr(position, colon - position);
    if (mnemonic.empty()) throw ScpiError{-102};
    if (mnemonic.size() > longest_mnemonic) throw ScpiError{-112};
    node = step(*node, mnemonic, match);
    if (!node) throw ScpiError{-113};
    position = colon + 1;
  }
  match.node = node;
  return match;
}

}  // namespace meterrig::bench
