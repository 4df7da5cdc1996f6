#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/json/node.hpp"
#include "core/time.hpp"

namespace meterrig::plan {

// `2026-11-21`; nothing when it is no day of the calendar.
std::optional<std::chrono::sys_days> parse_day(std::string_view text);
// The same. Throws UserError for a day that is not in the calendar.
std::chrono::sys_days read_day(const json::Node& node);
// `2026-11-21T08:00:00Z`, whole seconds.
Utc read_utc(const json::Node& node);

}  // namespace meterrig::plan
