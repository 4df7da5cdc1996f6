#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rig/plan/clause.hpp"

namespace meterrig::plan {

// What a standard asks of the instrument of a role; 0 where it asks nothing.
struct Demand {
  std::string role;
  double voltage_v = 0;  // upper end of the range
  double current_a = 0;
  double class_percent = 0;  // largest error, of the range's end
};

struct Standard {
  std::string id;  // cjt503
  Title title;
  std::string edition;  // CJ/T 503-2016
  bool draft = false;
  bool own = false;  // a laboratory's own procedures: any plan may have them beside its standard's clauses
  std::vector<Demand> demands;
  std::vector<Clause> clauses;  // in the standard's order

  const Clause* find(std::string_view id) const;  // by exact id; null when it has none
  // The clauses that a word names, in the standard's order: an id, an id without its test clause, a requirement, a test
  // clause, or a group of either (`5.3.10` takes a and b, `5.3.1` takes 5.3.1.1 and 5.3.1.2). Empty: none.
  std::vector<const Clause*> named(std::string_view word) const;
};

Standard read_standard(const json::Node& document);

// All standards that the configuration holds.
class Catalogue {
 public:
  explicit Catalogue(std::vector<Standard> standards) : standards_(std::move(standards)) {}

  const std::vector<Standard>& standards() const noexcept { return standards_; }
  // Throw UserError with the nearest id when there is none.
  const Standard& standard(std::string_view id) const;
  const Clause& clause(std::string_view id) const;
  // By exact id, of a laboratory's own procedures; null when it has none.
  const Clause* own_clause(std::string_view id) const;
  // As Standard::named, over one standard, or over all when `standard` is empty. Throws UserError when nothing matches.
  std::vector<const Clause*> named(std::string_view word, std::string_view standard = {}) const;

 private:
  std::vector<Standard> standards_;
};

}  // namespace meterrig::plan
