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
};

// ILAC-G8:09/2019: guard band w = U. Simple acceptance compares the unrounded value (GB/T 8170-2008). JJF 1094-2002:
// with U <= MPEV/3 simple comparison, else the three zones. Counted and exact quantities carry U = 0.
Decision decide(const plan::Limit& limit, double value, double expanded_uncertainty, const plan::DecisionRule& rule);

// A reading beyond a range: "> bound". Passes or fails whatever the value, or stays open.
Decision decide_one_sided(const plan::Limit& limit, double bound, bool more);

}  // namespace meterrig::rig
