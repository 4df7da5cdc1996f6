#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace meterrig::record {

// Canonical bytes of RFC 8785, see docs/journal.md. Throws std::invalid_argument for what they can't hold: NaN,
// infinity, integers beyond 2^53, strings that are not UTF-8, binary values.
std::string canonical(const nlohmann::json& value);

// The inverse: throws nlohmann::json::parse_error. Whole numbers beyond 2^53 come back as the doubles they were.
nlohmann::json parse_canonical(std::string_view bytes);

// The value as it would come back from its canonical bytes, so that a fold in memory and one of a stored run are the
// same.
void normalise(nlohmann::json& value);

// `2026-11-21T08:00:00.000000000Z`: always nine decimals, so that texts sort as times do.
std::string utc_text(Utc t);

// The inverse. Throws std::invalid_argument for another form.
Utc utc_from(std::string_view utc_text);

// The same instant without trailing zeros: `2026-11-21T08:00:00Z`, `2026-11-21T08:00:00.5Z`.
std::string short_utc(std::string_view utc_text);

}  // namespace meterrig::record
