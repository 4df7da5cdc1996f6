#pragma once

#include <optional>
#include <string>

#include "rig/plan/decision_rule.hpp"
#include "rig/plan/limit.hpp"
#include "rig/record/verdict.hpp"

namespace meterrig::rig {

// The outcome of holding one value against one limit.
struct Decision {
  std::string outcome;  // pass, conditional_pass, conditional_fail, fail
  record::Verdict verdict = record::Verdict::inconclusive;
  // Decided by simple comparison although the limit lies within the uncertainty of the value.
  bool within_uncertainty = false;
};

// ILAC-G8:09/2019: guard band w = factor U. Simple acceptance compares the unrounded value (GB/T 8170-2008). JJF
// 1094-2002: with U <= MPEV/3 simple comparison, else the three zones. Counted and exact quantities carry U = 0.
Decision decide(const plan::Limit& limit, double value, double expanded_uncertainty, const plan::DecisionRule& rule);

// A reading beyond a range: "> bound". Passes or fails whatever the value, or stays open.
Decision decide_one_sided(const plan::Limit& limit, double bound, bool more);

// JCGM 106:2012 7.3, 8.2: the probability that the quantity keeps the limit, its value known with the standard
// uncertainty u, normal. An accepted item is falsely accepted with 1 - p, a rejected one falsely rejected with p. None
// for exact quantities, and for limits that no probability belongs to.
std::optional<double> conformance_probability(const plan::Limit& limit, double value, double standard_uncertainty);

}  // namespace meterrig::rig
