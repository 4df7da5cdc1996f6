#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "bench/instruments/dmm34465a.hpp"
#include "bench/instruments/faults.hpp"
#include "bench/instruments/field_devices.hpp"
#include "bench/instruments/n6705c.hpp"
#include "bench/instruments/pulse_counter.hpp"
#include "bench/instruments/pulse_simulator.hpp"
#include "bench/instruments/relay_board.hpp"
#include "bench/instruments/uart_gate.hpp"
#include "bench/instruments/virtual_supply.hpp"
#include "bench/meter/defects.hpp"
#include "bench/meter/radio_channel.hpp"
#include "bench/meter/station_meter.hpp"

namespace meterrig::bench {

// The register maps of the bench's Modbus devices.
struct BenchProfiles {
  explicit BenchProfiles(const std::string& folder);
  ProfilePointer relays, air, gauge, leak, flow, counter, simulator, ambient, inputs, chamber, water_flow;
};

// One meter with everything that hangs on it and measures it. Serial numbers are those of the rig files. `supply` null:
// a DP832.
class Station {
 public:
  Station(Clock& clock, int number, const Sample& sample, const MeterDefect& defect, RadioChannel& radio,
          const BenchProfiles& profiles, const SupplyChoice* supply, std::uint64_t seed);
  ~Station();

  void apply(const Fault& fault, const cjt188::Address& other_meter);
  // Happens now. Doors and the like are not the station's.
  void strike(Hazard hazard);
  std::vector<std::string> live_outputs() const;
  const cjt188::Address& address() const { return address_; }

 private:
  void relay_moved(int relay, bool closed);
  void sensor_pulse();

  int number_;
  cjt188::Address address_;

 public:
  std::unique_ptr<StationMeter> meter;
  PulseTap tap;
  std::unique_ptr<SupplyPath> path;
  std::unique_ptr<AirLine> line;
  UartGate uart;
  std::unique_ptr<VirtualSupply> psu;
  Dmm34465a dmm;
  N6705c analyser;
  RelayBoard relays;
  AirUnit air;
  PressureTransmitter gauge;
  LeakSensor leak;
  FlowStandard flow;
  PulseCounter counter;
  PulseSimulator simulator;
};

}  // namespace meterrig::bench
