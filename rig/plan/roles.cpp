#include "rig/plan/roles.hpp"

#include <array>
#include <vector>

namespace meterrig::plan {

namespace {

constexpr std::array all_roles{
    RoleInfo{"power_supply", true},
    RoleInfo{"voltmeter", false},
    RoleInfo{"microammeter", false},
    RoleInfo{"ammeter", false},
    RoleInfo{"path_switch", true},
    RoleInfo{"uart_link", true},
    RoleInfo{"host", false},
    RoleInfo{"radio_channel", false},
    RoleInfo{"opener", true},
    RoleInfo{"air_source", true},
    RoleInfo{"inlet_valve", true},
    RoleInfo{"vent", true},
    RoleInfo{"outlet_seal", true},
    RoleInfo{"gauge", false},
    RoleInfo{"gas_thermometer", false},
    RoleInfo{"leak_sensor", false},
    RoleInfo{"flow_standard", true},
    RoleInfo{"pulse_counter", false},
    RoleInfo{"pulse_simulator", true},
    RoleInfo{"ambient", false},
    RoleInfo{"barometer", false},
    RoleInfo{"chamber", true},
    RoleInfo{"operator", false},
    RoleInfo{"ac_source", true},
    RoleInfo{"load", true},
    RoleInfo{"reference_meter", false},
    RoleInfo{"emergency_stop", false},
    RoleInfo{"door", false},
    RoleInfo{"matrix", true},
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
