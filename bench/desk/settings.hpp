#pragma once

#include <cstdint>

#include "core/json/node.hpp"
#include "core/time.hpp"

// What a rig file says of a meter on the desk: config/schemas/rig.json has the keys, these read them.
namespace meterrig::bench {

// "12.34" with 2 decimals: 1234. Absent: `otherwise`, of the same scale. Throws UserError for what is no such number.
std::int64_t scaled(const json::Node& meter, const char* key, int decimals, std::int64_t otherwise);
std::int64_t scaled(const json::Node& value, int decimals);

Duration delay_of(const json::Node& meter, int otherwise_ms);
bool low_byte_first(const json::Node& meter);

}  // namespace meterrig::bench
