#pragma once

#include <string>

#include "core/json/node.hpp"

namespace meterrig::plan {

// How an uncertain value is held against a limit.
struct DecisionRule {
  enum class Rule {
    simple_acceptance,
    guard_band,  // four outcomes of ILAC-G8:09/2019
    jjf_1094,    // errors of indication: U <= MPEV/3, else three zones; other limits by simple acceptance
  };
  Rule rule = Rule::simple_acceptance;
  // What the two middle outcomes of the guard band mean for the verdict: `pass` (conditional pass only), `fail`
  // (conditional fail only) or `inconclusive`. A conditional fail is never a pass.
  std::string conditional_pass = "inconclusive";
  std::string conditional_fail = "inconclusive";
  // Of the guard band: w = factor U. ILAC-G8 has 1 (risk of false accept below 2.5 %), ISO 14253-1 0.83 (below 5 %).
  double guard_factor = 1;
};
const char* word(DecisionRule::Rule rule);
DecisionRule read_decision_rule(const json::Node& node);

}  // namespace meterrig::plan
