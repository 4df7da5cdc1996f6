#include "rig/plan/decision_rule.hpp"

namespace meterrig::plan {

const char* word(DecisionRule::Rule rule) {
  switch (rule) {
    case DecisionRule::Rule::simple_acceptance:
      return "simple_acceptance";
    case DecisionRule::Rule::guard_band:
      return "guard_band";
    case DecisionRule::Rule::jjf_1094:
      return "jjf_1094";
  }
  return "";
}

DecisionRule read_decision_rule(const json::Node& node) {
  node.reject_unknown_keys({"rule", "conditional_pass", "conditional_fail", "guard_factor"});
  DecisionRule result;
  const std::string rule = node.at("rule").one_of({"simple_acceptance", "guard_band", "jjf_1094"});
  if (rule == "guard_band") result.rule = DecisionRule::Rule::guard_band;
  if (rule == "jjf_1094") result.rule = DecisionRule::Rule::jjf_1094;
  if (const auto pass = node.optional("conditional_pass"))
    result.conditional_pass = pass->one_of({"pass", "inconclusive"});
  if (const auto fail = node.optional("conditional_fail"))
    result.conditional_fail = fail->one_of({"fail", "inconclusive"});
  if (const auto factor = node.optional("guard_factor")) {
    if (rule != "guard_band") factor->fail("a guard factor", "the rule \"guard_band\" beside it");
    result.guard_factor = factor->number();
    if (!(result.guard_factor > 0) || result.guard_factor > 10) factor->expected("a number above 0 and at most 10");
  }
  return result;
}

}  // namespace meterrig::plan
