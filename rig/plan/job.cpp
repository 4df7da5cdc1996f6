#include "rig/plan/job.hpp"

#include <algorithm>
#include <array>

#include "rig/plan/dates.hpp"

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

constexpr std::array particular_keys{"inspection_category",
                                     "client_address",
                                     "maker",
                                     "maker_address",
                                     "laboratory",
                                     "received",
                                     "sampling",
                                     "forms",
                                     "checker"};

std::vector<Attachment> read_photos(const json::Node& node) {
  std::vector<Attachment> photos;
  if (const auto list = node.optional("photos"))
    for (const json::Node& photo : list->elements()) photos.push_back(read_attachment(photo));
  return photos;
}

// Their shape is the schema's to check.
void read_particulars(const json::Node& node, Job& job) {
  for (const char* key : particular_keys)
    if (const auto its = node.optional(key)) job.particulars[key] = json::to_json(*its);
  const auto place = [&](const char* key, std::vector<Attachment>& photos) {
    const auto its = node.optional(key);
    if (!its) return;
    (void)read_day(its->at("date"));
    photos = read_photos(*its);
    job.particulars[key].erase("photos");
  };
  place("received", job.receipt_photos);
  place("sampling", job.sampling_photos);
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
  node.reject_unknown_keys({"client", "order", "reason", "agreements", "certificates", "inspection_category",
                            "client_address", "maker", "maker_address", "laboratory", "received", "sampling", "forms",
                            "checker"});
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
  read_particulars(node, result);
  return result;
}

}  // namespace meterrig::plan
