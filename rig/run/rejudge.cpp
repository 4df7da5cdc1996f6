#include "rig/run/rejudge.hpp"

#include <array>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "rig/run/decision.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;
using record::Verdict;
using Rule = plan::DecisionRule::Rule;

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The bound as the record has it: what the maker declared is in it.
bool take_bounds(const json& from, plan::Limit& into) {
  constexpr std::array kinds{plan::LimitKind::at_most, plan::LimitKind::less_than, plan::LimitKind::at_least,
                             plan::LimitKind::between, plan::LimitKind::equals};
  for (const plan::LimitKind kind : kinds) {
    const auto bound = from.find(plan::word(kind));
    if (bound == from.end() || bound->is_string()) continue;
    into.kind = kind;
    into.low = kind == plan::LimitKind::between ? bound->at(0).get<double>() : bound->get<double>();
    into.high = kind == plan::LimitKind::between ? bound->at(1).get<double>() : bound->get<double>();
    return true;
  }
  return false;
}

const plan::Limit* limit_named(const plan::Clause& clause, const std::string& name) {
  const auto found = clause.limits.find(name);
  return found == clause.limits.end() || found->second.empty() ? nullptr : &found->second.front();
}

// The rule that the run was decided by.
plan::DecisionRule rule_of(const json& record) {
  plan::DecisionRule rule;
  const json& told = record.at("decision_rule");
  for (const Rule one : {Rule::simple_acceptance, Rule::guard_band, Rule::jjf_1094})
    if (text(told, "rule") == plan::word(one)) rule.rule = one;
  rule.conditional_pass = told.value("conditional_pass", rule.conditional_pass);
  rule.conditional_fail = told.value("conditional_fail", rule.conditional_fail);
  rule.guard_factor = told.value("guard_factor", rule.guard_factor);
  return rule;
}

class Judge {
 public:
  Judge(const json& record, const plan::Catalogue& catalogue, const OtherJudgement& other)
      : record_(record), catalogue_(catalogue), other_(other), rule_(other.rule.value_or(rule_of(record))) {}

  std::vector<Rejudged> all() {
    for (const json& dut : record_.at("duts"))
      for (const json& result : dut.at("results")) {
        const plan::Clause* const by = judging(result);
        for (const json& measurement : result.at("measurements")) one(dut, result, by, measurement);
      }
    if (found_.empty() && !other_.standard.empty())
      throw UserError(
          fmt::format("the run has no measurement that {} asks for; `meterrig list clauses --standard {}` "
                      "says what it asks for",
                      other_.standard, other_.standard));
    return std::move(found_);
  }

 private:
  // The clause whose limits hold now; null: none knows this result.
  const plan::Clause* judging(const json& result) const {
    const std::string standard = other_.standard.empty() ? text(result, "standard") : other_.standard;
    for (const plan::Standard& one : catalogue_.standards()) {
      if (one.id != standard) continue;
      for (const plan::Clause& clause : one.clauses)
        if (other_.standard.empty() ? clause.id == text(result, "id") : clause.procedure == text(result, "procedure"))
          return &clause;
    }
    return nullptr;
  }

  std::optional<plan::Limit> limit_for(const plan::Clause* by, const json& measurement) const {
    const std::string name = text(measurement, "name");
    const plan::Limit* const known = by ? limit_named(*by, name) : nullptr;
    if (!other_.standard.empty()) return known ? std::optional(*known) : std::nullopt;
    plan::Limit limit = known ? *known : plan::Limit{};
    limit.name = name;
    limit.unit = text(measurement, "unit");
    if (!take_bounds(measurement.at("limit"), limit)) return std::nullopt;
    return limit;
  }

  Decision decide_it(const plan::Limit& limit, const json& m, double value, const plan::DecisionRule& rule) const {
    if (const std::string side = text(m, "one_sided"); !side.empty())
      return decide_one_sided(limit, value, side == ">");
    return decide(limit, value, m.value("expanded_uncertainty", 0.0), rule);
  }

  void one(const json& dut, const json& result, const plan::Clause* by, const json& m) {
    if (!m.at("value").is_number() || !m.contains("limit") || !m.at("limit").is_object()) return;
    const auto limit = limit_for(by, m);
    if (!limit || limit->unit != text(m, "unit") || !limit->exact.empty()) return;
    const double value = m.at("value").get<double>();
    const Decision decision = decide_it(*limit, m, value, rule_);
    const Verdict was = record::verdict_from(text(m, "verdict")).value_or(Verdict::inconclusive);
    found_.push_back({dut.at("sample").get<std::int64_t>(), text(result, "id"), by ? by->id : text(result, "id"),
                      text(m, "name"), m.at("value"), limit->unit, m.value("expanded_uncertainty", 0.0), limit->text(),
                      decision.outcome, was, decision.verdict, flips(*limit, m, value, decision.verdict)});
  }

  std::vector<Flip> flips(const plan::Limit& limit, const json& m, double value, Verdict is) const {
    std::vector<Flip> all;
    const auto add = [&](const std::string& assumption, Verdict verdict) {
      if (verdict != is) all.push_back({assumption, verdict});
    };
    for (const Rule rule : {Rule::simple_acceptance, Rule::guard_band, Rule::jjf_1094})
      add(fmt::format("rule:{}", plan::word(rule)),
          decide_it(limit, m, value, plan::DecisionRule{.rule = rule}).verdict);
    if (const auto readings = m.find("other_readings"); readings != m.end())
      for (const json& reading : *readings)
        add("reading:" + text(reading.at("reading"), "en"),
            decide(limit, reading.at("value").get<double>(), m.value("expanded_uncertainty", 0.0), rule_).verdict);
    if (const auto rests = m.find("rests_on"); rests != m.end() && !rests->empty())
      add("agreement", Verdict::inconclusive);
    return all;
  }

  const json& record_;
  const plan::Catalogue& catalogue_;
  const OtherJudgement& other_;
  plan::DecisionRule rule_;
  std::vector<Rejudged> found_;
};

}  // namespace

std::vector<Rejudged> rejudge(const json& record, const plan::Catalogue& catalogue, const OtherJudgement& other) {
  if (!other.standard.empty()) (void)catalogue.standard(other.standard);
  return Judge(record, catalogue, other).all();
}

}  // namespace meterrig::rig
