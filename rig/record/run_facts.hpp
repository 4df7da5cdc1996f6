#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rig/record/verdict.hpp"

namespace meterrig::record {

// One attempt at one clause on one sample, as the journal tells it.
struct Attempt {
  std::int64_t number = 1;
  std::string started;  // empty: the journal does not say
  std::string ended;    // empty: it never ended
  Verdict verdict = Verdict::not_tested;
  nlohmann::json cause;           // null, or what voided it
  nlohmann::json reason;          // null, or why it is not applicable, or why the clause is tested again
  std::optional<bool> simulated;  // what the clause says of itself
  nlohmann::json instruments = nlohmann::json::object();  // their names, by role
  bool goes_on = false;                                   // with what an attempt had come to that was cut off
  std::vector<std::string> operators;
  nlohmann::json measurements = nlohmann::json::array();
  nlohmann::json notes = nlohmann::json::array();
  nlohmann::json deviations = nlohmann::json::array();
  nlohmann::json series = nlohmann::json::array();
  nlohmann::json answers = nlohmann::json::array();
  nlohmann::json points = nlohmann::json::array();  // of figures
  nlohmann::json certificates = nlohmann::json::array();
};

// A data item of a sample that the run wrote, over all clauses.
struct SettingFacts {
  std::string item;
  nlohmann::json old;    // before the first write; null: nobody can read it
  nlohmann::json value;  // last written
  std::int64_t writes = 0;
  std::vector<std::string> clauses;
  std::set<std::pair<std::string, std::int64_t>> open;  // attempts that have not written it back
};

using ClauseKey = std::pair<std::int64_t, std::string>;  // sample, id

// What happened, before anything is concluded from it.
struct RunFacts {
  nlohmann::json opening = nlohmann::json::object();  // run_started, or run_refused
  RunState state = RunState::interrupted;
  std::string ended;  // time of the last event
  std::map<ClauseKey, std::vector<Attempt>> attempts;
  std::map<std::int64_t, std::vector<SettingFacts>> settings;  // by sample, in the order of their first writes
  std::map<std::int64_t, nlohmann::json> left;                 // by sample: what could not be undone
  nlohmann::json environment = nlohmann::json::array();
  nlohmann::json notes = nlohmann::json::array();
  nlohmann::json deviations = nlohmann::json::array();
  nlohmann::json safe_states = nlohmann::json::array();
  nlohmann::json interlocks = nlohmann::json::array();
  nlohmann::json resumptions = nlohmann::json::array();
  nlohmann::json stops = nlohmann::json::array();
};

// `live`: the program that writes the journal still runs, so an open end is no interruption.
RunFacts gather(std::span<const nlohmann::json> events, bool live);

// The attempt that counts: the last that ended with anything but void; else the last.
const Attempt& deciding(const std::vector<Attempt>& attempts);

}  // namespace meterrig::record
