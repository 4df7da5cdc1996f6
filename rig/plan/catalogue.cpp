#include "rig/plan/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/errors.hpp"
#include "core/json/text.hpp"

namespace meterrig::plan {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// `A.1|B.1` is one clause under two numbers.
std::vector<std::string_view> alternatives(std::string_view number) {
  std::vector<std::string_view> result;
  while (true) {
    const std::size_t bar = number.find('|');
    result.push_back(number.substr(0, bar));
    if (bar == std::string_view::npos) return result;
    number.remove_prefix(bar + 1);
  }
}

bool is_number(std::string_view number, std::string_view word) {
  if (number.empty()) return false;
  const auto all = alternatives(number);
  return same(number, word) || std::any_of(all.begin(), all.end(), [&](auto one) { return same(one, word); });
}

// 5.3.10 stands above 5.3.10a, and 5.3.1 above 5.3.1.1, but not above 5.3.10.
bool stands_above(std::string_view word, std::string_view number) {
  for (const std::string_view one : alternatives(number)) {
    if (one.size() <= word.size() || !same(one.substr(0, word.size()), word)) continue;
    const char next = one[word.size()];
    if (next == '.' || (next >= 'a' && next <= 'z')) return true;
  }
  return false;
}

std::vector<std::string> words_of(const Standard& standard) {
  std::set<std::string> words;
  for (const Clause& clause : standard.clauses) {
    words.insert(clause.id);
    words.insert(clause.requirement);
    if (!clause.test.empty()) words.insert(clause.test);
  }
  return {words.begin(), words.end()};
}

void check_references(const json::Node& clauses, const Standard& standard) {
  std::set<std::string> before;
  std::vector<std::string> ids;
  for (const Clause& clause : standard.clauses) ids.push_back(clause.id);
  for (const json::Node& node : clauses.elements()) {
    const std::string id = node.at("id").string();
    if (!before.insert(id).second) {
      node.at("id").fail("id " + json::in_quotes(id) + " again", "each clause once");
    }
    const auto after = node.optional("after");
    if (!after) continue;
    for (const json::Node& other : after->elements()) {
      if (standard.find(other.string()) == nullptr) {
        other.fail(other.describe(), "the id of a clause of this standard", json::did_you_mean(other.string(), ids));
      }
      if (other.string() == id) other.expected("another clause");
    }
  }
}

// `after` must not run in a circle.
void check_circles(const json::Node& clauses, const Standard& standard) {
  std::set<const Clause*> done;
  std::set<const Clause*> open;
  auto visit = [&](const Clause& clause, auto& self) -> bool {
    if (done.contains(&clause)) return true;
    if (!open.insert(&clause).second) return false;
    for (const std::string& id : clause.after) {
      if (!self(*standard.find(id), self)) return false;
    }
    done.insert(&clause);
    return true;
  };
  for (std::size_t i = 0; i < standard.clauses.size(); ++i) {
    if (visit(standard.clauses[i], visit)) continue;
    clauses[i].at("after").fail("a circle of dependencies", "clauses that can be run one after another");
  }
}

}  // namespace

const Clause* Standard::find(std::string_view clause_id) const {
  for (const Clause& clause : clauses) {
    if (same(clause.id, clause_id)) return &clause;
  }
  return nullptr;
}

std::vector<const Clause*> Standard::named(std::string_view word) const {
  if (const Clause* exact = find(word)) return {exact};
  std::string_view number = word;
  const std::size_t dash = word.find('-');
  if (dash != std::string_view::npos && same(word.substr(0, dash), id)) number.remove_prefix(dash + 1);
  if (number.empty()) return {};
  std::vector<const Clause*> result;
  auto take = [&](auto matches) {
    for (const Clause& clause : clauses) {
      if (matches(clause)) result.push_back(&clause);
    }
    return !result.empty();
  };
  take([&](const Clause& c) { return is_number(c.requirement, number); }) ||
      take([&](const Clause& c) { return is_number(c.test, number); }) ||
      take([&](const Clause& c) { return stands_above(number, c.requirement); }) ||
      take([&](const Clause& c) { return stands_above(number, c.test); });
  return result;
}

Standard read_standard(const json::Node& document) {
  document.reject_unknown_keys(
      {"id", "title", "edition", "status", "about", "defect_class_note", "demands", "clauses"});
  Standard result;
  result.id = document.at("id").not_empty();
  result.title = read_title(document.at("title"));
  result.edition = document.at("edition").not_empty();
  result.draft = document.at("status").one_of({"draft", "published"}) == "draft";
  if (const auto demands = document.optional("demands")) {
    for (const json::Member& member : demands->members()) {
      member.value.reject_unknown_keys({"voltage_v", "current_a", "class_percent"});
      result.demands.push_back({member.key, member.value.number_or("voltage_v", 0),
                                member.value.number_or("current_a", 0), member.value.at("class_percent").number()});
    }
  }
  const json::Node clauses = document.at("clauses");
  for (const json::Node& clause : clauses.elements()) result.clauses.push_back(read_clause(result.id, clause));
  check_references(clauses, result);
  check_circles(clauses, result);
  return result;
}

const Standard& Catalogue::standard(std::string_view id) const {
  std::vector<std::string> ids;
  for (const Standard& standard : standards_) {
    if (same(standard.id, id)) return standard;
    ids.push_back(standard.id);
  }
  throw UserError(fmt::format("found standard {}; expected {}{}", json::in_quotes(id), json::choice(ids),
                              json::did_you_mean(id, ids)));
}

const Clause* Catalogue::own_clause(std::string_view id) const {
  for (const Standard& standard : standards_)
    if (const Clause* const found = standard.own ? standard.find(id) : nullptr) return found;
  return nullptr;
}

const Clause& Catalogue::clause(std::string_view id) const {
  std::vector<std::string> ids;
  for (const Standard& standard : standards_) {
    if (const Clause* found = standard.find(id)) return *found;
    for (const Clause& clause : standard.clauses) ids.push_back(clause.id);
  }
  throw UserError(
      fmt::format("found clause {}; expected the id of a clause{}", json::in_quotes(id), json::did_you_mean(id, ids)));
}

std::vector<const Clause*> Catalogue::named(std::string_view word, std::string_view id) const {
  std::vector<const Clause*> result;
  std::vector<std::string> near;
  std::string elsewhere;
  for (const Standard& standard : standards_) {
    if (!id.empty() && !same(standard.id, id)) {
      if (standard.find(word) != nullptr) elsewhere = fmt::format("; it is a clause of {}", standard.id);
      continue;
    }
    const auto some = standard.named(word);
    result.insert(result.end(), some.begin(), some.end());
    const auto words = words_of(standard);
    near.insert(near.end(), words.begin(), words.end());
  }
  if (result.empty()) {
    throw UserError(fmt::format("found clause {}; expected an id, a requirement or a test clause{}{}",
                                json::in_quotes(word), id.empty() ? "" : fmt::format(" of {}", id),
                                elsewhere.empty() ? json::did_you_mean(word, near) : elsewhere));
  }
  return result;
}

}  // namespace meterrig::plan
