#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rig/plan/catalogue.hpp"
#include "rig/plan/decision_rule.hpp"
#include "rig/record/verdict.hpp"

namespace meterrig::rig {

// How stored measurements are to be judged again; what is empty stays as it was.
struct OtherJudgement {
  std::string standard;  // its limits, where it asks for the same procedure
  std::optional<plan::DecisionRule> rule;
};

// An assumption under which the verdict would be another one.
struct Flip {
  std::string assumption;  // "rule:guard_band", "reading:the floor alone, without listening", "agreement"
  record::Verdict verdict = record::Verdict::inconclusive;
};

// One measurement, judged again.
struct Rejudged {
  std::int64_t sample = 0;
  std::string clause;  // that was tested
  std::string by;      // whose limit it is held against now
  std::string name;
  nlohmann::json value;
  std::string unit;
  double expanded_uncertainty = 0;
  std::string limit;  // "<= 10 uA"
  std::string outcome;
  record::Verdict was = record::Verdict::inconclusive;
  record::Verdict is = record::Verdict::inconclusive;
  std::vector<Flip> flips;
};

// The numbers of a record that were held against a limit, against the other one or under the other rule; measured
// values, counts and one-sided readings. Exact quantities have no uncertainty, and no rule changes them. The raw data
// are not touched, and no new result comes into being: who wants one amends the report. Throws UserError for a standard
// that asks for nothing of what was tested.
std::vector<Rejudged> rejudge(const nlohmann::json& record, const plan::Catalogue& catalogue,
                              const OtherJudgement& other);

}  // namespace meterrig::rig
