#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace meterrig::record {

// `≤ 50`, `< 5`, `≥ 2`, `1 … 3`, `= 7`, `|E| < 0.01`; empty without a limit.
std::string limit_text(const nlohmann::json& limit);

// `quiescent_current 56.2 uA, limit ≤ 50 (standard)`, from a measurement of the record; money says what it is called:
// `settlement_error E = -0.00797 yuan, limit |E| < 0.01 yuan (rig_default)`.
std::string measurement_text(const nlohmann::json& measurement);

// `psu-1: MEAS:VOLT? gave "" after 2 s: no answer`, from a cause of the record; empty for null.
std::string cause_text(const nlohmann::json& cause);

}  // namespace meterrig::record
