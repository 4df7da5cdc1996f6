#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rig/plan/limit.hpp"
#include "rig/plan/parameter.hpp"

namespace meterrig::plan {

struct Title {
  std::string zh;
  std::string en;
};
Title read_title(const json::Node& node);

// Who does the test: the rig from start to verdict; the rig with an operator or other equipment; people.
enum class ClauseKind { automatic, assisted, manual };
const char* word(ClauseKind kind);

// What an inspection table says of a clause.
enum class Membership { required, required_without_row, if_declared, not_required, unstated };
const char* word(Membership membership);

// How a doubtful place of the standard is read.
struct Reading {
  std::string found;
  std::string read_as;
};

// One requirement of one standard with its test clause: `CJT503-5.3.8/6.10`.
class Clause {
 public:
  std::string id;
  std::string standard;     // cjt503
  std::string requirement;  // 5.3.8
  std::string test;         // 6.10; empty when the standard names no test clause
  Title title;
  ClauseKind kind = ClauseKind::manual;
  Membership type = Membership::unstated;
  Membership factory = Membership::unstated;
  int row = 0;                     // of the standard's table of inspection items; 0: it has none
  std::string printed;             // requirement / method as that row prints them, where the print is wrong
  bool recommended = false;        // 宜: a shortfall is recorded, never a fail
  std::string defect_class;        // A or B; empty when the standard has none
  std::string hold;                // what must hold
  std::string procedure;           // empty: no procedure serves it
  std::vector<std::string> after;  // ids of clauses of the same standard that must have been run before
  Applies applies;
  std::map<std::string, std::vector<Limit>> limits;  // several of one name differ by what they apply to
  std::map<std::string, Parameter> parameters;
  std::vector<Reading> readings;

  // The limit of a measurement for this DUT. None: there is no limit for such a DUT, record the value.
  // Throws UserError with the nearest name when the clause knows no limit of that name at all.
  std::optional<Limit> limit(const std::string& name, const DutFile& dut) const;
  // Throw UserError with the nearest name when the clause has no such parameter, or it is of another kind.
  const Parameter& parameter(const std::string& name) const;
  Parameter parameter(const std::string& name, const DutFile& dut) const { return parameter(name).for_dut(dut); }
  double number(const std::string& name) const;
  double number(const std::string& name, const DutFile& dut) const;
  const std::vector<double>& list(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  const std::vector<std::string>& texts(const std::string& name) const;
  // Throws UserError with file, line and what stands there: a procedure can't run with this value (or this element of
  // a list), because it expects another.
  [[noreturn]] void refuse(const std::string& name, const std::string& expected,
                           std::optional<std::size_t> element = {}) const;
};

// Whether `5.3.17`, `CJT503-5.3.17` or `CJT503-5.3.17/6.19` names the clause.
bool names_clause(const std::string& word, const std::string& clause_id);

Clause read_clause(const std::string& standard, const json::Node& node);

}  // namespace meterrig::plan
