#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rig/record/journal_store.hpp"

namespace meterrig::record {

// Which stored results are asked for; what is empty asks nothing.
struct ResultFilter {
  std::string plan = {};
  std::string dut = {};     // serial number of the sample
  std::string model = {};   // of the sample
  std::string clause = {};  // an id, or requirement or test clause alone
  std::string verdict = {};
  std::string instrument = {};  // serial number, or name in the rig file: it had its part in an attempt
  std::string since = {};       // first and last day, "2026-11-21" (UTC), of the beginning of the run
  std::string until = {};
  bool any() const;
};

// One result of one sample.
struct FoundResult {
  std::string run;
  std::string plan;
  std::string started;  // of the clause; that of the run when it never began
  std::int64_t sample = 0;
  std::string dut;
  std::string model;
  std::string clause;
  std::string verdict;
  std::vector<std::string> roles;  // in which the instrument was used, when one was asked for
};

// In the order of runs, samples and plans. Throws StoreError; a run whose chain is broken is found as well.
std::vector<FoundResult> find_results(JournalStore& store, const ResultFilter& filter);

}  // namespace meterrig::record
