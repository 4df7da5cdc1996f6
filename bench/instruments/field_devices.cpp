#include "bench/instruments/field_devices.hpp"

#include <algorithm>
#include <cmath>

namespace meterrig::bench {
namespace {

constexpr Duration drift_time = 60s;
constexpr double compressor_kpa = 22;

}  // namespace

AirUnit::AirUnit(Clock& clock, AirLine& air, ProfilePointer profile, const std::string& serial, std::uint64_t seed)
    : RegisterDevice(std::move(profile), serial), clock_(clock), air_(air) {
  offset_ = Spread(seed, serial).within(0.01);
  bind_real(
      "setpoint_kpa", [this] { return setpoint_; },
      [this](double kpa) {
        setpoint_ = kpa;
        apply();
      });
  bind_real(
      "ramp_kpa_per_s", [this] { return ramp_; },
      [this](double rate) {
        ramp_ = rate;
        apply();
      });
  bind_real("source_pressure_kpa", [this] { return quantised(air_.source_kpa() + offset_, 0.001); });
  bind_count("status", [this] { return status(); });
  bind_coil(
      "enable", [this] { return enabled_; },
      [this](bool on) {
        enabled_ = on;
        apply();
      });
  bind_coil(
      "inlet_valve", [this] { return inlet_open_; },
      [this](bool open) {
        const bool moved = std::exchange(inlet_open_, open) != open;
        air_.set_inlet_valve(open);
        if (moved && on_inlet_) on_inlet_(open);
      });
  bind_coil(
      "vent", [this] { return vent_open_; }, [this](bool open) { air_.set_vent(vent_open_ = open); });
  bind_coil(
      "outlet_seal", [this] { return sealed_; }, [this](bool on) { air_.set_outlet_seal(sealed_ = on); });
  apply();
}

void AirUnit::apply() {
  set_at_ = clock_.now();
  air_.set_source(stuck_open_ ? compressor_kpa : setpoint_, enabled_, ramp_);
}

std::uint64_t AirUnit::status() const {
  if (!enabled_) return 0;
  const double missing = setpoint_ - air_.source_kpa();
  if (std::abs(missing) < 0.05) return bit("status", "at_setpoint");
  // The regulator is wide open and the time for the whole ramp is over.
  const bool late = clock_.now() - set_at_ > seconds(setpoint_ / ramp_ + 2);
  return late && missing > 0 ? bit("status", "supply_low") : 0;
}

PressureTransmitter::PressureTransmitter(AirLine& air, ProfilePointer profile, const std::string& serial,
                                         std::uint64_t seed)
    : RegisterDevice(std::move(profile), serial), air_(air) {
  Spread spread(seed, serial);
  offset_pa_ = spread.within(3);
  offset_c_ = spread.within(0.005);
  bind_real("pressure_pa",
            [this] { return quantised(std::min(air_.gauge_kpa() * 1000 + offset_pa_, 25000.0), resolution_pa_); });
  bind_real("temperature_c", [this] { return quantised(air_.gas_celsius() + offset_c_, 0.001); });
  bind_real("resolution_pa", [this] { return resolution_pa_; });
  bind_count("status", [this] { return air_.gauge_kpa() > 25 ? bit("status", "overload") : 0; });
}

LeakSensor::LeakSensor(Clock& clock, AirOutlet& air, ProfilePointer profile, const std::string& serial,
                       std::uint64_t seed)
    : RegisterDevice(std::move(profile), serial), clock_(clock), air_(air), spread_(seed, serial) {
  zero_ = spread_.within(0.0005);
  gain_ = 1 + spread_.within(0.001);
  bind_real(
      "range_l_per_h", [this] { return range_; }, [this](double range) { range_ = range; });
  bind_real("flow_l_per_h", [this] { return flow(); });
  bind_real("zero_l_per_h", [this] { return quantised(zero(), 0.0001); });
  bind_real("temperature_c", [this] { return quantised(air_.gas_celsius(), 0.01); });
  bind_count("status", [this] { return overloaded() ? bit("status", "overload") : 0; });
}

void LeakSensor::inlet_moved(bool open) {
  if (!open || drift_ == 0) return;
  const double from = zero() - zero_;
  drift_to_ = drift_to_ == 0 ? drift_ : 0;
  drift_from_ = from;
  drift_began_ = clock_.now();
}

double LeakSensor::zero() const {
  const double share = std::min(1.0, to_seconds(clock_.now() - drift_began_) / to_seconds(drift_time));
  return zero_ + drift_from_ + (drift_to_ - drift_from_) * share;
}

double LeakSensor::flow() {
  if (overloaded()) return range_;
  const bool fine = range_ < 600;
  const double noisy = air_.outlet_l_per_h() * gain_ + zero() + spread_.within(fine ? 0.0003 : 0.1);
  return quantised(std::min(noisy, range_), fine ? 0.0001 : 0.1);
}

FlowStandard::FlowStandard(Clock& clock, AirOutlet& air, ProfilePointer profile, const std::string& serial,
                           std::uint64_t seed)
    : RegisterDevice(std::move(profile), serial), clock_(clock), air_(air) {
  gain_ = 1 + Spread(seed, serial).within(0.0005);
  const auto apply = [this] {
    seen_m3_ = passed_m3();
    seen_at_ = clock_.now();
    flow_ = 0;
    air_.set_flow(setpoint_, enabled_);
  };
  bind_real(
      "setpoint_m3_per_h", [this] { return setpoint_; },
      [this, apply](double flow) {
        setpoint_ = flow;
        apply();
      });
  bind_coil(
      "enable", [this] { return enabled_; },
      [this, apply](bool on) {
        enabled_ = on;
        apply();
      });
  bind_real("flow_m3_per_h", [this] { return flow(); });
  bind_count("total_tenth_ml", [this] { return static_cast<std::uint64_t>(passed_m3() * 1e7); });
  bind_count("pulses", [this] { return static_cast<std::uint64_t>(passed_m3() * 1e3) & 0xFFFFFFFFu; });
  bind_real("temperature_c", [this] { return quantised(air_.gas_celsius(), 0.01); });
  bind_count("status", [this] {
    return enabled_ && std::abs(flow() - setpoint_) < 0.01 * setpoint_ + 0.001 ? bit("status", "at_setpoint") : 0;
  });
}

// What has passed since it last looked, over the time that took.
double FlowStandard::flow() {
  const double hours = to_seconds(clock_.now() - seen_at_) / 3600;
  if (hours >= 0.2 / 3600) {
    const double passed = passed_m3();
    flow_ = (passed - seen_m3_) / hours;
    seen_m3_ = passed;
    seen_at_ = clock_.now();
  }
  return quantised(flow_, 0.0001);
}

AmbientStation::AmbientStation(Clock& clock, ProfilePointer profile, const std::string& serial, std::uint64_t seed)
    : RegisterDevice(std::move(profile), serial), clock_(clock), timer_(clock, [this] { step(); }) {
  Spread spread(seed, serial);
  humidity_ = 50 + spread.within(5);
  offset_c_ = spread.within(0.05);
  offset_kpa_ = spread.within(0.01);
  bind_real("temperature_c", [this] { return quantised(celsius_ + (hot_ ? 3.3 : 0) + offset_c_, 0.01); });
  bind_real("humidity_percent", [this] { return quantised(humidity_, 0.1); });
  bind_real("pressure_kpa", [this] { return quantised(barometer_kpa_ + offset_kpa_, 0.001); });
  bind_count("status", [] { return std::uint64_t{0}; });
}

void AmbientStation::on_change(std::function<void(double, double)> hook) {
  hook_ = std::move(hook);
  set_truth(celsius_, barometer_kpa_);
}

void AmbientStation::set_truth(double celsius, double barometer_kpa) {
  celsius_ = celsius;
  barometer_kpa_ = barometer_kpa;
  if (hook_) hook_(celsius_ + (hot_ ? 3.3 : 0), barometer_kpa_);
}

void AmbientStation::misbehave() { timer_.at(clock_.now() + 1h); }

void AmbientStation::step() {
  hot_ = !hot_;
  timer_.at(clock_.now() + (hot_ ? Duration{10min} : Duration{4h - 10min}));
  set_truth(celsius_, barometer_kpa_);
}

}  // namespace meterrig::bench
