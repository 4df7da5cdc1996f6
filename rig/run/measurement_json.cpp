#include "rig/run/measurement_json.hpp"

namespace meterrig::rig {

using nlohmann::json;

namespace {

json term_json(const BudgetTerm& term) {
  const bool rectangular = term.distribution == Distribution::rectangular;
  return {{"term", term.name},
          {"distribution", word(term.distribution)},
          {rectangular ? "half_width" : "standard_deviation", term.spread},
          {"unit", term.unit},
          {"sensitivity", term.sensitivity},
          {"standard_uncertainty", term.contribution()}};
}

}  // namespace

json limit_json(const plan::Limit& limit) {
  json body{{"source", plan::word(limit.source)}};
  if (!limit.exact.empty()) {
    body[plan::word(limit.kind)] = limit.exact;
    if (!limit.magnitude_of.empty()) body["magnitude_of"] = limit.magnitude_of;
    return body;
  }
  if (limit.kind == plan::LimitKind::between)
    body["between"] = {limit.low, limit.high};
  else
    body[plan::word(limit.kind)] = limit.kind == plan::LimitKind::at_least ? limit.low : limit.high;
  return body;
}

void add_uncertainty(const Budget& budget, double value, json& body) {
  if (const auto& correction = budget.correction()) {
    body["indication"] = value - *correction;
    body["correction"] = *correction;
  }
  if (budget.exact()) return;
  json terms = json::array();
  for (const BudgetTerm& term : budget.terms()) terms.push_back(term_json(term));
  body.update({{"expanded_uncertainty", budget.expanded()},
               {"coverage_factor", Budget::coverage_factor},
               {"combined_uncertainty", budget.combined()},
               {"budget", std::move(terms)}});
  if (const BudgetTerm* dominant = budget.dominant()) body["dominant_term"] = dominant->name;
}

json risk_json(double conforming, bool accepted) {
  return {{"conforming", conforming},
          {accepted ? "false_accept" : "false_reject", accepted ? 1 - conforming : conforming}};
}

json within_uncertainty_text() {
  return {{"zh", "测量结果与限值之差在测量不确定度以内"},
          {"en", "result within the measurement uncertainty of the limit"}};
}

}  // namespace meterrig::rig
