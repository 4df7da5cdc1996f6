#include <algorithm>

#include "instruments/modbus_roles.hpp"
#include "instruments/scpi_drivers.hpp"
#include "tests/unit/instruments/conversation.hpp"

namespace meterrig::conversation {
namespace {

using Json = nlohmann::json;

bool all_ok(const std::vector<OutputState>& states) {
  return std::all_of(states.begin(), states.end(), [](const OutputState& state) { return state.ok; });
}

Calls calls_of(Clock& clock, std::shared_ptr<PowerSupply> supply) {
  Calls calls;
  calls["set"] = [=, &clock](const Json& with) { return run(clock, supply->set(with.at(0), with.at(1))), Json(); };
  calls["set_voltage"] = [=, &clock](const Json& with) { return run(clock, supply->set_voltage(with.at(0))), Json(); };
  calls["protect"] = [=, &clock](const Json& with) {
    return run(clock, supply->protect(with.at(0), with.at(1))), Json();
  };
  calls["output"] = [=, &clock](const Json& with) { return run(clock, supply->output(with.at(0))), Json(); };
  calls["voltage"] = [=, &clock](const Json&) { return run(clock, supply->voltage()).value; };
  calls["current"] = [=, &clock](const Json&) { return run(clock, supply->current()).value; };
  calls["in_current_limit"] = [=, &clock](const Json&) { return run(clock, supply->in_current_limit()); };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, supply->make_safe())); };
  return calls;
}

}  // namespace

Calls scpi_calls(Clock& clock, const std::string& role, std::shared_ptr<ScpiSession> session, const Profile& profile,
                 int channel) {
  Calls calls;
  if (role == "power_supply") calls = calls_of(clock, make_scpi_supply(clock, session, profile, channel));
  if (calls.empty()) throw std::out_of_range("no calls for the role " + role);
  calls["identify"] = [=, &clock](const Json&) { return run(clock, session->identify()).serial; };
  return calls;
}

Calls modbus_calls(Clock& clock, const std::string& role, std::shared_ptr<ModbusDevice> device,
                   std::map<std::string, int>) {
  Calls calls;
  if (role != "identity") throw std::out_of_range("no calls for the role " + role);
  calls["identify"] = [=, &clock](const Json&) { return run(clock, device->identify()); };
  return calls;
}

}  // namespace meterrig::conversation
