#pragma once

#include <string>
#include <vector>

#include "core/json/node.hpp"

namespace meterrig::plan {

// A contract review by which the client accepts what the standard leaves open.
struct Agreement {
  std::string name;
  std::string who;
  std::string date;
  std::vector<std::string> accepts;  // `5.3.17`, `CJT503-5.3.17/6.19:successful_readings`, or `all`
};

// What the client ordered.
struct Job {
  std::string client;
  std::string order;
  std::string reason;  // of a type inspection: new product, changed design, production resumed
  std::vector<Agreement> agreements;

  // The agreement that accepts a value, limit or reading of a clause; null when none does.
  const Agreement* accepting(const std::string& clause_id, const std::string& name) const;
};

Job read_job(const json::Node& node);

}  // namespace meterrig::plan
