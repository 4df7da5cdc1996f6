#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/instruments/register_device.hpp"
#include "bench/instruments/spread.hpp"
#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

using ProfilePointer = std::shared_ptr<const RegisterProfile>;

// Constant-pressure source, inlet valve, vent and outlet seal of a station (CJ/T 503-2016 figure 2).
class AirUnit final : public RegisterDevice {
 public:
  AirUnit(Clock& clock, AirLine& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  bool enabled() const { return enabled_; }
  bool inlet_open() const { return inlet_open_; }
  void on_inlet(std::function<void(bool open)> hook) { on_inlet_ = std::move(hook); }
  // Its regulator sticks wide open now: as long as the source is on, the line has what the compressor gives.
  void stick_open() {
    stuck_open_ = true;
    apply();
  }

 private:
  void apply();
  std::uint64_t status() const;

  Clock& clock_;
  AirLine& air_;
  double setpoint_ = 0;
  double ramp_ = 1;
  bool enabled_ = false;
  bool stuck_open_ = false;
  bool inlet_open_ = false;
  bool vent_open_ = false;
  bool sealed_ = false;
  double offset_;
  Instant set_at_{};
  std::function<void(bool)> on_inlet_;
};

// Pressure and temperature of the gas, downstream of the inlet valve.
class PressureTransmitter final : public RegisterDevice {
 public:
  PressureTransmitter(AirLine& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  void set_resolution(double pascals) { resolution_pa_ = pascals; }  // fault R5

 private:
  AirLine& air_;
  double resolution_pa_ = 1;
  double offset_pa_;
  double offset_c_;
};

// Volumetric flow at the meter's outlet.
class LeakSensor final : public RegisterDevice {
 public:
  LeakSensor(Clock& clock, AirOutlet& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  // Fault R3: with every opening of the inlet valve the zero moves by this much within a minute, to and fro.
  void drift_by(double l_per_h) { drift_ = l_per_h; }
  void inlet_moved(bool open);

 private:
  double zero() const;
  double flow();
  bool overloaded() const { return air_.outlet_l_per_h() > range_; }

  Clock& clock_;
  AirOutlet& air_;
  Spread spread_;
  double range_ = 600;
  double zero_;
  double gain_;
  double drift_ = 0;
  double drift_from_ = 0, drift_to_ = 0;
  Instant drift_began_{};
};

// Draws air through the meter and meters it.
class FlowStandard final : public RegisterDevice {
 public:
  FlowStandard(Clock& clock, AirOutlet& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  bool enabled() const { return enabled_; }

 private:
  double flow();
  double passed_m3() const { return air_.passed_m3() * gain_; }

  Clock& clock_;
  AirOutlet& air_;
  double gain_;
  double setpoint_ = 0;
  bool enabled_ = false;
  double flow_ = 0;
  double seen_m3_ = 0;
  Instant seen_at_{};
};

// The air of the room, the same for all stations.
class AmbientStation final : public RegisterDevice {
 public:
  AmbientStation(Clock& clock, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  // Called with the true temperature and barometer, now and whenever they change.
  void on_change(std::function<void(double celsius, double barometer_kpa)> hook);
  void set_truth(double celsius, double barometer_kpa);
  // Fault R8: 26.3 degC for ten minutes, one hour after the start and every four hours from then on.
  void misbehave();

 private:
  void step();

  Clock& clock_;
  double celsius_ = 23;
  double barometer_kpa_ = 101.325;
  double humidity_;
  double offset_c_;
  double offset_kpa_;
  bool hot_ = false;
  std::function<void(double, double)> hook_;
  Timer timer_;
};

}  // namespace meterrig::bench
