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

// From the value to the nearest bound, either way.
double distance(const plan::Limit& limit, double value) {
  switch (limit.kind) {
    case LimitKind::at_most:
    case LimitKind::less_than:
    case LimitKind::equals:
      return std::abs(value - limit.high);
    case LimitKind::at_least:
      return std::abs(value - limit.low);
    case LimitKind::between:
      return std::min(std::abs(value - limit.high), std::abs(value - limit.low));
  }
  return 0;
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

// JJF 1094-2002: |error| <= MPEV - U conforms, |error| >= MPEV + U does not, in between it stays open.
Decision three_zones(const plan::Limit& limit, double value, double expanded_uncertainty) {
  const double inside = margin(limit, value);
  if (inside >= expanded_uncertainty) return {"pass", Verdict::pass};
  if (-inside >= expanded_uncertainty) return {"fail", Verdict::fail};
  return {inside >= 0 ? "conditional_pass" : "conditional_fail", Verdict::inconclusive};
}

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

}  // namespace

Decision decide(const plan::Limit& limit, double value, double expanded_uncertainty, const plan::DecisionRule& rule) {
  using Rule = plan::DecisionRule::Rule;
  if (std::isnan(value)) return {"no_reading", Verdict::inconclusive};
  if (expanded_uncertainty <= 0 || limit.uncertainty_included) return simple(limit, value);
  if (rule.rule == Rule::guard_band) return zones(limit, value, rule.guard_factor * expanded_uncertainty, rule);
  if (rule.rule == Rule::jjf_1094 && limit.error_of_indication) {
    const double mpev = std::max(std::abs(limit.high), std::abs(limit.low));
    // JJF 1094-2002: with U at most a third of MPEV the uncertainty may be neglected.
    return expanded_uncertainty <= mpev / 3 ? simple(limit, value) : three_zones(limit, value, expanded_uncertainty);
  }
  Decision decision = simple(limit, value);
  decision.within_uncertainty = distance(limit, value) <= expanded_uncertainty;
  return decision;
}

std::optional<double> conformance_probability(const plan::Limit& limit, double value, double standard_uncertainty) {
  if (!(standard_uncertainty > 0) || limit.uncertainty_included) return std::nullopt;
  const auto below = [&](double bound) { return normal_distribution((bound - value) / standard_uncertainty); };
  switch (limit.kind) {
    case LimitKind::at_most:
    case LimitKind::less_than:
      return below(limit.high);
    case LimitKind::at_least:
      return normal_distribution((value - limit.low) / standard_uncertainty);
    case LimitKind::between:
      return std::max(0.0, below(limit.high) - below(limit.low));
    case LimitKind::equals:
      break;
  }
  return std::nullopt;
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
