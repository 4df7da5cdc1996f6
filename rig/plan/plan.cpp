#include "rig/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/plan/dates.hpp"

namespace meterrig::plan {

namespace {

std::vector<std::string> ids_of(const Plan& plan) {
  std::vector<std::string> result;
  for (const PlannedClause& planned : plan.clauses) result.push_back(planned.clause.id);
  return result;
}

void put_in(PlannedClause& planned, const json::Node& parameters) {
  std::vector<std::string> known;
  for (const auto& [name, parameter] : planned.clause.parameters) known.push_back(name);
  parameters.reject_unknown_keys(known);
  for (const json::Member& member : parameters.members()) {
    Parameter& own = planned.clause.parameters.at(member.key);
    const Parameter changed = overridden(own, member.value);
    if (changed.text == own.text) continue;
    planned.deviations.push_back({member.key, own.text, changed.text, own.weakened_by(changed)});
    own = changed;
  }
}

// The clauses that one entry names: a word, or an object with a word and parameters.
std::vector<PlannedClause> read_entry(const json::Node& node, const Plan& plan, const Catalogue& catalogue) {
  if (!node.is_string() && !node.is_object()) node.expected("the id of a clause, or an object with \"clause\"");
  if (node.is_object()) node.reject_unknown_keys({"clause", "parameters"});
  const json::Node word = node.is_object() ? node.at("clause") : node;
  std::vector<const Clause*> named = catalogue.standard(plan.standard).named(word.string());
  if (const Clause* own = catalogue.own_clause(word.string()); own && named.empty()) named.push_back(own);
  if (named.empty()) {
    std::vector<std::string> ids;
    for (const Clause& clause : catalogue.standard(plan.standard).clauses) ids.push_back(clause.id);
    word.fail(word.describe(), fmt::format("a clause of {}", plan.standard), json::did_you_mean(word.string(), ids));
  }
  std::vector<PlannedClause> result;
  for (const Clause* clause : named) {
    if (plan.contains(clause->id)) word.fail("clause " + json::in_quotes(clause->id) + " again", "each clause once");
    PlannedClause planned{*clause, {}};
    const auto parameters = node.is_object() ? node.optional("parameters") : std::nullopt;
    if (parameters) put_in(planned, *parameters);
    result.push_back(std::move(planned));
  }
  return result;
}

std::vector<std::string> read_names(const json::Node& document, const char* key) {
  const auto names = document.optional(key);
  return names ? names->strings() : std::vector<std::string>{};
}

}  // namespace

bool Plan::contains(std::string_view clause_id) const noexcept {
  return std::any_of(clauses.begin(), clauses.end(), [&](const PlannedClause& p) { return p.clause.id == clause_id; });
}

const PlannedClause& Plan::planned(std::string_view clause_id) const {
  for (const PlannedClause& one : clauses) {
    if (one.clause.id == clause_id) return one;
  }
  throw UserError(fmt::format("found clause {}; expected a clause of the plan {}{}", json::in_quotes(clause_id), id,
                              json::did_you_mean(clause_id, ids_of(*this))));
}

bool Plan::shortened(std::string_view clause_id) const {
  const auto& deviations = planned(clause_id).deviations;
  return std::any_of(deviations.begin(), deviations.end(), [](const Deviation& d) { return d.shortens; });
}

Plan read_plan(const json::Node& document, const Catalogue& catalogue) {
  document.reject_unknown_keys({"id", "title", "about", "standard", "inspection", "default_rig", "default_duts",
                                "epoch", "samples", "retries", "decision_rule", "job", "clauses"});
  Plan plan;
  plan.id = document.at("id").not_empty();
  plan.title = read_title(document.at("title"));
  std::vector<std::string> standards;
  for (const Standard& standard : catalogue.standards()) standards.push_back(standard.id);
  plan.standard = document.at("standard").one_of(standards);
  const auto inspection = document.optional("inspection");
  plan.inspection = inspection ? inspection->one_of({"partial", "type", "factory"}) : "partial";
  plan.default_rig = document.string_or("default_rig", "");
  plan.default_duts = read_names(document, "default_duts");
  plan.epoch = read_utc(document.at("epoch"));
  if (const auto samples = document.optional("samples")) plan.samples = static_cast<int>(samples->integer(1, 1000));
  if (const auto retries = document.optional("retries")) plan.retries = static_cast<int>(retries->integer(0, 2));
  if (const auto rule = document.optional("decision_rule")) plan.decision_rule = read_decision_rule(*rule);
  if (const auto job = document.optional("job"))
    plan.job = read_job(*job, {&catalogue.standard(plan.standard)}, plan.inspection != "type");
  for (const json::Node& entry : document.at("clauses").elements()) {
    for (PlannedClause& planned : read_entry(entry, plan, catalogue)) plan.clauses.push_back(std::move(planned));
  }
  if (plan.clauses.empty()) document.at("clauses").fail("an empty array", "at least one clause");
  return plan;
}

Plan select(const Plan& plan, const std::vector<std::string>& only, const Catalogue& catalogue) {
  std::set<std::string> wanted;
  for (const std::string& word : only) {
    bool any = false;
    const bool own = catalogue.own_clause(word) && plan.contains(word);
    for (const Clause* clause : catalogue.named(word, own ? std::string_view() : plan.standard)) {
      if (!plan.contains(clause->id)) continue;
      wanted.insert(clause->id);
      any = true;
    }
    if (!any) {
      throw UserError(fmt::format("found clause {}; expected a clause of the plan {}{}", json::in_quotes(word), plan.id,
                                  json::did_you_mean(word, ids_of(plan))));
    }
  }
  Plan result = plan;
  result.clauses.clear();
  std::set<std::string> taken;
  auto take = [&](const std::string& id, auto& self) -> void {
    if (!taken.insert(id).second) return;
    const PlannedClause planned = plan.contains(id) ? plan.planned(id) : PlannedClause{catalogue.clause(id), {}};
    for (const std::string& before : planned.clause.after) self(before, self);
    result.clauses.push_back(planned);
  };
  std::set<std::string> closed = wanted;
  auto close = [&](const std::string& id, auto& self) -> void {
    for (const std::string& before : catalogue.clause(id).after) {
      if (closed.insert(before).second) self(before, self);
    }
  };
  for (const std::string& id : wanted) close(id, close);
  for (const PlannedClause& planned : plan.clauses) {
    if (closed.contains(planned.clause.id)) take(planned.clause.id, take);
  }
  return result;
}

}  // namespace meterrig::plan
