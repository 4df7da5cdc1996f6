#pragma once

#include <span>
#include <string>
#include <string_view>

namespace meterrig::plan {

// What an instrument does for a procedure.
struct RoleInfo {
  const char* name;
  bool output;  // drives something: its profile declares a safe state
  bool judged;  // verdicts rest on what it reads: it needs calibration data
};
std::span<const RoleInfo> roles();
const RoleInfo* find_role(std::string_view name);
std::span<const std::string> role_names();

}  // namespace meterrig::plan
