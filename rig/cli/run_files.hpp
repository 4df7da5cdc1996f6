#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rig/cli/answers.hpp"
#include "rig/cli/choices.hpp"
#include "rig/plan/loader.hpp"
#include "rig/run/procedure.hpp"

namespace meterrig::cli {

// Procedures that are not built in, of a host of the engine: Python.
struct OwnProcedures {
  rig::Procedures list;               // outlive the run
  std::vector<json::Node> standards;  // their clauses, as files of standards have them
  nlohmann::json digests;             // of what they were read from: two runs of a simulation are the same if these are
};

// The words of `meterrig run`.
struct RunOptions {
  std::string plan;
  std::string rig;
  std::vector<std::string> duts;
  std::vector<std::string> only;
  std::string job;
  std::string answers;
  std::filesystem::path data;
  std::string record;
  std::string clock;
  std::uint64_t seed = 1;
  std::vector<std::string> defects;
  std::vector<std::string> faults;
  std::vector<std::string> procedures;  // Python files
  std::string override_by;
  bool estimate = false;
  bool json = false;  // of the estimate
  std::string lang;
};

// The same as JSON, with the folder that their files' names are relative to, and back again: without the place of the
// data, and what only concerns the display.
std::string words_text(const RunOptions& options);
RunOptions options_from(const std::string& words);
// Makes that folder the working directory. Throws UserError when it is gone.
void enter_folder_of(const std::string& words);

// What they name, read and held against each other as far as files can be.
struct RunFiles {
  plan::Loader loader;
  plan::Plan plan;
  plan::RigFile rig;
  std::vector<plan::DutFile> duts;
  Choices choices;
  Answers answers;
  rig::Procedures procedures;
  bool virtual_clock = true;
  std::vector<std::string> simulation;  // why results are simulated
  nlohmann::json inputs;                // for the run id of a simulation
};

// Throws UserError.
RunFiles read_run_files(const RunOptions& options, const OwnProcedures& own = {});

// A sample for each station of the rig's bench: the named DUT files, else healthy meters. Throws UserError.
std::vector<plan::DutFile> samples_for(plan::Loader& loader, const plan::RigFile& rig,
                                       const std::vector<std::string>& duts);

// The virtual bench of the rig, with a meter for each DUT; null when the rig has none.
std::unique_ptr<bench::Bench> make_bench(Clock& clock, const plan::ConfigPath& path, const plan::RigFile& rig,
                                         const std::vector<plan::DutFile>& duts, const Choices& choices,
                                         std::uint64_t seed);

}  // namespace meterrig::cli
