#include "rig/plan/roles.hpp"

#include <array>
#include <vector>

namespace meterrig::plan {

namespace {

constexpr std::array all_roles{
    RoleInfo{"power_supply", true, false},
    RoleInfo{"voltmeter", false, true},
    RoleInfo{"microammeter", false, true},
    RoleInfo{"ammeter", false, true},
    RoleInfo{"path_switch", true, false},
    RoleInfo{"uart_link", true, false},
    RoleInfo{"host", false, false},
    RoleInfo{"radio_channel", false, false},
    RoleInfo{"opener", true, false},
    RoleInfo{"air_source", true, false},
    RoleInfo{"inlet_valve", true, false},
    RoleInfo{"vent", true, false},
    RoleInfo{"outlet_seal", true, false},
    RoleInfo{"gauge", false, true},
    RoleInfo{"gas_thermometer", false, true},
    RoleInfo{"leak_sensor", false, true},
    RoleInfo{"flow_standard", true, true},
    RoleInfo{"pulse_counter", false, false},
    RoleInfo{"pulse_simulator", true, false},
    RoleInfo{"ambient", false, true},
    RoleInfo{"barometer", false, true},
    RoleInfo{"chamber", true, true},
    RoleInfo{"operator", false, false},
    RoleInfo{"ac_source", true, false},
    RoleInfo{"load", true, false},
    RoleInfo{"reference_meter", false, true},
    RoleInfo{"emergency_stop", false, false},
    RoleInfo{"door", false, false},
    RoleInfo{"matrix", true, false},
};

}  // namespace

std::span<const RoleInfo> roles() { return all_roles; }

const RoleInfo* find_role(std::string_view name) {
  for (const RoleInfo& role : all_roles) {
    if (name == role.name) return &role;
  }
  return nullptr;
}

std::span<const std::string> role_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const RoleInfo& role : all_roles) result.emplace_back(role.name);
    return result;
  }();
  return names;
}

}  // namespace meterrig::plan
