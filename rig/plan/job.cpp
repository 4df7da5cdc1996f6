#include "rig/plan/job.hpp"

namespace meterrig::plan {

namespace {

// Whether `5.3.17`, `CJT503-5.3.17` or `CJT503-5.3.17/6.19` names the clause.
bool names_clause(const std::string& word, const std::string& clause_id) {
  if (word == clause_id) return true;
  const std::string without_test = clause_id.substr(0, clause_id.find('/'));
  return word == without_test || word == without_test.substr(without_test.find('-') + 1);
}

Agreement read_agreement(const json::Node& node) {
  node.reject_unknown_keys({"name", "who", "date", "accepts"});
  Agreement result;
  result.name = node.at("name").not_empty();
  result.who = node.at("who").not_empty();
  result.date = node.at("date").not_empty();
  result.accepts = node.at("accepts").strings();
  return result;
}

}  // namespace

const Agreement* Job::accepting(const std::string& clause_id, const std::string& name) const {
  for (const Agreement& agreement : agreements) {
    for (const std::string& accepted : agreement.accepts) {
      const std::size_t colon = accepted.find(':');
      const bool whole_clause = colon == std::string::npos;
      if (accepted == "all") return &agreement;
      if (!names_clause(accepted.substr(0, colon), clause_id)) continue;
      if (whole_clause || accepted.substr(colon + 1) == name) return &agreement;
    }
  }
  return nullptr;
}

Job read_job(const json::Node& node) {
  node.reject_unknown_keys({"client", "order", "reason", "agreements"});
  Job result;
  result.client = node.string_or("client", "");
  result.order = node.string_or("order", "");
  result.reason = node.string_or("reason", "");
  if (const auto agreements = node.optional("agreements")) {
    for (const json::Node& agreement : agreements->elements()) result.agreements.push_back(read_agreement(agreement));
  }
  return result;
}

}  // namespace meterrig::plan
