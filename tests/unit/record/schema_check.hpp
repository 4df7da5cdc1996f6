#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace meterrig::record::test {

// What is wrong with the record by config/schemas/record.json; empty when nothing is.
std::string schema_faults(const nlohmann::json& record);

}  // namespace meterrig::record::test
