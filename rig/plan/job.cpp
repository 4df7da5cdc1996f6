#include "rig/plan/job.hpp"

#include <algorithm>

namespace meterrig::plan {

namespace {

Agreement read_agreement(const json::Node& node, const std::vector<const Standard*>& standards, bool may_waive) {
  node.reject_unknown_keys({"name", "who", "date", "accepts", "waives"});
  Agreement result;
  result.name = node.at("name").not_empty();
  result.who = node.at("who").not_empty();
  result.date = node.at("date").not_empty();
  const auto waives = node.optional("waives");
  if (node.has("accepts") || !waives) result.accepts = node.at("accepts").strings();
  if (!waives) return result;
  if (!may_waive) waives->fail("clauses that are waived", "none: a type inspection has its whole membership");
  expect_clauses(*waives, standards);
  result.waives = waives->strings();
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

const Agreement* Job::waiving(const std::string& clause_id) const {
  for (const Agreement& agreement : agreements) {
    if (std::any_of(agreement.waives.begin(), agreement.waives.end(),
                    [&](const std::string& word) { return names_clause(word, clause_id); }))
      return &agreement;
  }
  return nullptr;
}

Job read_job(const json::Node& node, const std::vector<const Standard*>& standards, bool may_waive) {
  node.reject_unknown_keys({"client", "order", "reason", "agreements", "certificates"});
  Job result;
  result.client = node.string_or("client", "");
  result.order = node.string_or("order", "");
  result.reason = node.string_or("reason", "");
  if (const auto agreements = node.optional("agreements")) {
    for (const json::Node& agreement : agreements->elements())
      result.agreements.push_back(read_agreement(agreement, standards, may_waive));
  }
  if (const auto certificates = node.optional("certificates")) {
    for (const json::Node& certificate : certificates->elements())
      result.certificates.push_back(read_certificate(certificate, standards));
  }
  return result;
}

}  // namespace meterrig::plan
