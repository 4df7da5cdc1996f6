#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rig/plan/attachment.hpp"
#include "rig/plan/certificate.hpp"

namespace meterrig::plan {

// A contract review by which the client accepts what the standard leaves open, or does without a clause.
struct Agreement {
  std::string name;
  std::string who;
  std::string date;
  std::vector<std::string> accepts;      // `5.3.17`, `CJT503-5.3.17/6.19:successful_readings`, or `all`
  std::vector<std::string> waives = {};  // clauses that are not tested
};

// What the client ordered.
struct Job {
  std::string client;
  std::string order;
  std::string reason;  // of a type inspection: new product, changed design, production resumed
  std::vector<Agreement> agreements;
  std::vector<Certificate> certificates;
  // What only report and original record print: category of the inspection, addresses, maker, laboratory, receipt and
  // sampling of the samples, controlled forms, checker. As the job's file has it, without the photos.
  nlohmann::json particulars = nlohmann::json::object();
  std::vector<Attachment> receipt_photos, sampling_photos;

  // The agreement that accepts a value, limit or reading of a clause; null when none does.
  const Agreement* accepting(const std::string& clause_id, const std::string& name) const;
  // The agreement by which the clause is not tested; null when none says so.
  const Agreement* waiving(const std::string& clause_id) const;
};

// `standards`: whose clauses its certificates may be about. `may_waive`: a type inspection has its whole membership.
Job read_job(const json::Node& node, const std::vector<const Standard*>& standards, bool may_waive);

}  // namespace meterrig::plan
