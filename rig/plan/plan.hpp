#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "rig/plan/catalogue.hpp"
#include "rig/plan/decision_rule.hpp"
#include "rig/plan/job.hpp"

namespace meterrig::plan {

// A parameter that a plan changed.
struct Deviation {
  std::string parameter;
  std::string standard_value;
  std::string plan_value;
  bool shortens = false;  // the method got weaker: the clause can at most be recorded
};

// A clause as this plan runs it: the standard's, with the plan's parameters put in.
struct PlannedClause {
  Clause clause;
  std::vector<Deviation> deviations;
};

// Which clauses, in which order, with which parameters, on how many samples.
class Plan {
 public:
  std::string id;
  std::string standard;
  Title title;
  std::string inspection;  // partial, type or factory
  std::vector<PlannedClause> clauses;
  DecisionRule decision_rule;
  Utc epoch{};  // when a virtual run starts
  int samples = 1;
  int retries = 2;  // further attempts after a void
  std::string default_rig;
  std::vector<std::string> default_duts;
  Job job;

  // Throw UserError with the nearest id when the plan has no such clause.
  const PlannedClause& planned(std::string_view clause_id) const;
  bool shortened(std::string_view clause_id) const;
  bool contains(std::string_view clause_id) const noexcept;
};

Plan read_plan(const json::Node& document, const Catalogue& catalogue);

// The plan with only what the words name (see Standard::named) and what those clauses depend on, in the plan's order.
// A dependency that the plan lacks comes in just before the clause that needs it. Throws UserError when a word names
// nothing in the plan.
Plan select(const Plan& plan, const std::vector<std::string>& only, const Catalogue& catalogue);

}  // namespace meterrig::plan
