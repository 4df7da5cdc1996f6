#pragma once

#include <nlohmann/json.hpp>
#include <span>

#include "rig/record/verdict.hpp"

namespace meterrig::record {

enum class Liveness { at_rest, live };

// The record of a run, as config/schemas/record.json has it: a pure function of its events. `live`: the program that
// writes them still runs, so that an open end is no interruption.
nlohmann::json fold_record(std::span<const nlohmann::json> events, Liveness liveness = Liveness::at_rest);

// Exit code of the run that the record tells of: 0, 1, 3 or 4.
int exit_code(const nlohmann::json& record);

}  // namespace meterrig::record
