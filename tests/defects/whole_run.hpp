#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/virtual_rig.hpp"

namespace meterrig::bench {

// How a test names its row.
inline void PrintTo(const DefectRow& row, std::ostream* out) { *out << row.name; }

}  // namespace meterrig::bench

// Whole runs of a plan, and what their records say.
namespace meterrig::defects {

struct Story {
  std::vector<std::string> duts = {"wg25-r-1", "wg25-r-2"};
  std::vector<std::string> only = {};  // clauses; empty: the whole plan
  std::vector<std::string> defects = {};
  std::vector<std::string> faults = {};
  std::string plan = "cjt503-auto";
  std::string rig = "embedded";
  std::uint64_t seed = 1;
  // What the operator says in the place of the virtual one, each once.
  std::vector<cli::Answers::Observation> answers = {};
  // Changes the files of the run before it starts.
  std::function<void(cli::RunFiles&)> change = {};
};

nlohmann::json record_of(const Story& story);

// Of a sample by its place among the DUTs, from 0.
const nlohmann::json& result_of(const nlohmann::json& record, std::size_t sample, const std::string& clause);
// Clause id and verdict of all that neither passed nor did not apply.
std::map<std::string, std::string> exceptions_of(const nlohmann::json& record, std::size_t sample);
// The measurement or the cause by which a result has its verdict.
bool shows(const nlohmann::json& result, const std::string& what);
// Everything that could be the reason; for the message of a failed test.
std::string reasons_of(const nlohmann::json& result);
// In every last attempt the outputs read back safe.
bool ended_safe(const nlohmann::json& record);

}  // namespace meterrig::defects
