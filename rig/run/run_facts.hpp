#pragma once

#include <span>
#include <string>
#include <vector>

#include "rig/record/verdict.hpp"
#include "rig/run/run.hpp"

namespace meterrig::rig {

// What keeps a run from going on, whose `run_started` is given. Empty: nothing does. What the files ask for is another
// thing than at its start; an instrument is another one, by serial number, profile or its own words.
std::string other_job(const nlohmann::json& opening, const RunSetup& setup);
std::string other_instrument(const nlohmann::json& opening, const std::vector<nlohmann::json>& now);

// The id of a run: on the virtual clock a hash of its inputs and seed, else its start and a random part.
std::string run_id(const RunSetup& setup);
// The same, or with "-2", "-3" ... behind it when the store holds an aborted run of the id: that one stopped elsewhere.
std::string fresh_run_id(const RunSetup& setup, const std::string& id);

// See Run::check.
void check_setup(const RunSetup& setup);
// Of one clause on one sample, seconds of rig time; 0 when it does not apply or nothing serves it.
double estimate_seconds(const RunSetup& setup, const plan::Clause& clause, const plan::DutFile& dut);

// The body of run_started (docs/journal.md).
// How a sample is left that was powered in this run; body of `sample_left`.
nlohmann::json left_body(Station& station);
nlohmann::json run_started_body(const RunSetup& setup, const std::string& run, std::vector<nlohmann::json> instruments);
// What fills the roles that the procedure needs at this station: the names of the instruments, by role.
nlohmann::json equipment_json(const RunSetup& setup, const std::string& station, const Procedure& procedure);
nlohmann::json outputs_json(const std::vector<OutputState>& states);

// The verdict of the run as the record has it.
record::Verdict fold_verdict(std::span<const nlohmann::json> events, record::RunState state);

}  // namespace meterrig::rig
