#pragma once

#include <nlohmann/json.hpp>

#include "instruments/uncertainty.hpp"
#include "rig/plan/limit.hpp"

// The parts of a measurement's event (docs/journal.md).
namespace meterrig::rig {

nlohmann::json limit_json(const plan::Limit& limit);
// The budget term by term, what it comes to, and what calibration data have made of the indication.
void add_uncertainty(const Budget& budget, double value, nlohmann::json& body);
nlohmann::json risk_json(double conforming, bool accepted);
nlohmann::json within_uncertainty_text();

}  // namespace meterrig::rig
