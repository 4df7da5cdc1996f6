#include <algorithm>

#include "instruments/modbus_roles.hpp"
#include "tests/unit/instruments/conversation.hpp"

namespace meterrig::conversation {
namespace {

using Json = nlohmann::json;

bool all_ok(const std::vector<OutputState>& states) {
  return std::all_of(states.begin(), states.end(), [](const OutputState& state) { return state.ok; });
}

PathSwitch::Position position(const Json& word) {
  if (word == "off") return PathSwitch::Position::off;
  return word == "microammeter" ? PathSwitch::Position::microammeter : PathSwitch::Position::ammeter;
}

Calls calls_of(Clock& clock, std::shared_ptr<PathSwitch> path) {
  Calls calls;
  calls["select"] = [=, &clock](const Json& with) { return run(clock, path->select(position(with.at(0)))), Json(); };
  calls["change_over"] = [=, &clock](const Json& with) {
    return run(clock, path->change_over(position(with.at(0)), 20ms)), Json();
  };
  calls["dummy"] = [=, &clock](const Json& with) {
    return run(clock, path->dummy(position(with.at(0)), with.at(1))), Json();
  };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, path->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<AirSource> air) {
  Calls calls;
  calls["set"] = [=, &clock](const Json& with) { return run(clock, air->set(with.at(0), with.at(1))), Json(); };
  calls["enable"] = [=, &clock](const Json& with) { return run(clock, air->enable(with.at(0))), Json(); };
  calls["pressure"] = [=, &clock](const Json&) { return run(clock, air->pressure_kpa()).value; };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, air->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<AirValve> valve) {
  Calls calls;
  calls["open"] = [=, &clock](const Json& with) { return run(clock, valve->open(with.at(0))), Json(); };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, valve->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<Gauge> gauge) {
  Calls calls;
  calls["pressure"] = [=, &clock](const Json&) { return run(clock, gauge->pressure_pa()).value; };
  calls["resolution"] = [=, &clock](const Json&) { return run(clock, gauge->resolution_pa()); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<Thermometer> thermometer) {
  Calls calls;
  calls["celsius"] = [=, &clock](const Json&) { return run(clock, thermometer->celsius()).value; };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<LeakSensor> leak) {
  Calls calls;
  calls["select"] = [=, &clock](const Json& with) {
    const auto range = with.at(0) == "fine" ? LeakSensor::Range::fine : LeakSensor::Range::coarse;
    return run(clock, leak->select(range)), Json();
  };
  calls["flow"] = [=, &clock](const Json&) { return run(clock, leak->flow_l_per_h()).value; };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<FlowStandard> flow) {
  Calls calls;
  calls["start"] = [=, &clock](const Json& with) { return run(clock, flow->start(with.at(0))), Json(); };
  calls["stop"] = [=, &clock](const Json&) { return run(clock, flow->stop()), Json(); };
  calls["total"] = [=, &clock](const Json&) { return run(clock, flow->total_m3()).value; };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, flow->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<PulseCounter> counter) {
  Calls calls;
  calls["count"] = [=, &clock](const Json&) { return run(clock, counter->count()); };
  calls["set_debounce"] = [=, &clock](const Json& with) {
    return run(clock, counter->set_debounce(std::chrono::milliseconds(with.at(0).get<int>()))), Json();
  };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<PulseSimulator> simulator) {
  Calls calls;
  calls["start"] = [=, &clock](const Json& with) {
    return run(clock, simulator->start(with.at(0), with.at(1))), Json();
  };
  calls["stop"] = [=, &clock](const Json&) { return run(clock, simulator->stop()), Json(); };
  calls["sent"] = [=, &clock](const Json&) { return run(clock, simulator->sent()); };
  calls["running"] = [=, &clock](const Json&) { return run(clock, simulator->running()); };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, simulator->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<Ambient> ambient) {
  Calls calls;
  calls["read"] = [=, &clock](const Json&) {
    const Ambient::Conditions read = run(clock, ambient->read());
    return Json{read.celsius.value, read.humidity_percent.value, read.barometer_kpa.value};
  };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<Chamber> chamber) {
  Calls calls;
  calls["set"] = [=, &clock](const Json& with) { return run(clock, chamber->set(with.at(0))), Json(); };
  calls["start"] = [=, &clock](const Json&) { return run(clock, chamber->start()), Json(); };
  calls["stop"] = [=, &clock](const Json&) { return run(clock, chamber->stop()), Json(); };
  calls["celsius"] = [=, &clock](const Json&) { return run(clock, chamber->celsius()).value; };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, chamber->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<SafetyContact> contact) {
  Calls calls;
  calls["closed"] = [=, &clock](const Json&) { return run(clock, contact->closed()); };
  return calls;
}

}  // namespace

Calls modbus_calls(Clock& clock, const std::string& role, std::shared_ptr<ModbusDevice> device,
                   std::map<std::string, int> bindings) {
  if (role == "identity") {
    Calls calls;
    calls["identify"] = [=, &clock](const Json&) { return run(clock, device->identify()); };
    return calls;
  }
  if (role == "path_switch") return calls_of(clock, std::shared_ptr(make_relay_path_switch(device, bindings)));
  if (role == "air_source") return calls_of(clock, std::shared_ptr(make_air_source(device)));
  if (role == "inlet_valve" || role == "vent" || role == "outlet_seal")
    return calls_of(clock, std::shared_ptr(make_air_valve(device, role)));
  if (role == "gauge") return calls_of(clock, std::shared_ptr(make_gauge(device)));
  if (role == "gas_thermometer") return calls_of(clock, std::shared_ptr(make_thermometer(device)));
  if (role == "leak_sensor") return calls_of(clock, std::shared_ptr(make_leak_sensor(device)));
  if (role == "flow_standard") return calls_of(clock, std::shared_ptr(make_flow_standard(device)));
  if (role == "pulse_counter") return calls_of(clock, std::shared_ptr(make_pulse_counter(device)));
  if (role == "pulse_simulator") return calls_of(clock, std::shared_ptr(make_pulse_simulator(device)));
  if (role == "ambient") return calls_of(clock, std::shared_ptr(make_ambient(device, device)));
  if (role == "chamber") return calls_of(clock, std::shared_ptr(make_chamber(device)));
  if (role == "door" || role == "emergency_stop")
    return calls_of(clock,
                    std::shared_ptr(make_safety_contact(device, static_cast<std::uint16_t>(bindings.at("input")))));
  throw std::out_of_range("no calls for the role " + role);
}

}  // namespace meterrig::conversation
