#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "rig/cli/language.hpp"
#include "rig/run/forecast.hpp"

namespace meterrig::cli {

// The schedule, station by station: clause, begin, end, what it waits for; the duration, its lower bound and what sets
// that. Times are rig time from the start of the run.
std::string forecast_text(const rig::RunSetup& setup, const rig::Forecast& forecast, Language language);
// The same for programs, seconds.
nlohmann::ordered_json forecast_json(const rig::RunSetup& setup, const rig::Forecast& forecast);

}  // namespace meterrig::cli
