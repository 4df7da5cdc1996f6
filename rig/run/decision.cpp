#include "rig/run/decision.hpp"

#include <algorithm>
#include <cmath>

namespace meterrig::rig {
namespace {

using plan::LimitKind;
using record::Verdict;

// How far inside the limit the value lies; negative: outside. Zero counts as inside, but not for less_than.
double margin(const plan::Limit& limit, double value) {
  switch (limit.kind) {
    case LimitKind::at_most:
    case LimitKind::less_than:
      return limit.high - value;
    case LimitKind::at_least:
      return value - limit.low;
    case LimitKind::between:
      return std::min(limit.high - value, value - limit.low);
    case LimitKind::equals:
      return value == limit.high ? 0 : -std::abs(value - limit.high);
  }
  return -1;
}

Verdict meant_by(const std::string& word) { return record::verdict_from(word).value_or(Verdict::inconclusive); }

Decision simple(const plan::Limit& limit, double value) {
  return limit.holds(value) ? Decision{"pass", Verdict::pass} : Decision{"fail", Verdict::fail};
}

Decision zones(const plan::Limit& limit, double value, double guard, const plan::DecisionRule& rule) {
  const double inside = margin(limit, value);
  if (limit.holds(value) && inside >= guard) return {"pass", Verdict::pass};
  if (limit.holds(value)) return {"conditional_pass", meant_by(rule.conditional_pass)};
  if (-inside <= guard) return {"conditional_fail", meant_by(rule.conditional_fail)};
  return {"fail", Verdict::fail};
}

}  // namespace

Decision decide(const plan::Limit& limit, double value, double expanded_uncertainty, const plan::DecisionRule& rule) {
  using Rule = plan::DecisionRule::Rule;
  if (std::isnan(value)) return {"no_reading", Verdict::inconclusive};
  if (expanded_uncertainty <= 0 || rule.rule == Rule::simple_acceptance) return simple(limit, value);
  if (rule.rule == Rule::guard_band) return zones(limit, value, expanded_uncertainty, rule);
  // JJF 1094-2002 5.3.1: with U at most a third of MPEV the uncertainty may be neglected.
  if (!limit.error_of_indication) return simple(limit, value);
  const double mpev = std::max(std::abs(limit.high), std::abs(limit.low));
  if (expanded_uncertainty <= mpev / 3) return simple(limit, value);
  Decision decision = zones(limit, value, expanded_uncertainty, rule);
  if (decision.outcome != "pass" && decision.outcome != "fail") decision.verdict = Verdict::inconclusive;
  return decision;
}

Decision decide_one_sided(const plan::Limit& limit, double bound, bool more) {
  const bool upper = limit.kind == LimitKind::at_most || limit.kind == LimitKind::less_than;
  if (more && (upper || limit.kind == LimitKind::between || limit.kind == LimitKind::equals) && bound >= limit.high)
    return {"fail", Verdict::fail};
  if (more && limit.kind == LimitKind::at_least && bound >= limit.low) return {"pass", Verdict::pass};
  if (!more && upper && bound <= limit.high) return {"pass", Verdict::pass};
  if (!more && !upper && bound <= limit.low) return {"fail", Verdict::fail};
  return {"one_sided", Verdict::inconclusive};
}

}  // namespace meterrig::rig
