#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace meterrig {

// What a clock on the wall or in a meter shows: a date and a time of day without a zone.
using CivilTime = std::chrono::local_seconds;

// "2026-11-21T08:00:00".
std::string civil_text(CivilTime time);
// The inverse; none for what is no such time.
std::optional<CivilTime> civil_from_text(std::string_view text);

}  // namespace meterrig
