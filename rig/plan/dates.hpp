#pragma once

#include <chrono>

#include "core/json/node.hpp"
#include "core/time.hpp"

namespace meterrig::plan {

// `2026-11-21`. Throws UserError for a day that is not in the calendar.
std::chrono::sys_days read_day(const json::Node& node);
// `2026-11-21T08:00:00Z`, whole seconds.
Utc read_utc(const json::Node& node);

}  // namespace meterrig::plan
