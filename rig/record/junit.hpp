#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace meterrig::record {

// JUnit XML of a record: one suite per DUT, one case per clause. docs/journal.md says which verdict becomes what. For
// build servers and factory systems; it is never the inspection report.
std::string junit_xml(const nlohmann::json& record);

// Text for an XML attribute or element. Characters that XML 1.0 can't hold become U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace meterrig::record
