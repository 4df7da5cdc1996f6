#pragma once

#include <map>
#include <memory>
#include <vector>

#include "instruments/modbus_device.hpp"
#include "instruments/roles/air.hpp"
#include "instruments/roles/chamber.hpp"
#include "instruments/roles/electrical.hpp"
#include "instruments/roles/pulse_simulator.hpp"
#include "instruments/roles/safety.hpp"

namespace meterrig {

using SharedDevice = std::shared_ptr<ModbusDevice>;
using Bindings = std::map<std::string, int>;

// Roles filled by a device on a register bus; which register or coil does what comes from the profile and, for relay
// boards, from the bindings of the rig file.
std::unique_ptr<PathSwitch> make_relay_path_switch(SharedDevice device, Bindings bindings);
std::unique_ptr<UartIsolation> make_relay_uart_isolation(SharedDevice device, Bindings bindings);
std::unique_ptr<Opener> make_relay_opener(SharedDevice device, Bindings bindings);
// `coils`: those of one station.
std::unique_ptr<Matrix> make_relay_matrix(SharedDevice device, std::vector<int> coils);
std::unique_ptr<AirSource> make_air_source(SharedDevice device);
// role: "inlet_valve", "vent" or "outlet_seal".
std::unique_ptr<AirValve> make_air_valve(SharedDevice device, const std::string& role);
std::unique_ptr<Gauge> make_gauge(SharedDevice device);
std::unique_ptr<Thermometer> make_thermometer(SharedDevice device);
std::unique_ptr<LeakSensor> make_leak_sensor(SharedDevice device);
std::unique_ptr<FlowStandard> make_flow_standard(SharedDevice device);
std::unique_ptr<PulseCounter> make_pulse_counter(SharedDevice device);
std::unique_ptr<PulseSimulator> make_pulse_simulator(SharedDevice device);
// `input`: the discrete input that the contact is wired to.
std::unique_ptr<SafetyContact> make_safety_contact(SharedDevice device, std::uint16_t input);
std::unique_ptr<Chamber> make_chamber(SharedDevice device);
std::unique_ptr<Ambient> make_ambient(SharedDevice device, SharedDevice barometer);

// Refuses a reading that the device itself marks as stale: throws NoReading.
Task<> expect_fresh(ModbusDevice& device, const char* role);

}  // namespace meterrig
