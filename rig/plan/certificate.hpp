#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rig/plan/catalogue.hpp"
#include "rig/plan/dut_file.hpp"

namespace meterrig::plan {

// What somebody else found of clauses that this rig does not test: another laboratory, or a bench of one's own with a
// report of its own (ISO/IEC 17025 7.8.2.1 p: such results are identified).
struct Certificate {
  std::string number;
  std::string laboratory;
  std::string date;                            // of its issue: 2026-11-02
  std::vector<std::string> clauses;            // as names_clause() takes them
  std::string model;                           // of the samples that it is about; empty: of any
  std::vector<std::string> serials;            // only these; empty: every sample of the model
  std::string verdict;                         // pass, fail, inconclusive, recorded, not_applicable
  std::string remark;                          // may be empty
  std::string file;                            // as the job names it
  std::shared_ptr<const std::string> content;  // the file's bytes, as they were when the job was read
  std::optional<json::Node> node;              // in the job's file, for messages

  bool concerns(const std::string& clause_id) const;
  bool is_about(const DutFile& dut) const;
};

// Its file lies relative to the job's. Throws UserError: a clause that none of the standards has, a day that is none, a
// file that is not there or empty, neither model nor serials.
Certificate read_certificate(const json::Node& node, const std::vector<const Standard*>& standards);

// Throws UserError unless each word names a clause of one of the standards.
void expect_clauses(const json::Node& words, const std::vector<const Standard*>& standards);

}  // namespace meterrig::plan
