#include "rig/run/shared_equipment.hpp"

#include "instruments/modbus_roles.hpp"
#include "instruments/people.hpp"

namespace meterrig::rig {

Task<Station::Shared> open_shared_equipment(Instruments& instruments) {
  const plan::RigFile& rig = instruments.rig();
  const auto binding = [&](const char* role) -> const plan::RoleBinding* {
    const auto found = rig.shared.find(role);
    return found == rig.shared.end() ? nullptr : &found->second;
  };
  Station::Shared shared;
  if (const auto* b = binding("host"); b && !b->instrument.empty())
    shared.host = make_companion_host(co_await instruments.line_port(b->instrument));
  if (const auto* b = binding("operator"); b && b->address) {
    auto stream = co_await instruments.connector().stream(*b->address, "operator");
    shared.person = make_line_operator(std::make_unique<LinePort>(instruments.clock(), std::move(stream), "operator"));
  }
  const auto* room = binding("ambient");
  const auto* barometer = binding("barometer");
  if (room && barometer) {
    auto room_device = co_await instruments.modbus(room->instrument);
    auto barometer_device = co_await instruments.modbus(barometer->instrument);
    shared.ambient = make_ambient(std::move(room_device), std::move(barometer_device));
  }
  co_return shared;
}

}  // namespace meterrig::rig
