#include "rig/plan/interlock_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/json/text.hpp"
#include "rig/plan/roles.hpp"

namespace meterrig::plan {

namespace {

using Watched = InterlockRule::Watched;

struct Comparison {
  const char* key;
  Watched watched;
  const char* unit;
  std::array<std::string_view, 2> roles;  // that measure it
};

// Only what an instrument tells beside its other work: the current meters and the voltmeter are busy with waveforms.
constexpr std::array<Comparison, 5> comparisons{{{"above_v", Watched::volts, "V", {"power_supply", ""}},
                                                 {"above_a", Watched::amperes, "A", {"power_supply", ""}},
                                                 {"above_kpa", Watched::kilopascals, "kPa", {"air_source", "gauge"}},
                                                 {"is_open", Watched::contact, "1", {"door", "emergency_stop"}},
                                                 {"is_closed", Watched::contact, "1", {"door", "emergency_stop"}}}};

const Comparison& find_comparison(const json::Node& node) {
  const Comparison* found = nullptr;
  std::vector<std::string> keys;
  for (const Comparison& each : comparisons) {
    keys.emplace_back(each.key);
    if (!node.has(each.key)) continue;
    if (found != nullptr) node.at(each.key).fail_at_key("a second comparison", "one; see " + std::string(found->key));
    found = &each;
  }
  if (found == nullptr) node.fail("no comparison", "one of the keys " + json::choice(keys));
  return *found;
}

void read_comparison(const json::Node& node, InterlockRule& rule) {
  const Comparison& comparison = find_comparison(node);
  const json::Node value = node.at(comparison.key);
  const auto& roles = comparison.roles;
  if (std::find(roles.begin(), roles.end(), rule.role) == roles.end())
    value.fail_at_key(
        fmt::format("{} for the role {}", comparison.key, json::in_quotes(rule.role)),
        fmt::format("a role that it is known of: {}{}{}", roles[0], roles[1].empty() ? "" : ", ", roles[1]));
  rule.watched = comparison.watched;
  if (!rule.is_contact()) {
    rule.above = value.number();
    if (rule.above <= 0) value.expected("a number above 0");
    return;
  }
  if (!value.boolean()) value.expected("true; a contact that may not be closed has the key is_closed");
  rule.trips_closed = std::string_view(comparison.key) == "is_closed";
}

}  // namespace

const char* InterlockRule::unit() const noexcept {
  return std::find_if(comparisons.begin(), comparisons.end(), [this](const auto& c) { return c.watched == watched; })
      ->unit;
}

const char* InterlockRule::key() const noexcept {
  if (is_contact()) return trips_closed ? "is_closed" : "is_open";
  return std::find_if(comparisons.begin(), comparisons.end(), [this](const auto& c) { return c.watched == watched; })
      ->key;
}

std::string InterlockRule::limit() const {
  return is_contact() ? (trips_closed ? "closed" : "open") : fmt::format("above {:g} {}", above, unit());
}

const char* word(InterlockRule::Scope scope) { return scope == InterlockRule::Scope::rig ? "rig" : "station"; }

InterlockRule read_interlock(const json::Node& node) {
  node.reject_unknown_keys(
      {"name", "title", "role", "period_s", "scope", "above_v", "above_a", "above_kpa", "is_open", "is_closed"});
  InterlockRule rule{node.at("name").not_empty(),
                     read_title(node.at("title")),
                     node.at("role").one_of(role_names()),
                     Watched::contact,
                     0,
                     false,
                     node.at("period_s").number(),
                     InterlockRule::Scope::station,
                     node};
  if (rule.period_s <= 0) node.at("period_s").expected("a number of seconds above 0");
  if (node.at("scope").one_of({"station", "rig"}) == "rig") rule.scope = InterlockRule::Scope::rig;
  read_comparison(node, rule);
  return rule;
}

}  // namespace meterrig::plan
