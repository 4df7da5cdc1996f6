#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

 private:
  void apply();
  std::uint64_t status() const;

  Clock& clock_;
  AirLine& air_;
  double setpoint_ = 0;
  double ramp_ = 1;
  bool enabled_ = false;
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
  LeakSensor(Clock& clock, AirLine& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  // Fault R3: with every opening of the inlet valve the zero moves by this much within a minute, to and fro.
  void drift_by(double l_per_h) { drift_ = l_per_h; }
  void inlet_moved(bool open);

 private:
  double zero() const;
  double flow();
  bool overloaded() const { return air_.outlet_l_per_h() > range_; }

  Clock& clock_;
  AirLine& air_;
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
  FlowStandard(Clock& clock, AirLine& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  bool enabled() const { return enabled_; }

 private:
  double flow();
  double passed_m3() const { return air_.passed_m3() * gain_; }

  Clock& clock_;
  AirLine& air_;
  double gain_;
  double setpoint_ = 0;
  bool enabled_ = false;
  double flow_ = 0;
  double seen_m3_ = 0;
  Instant seen_at_{};
};

// Counts the closings of the meter's pulse contact; those closer than 2 ms to the one before are bounces.
class PulseCounter final : public RegisterDevice {
 public:
  PulseCounter(Clock& clock, ProfilePointer profile, const std::string& serial);
  // `output`: the meter's contact has closed so often by now.
  void contact(std::uint32_t output);

 private:
  Clock& clock_;
  std::uint32_t seen_ = 0;
  std::uint32_t count_ = 0;
  std::optional<Instant> last_pulse_;
};

// Stands between air line and meter and dates the pulses.
class PulseTap final : public MeterBody {
 public:
  explicit PulseTap(MeterBody& meter) : meter_(meter) {}
  void connect(PulseCounter& counter) { counter_ = &counter; }

  void supply_changed(const VoltageSignal& terminals) override { meter_.supply_changed(terminals); }
  void uart_connected(bool connected) override { meter_.uart_connected(connected); }
  void manual_action() override { meter_.manual_action(); }
  double valve_opening() const override { return meter_.valve_opening(); }
  double seat_leak_l_per_h_at_15_kpa() const override { return meter_.seat_leak_l_per_h_at_15_kpa(); }
  double body_leak_l_per_h_at_15_kpa(bool open) const override { return meter_.body_leak_l_per_h_at_15_kpa(open); }
  double volume_to_next_pulse() const override { return meter_.volume_to_next_pulse(); }
  std::uint32_t pulse_output() const override { return meter_.pulse_output(); }
  void pressure_set(double kpa) override { meter_.pressure_set(kpa); }
  void volume_passed(double cubic_metres) override {
    meter_.volume_passed(cubic_metres);
    if (counter_) counter_->contact(meter_.pulse_output());
  }

 private:
  MeterBody& meter_;
  PulseCounter* counter_ = nullptr;
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
