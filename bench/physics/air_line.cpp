#include "bench/physics/air_line.hpp"

#include <algorithm>
#include <cmath>

namespace meterrig::bench {

namespace {

constexpr double kelvin_at_zero_celsius = 273.15;
constexpr double leak_test_kpa = 15.0;
constexpr double flow_test_kpa = 2.0;
// Below this opening the flow bench can't draw its flow any more.
constexpr double least_opening_for_flow = 0.1;

// A temperature that drifts at a constant rate and turns round at +-swing: a triangle that begins at zero.
double triangle(double kelvin, double swing) {
  const double period = 4 * swing;
  double x = std::fmod(std::abs(kelvin) + swing, period);
  x = x < 2 * swing ? x - swing : 3 * swing - x;
  return kelvin < 0 ? -x : x;
}

// Between two changes of anything (an anchor) every quantity is a closed form of the time since the anchor.
class StationAir final : public AirLine {
 public:
  StationAir(Clock& clock, MeterBody& meter, const AirLineParameters& parameters)
      : clock_(clock), meter_(meter), parameters_(parameters), pulse_timer_(clock, [this] { pulse_due(); }) {
    anchor_at_ = clock.now();
    drift_from_ = clock.now();
    flow_settled_ = clock.now();
  }

  void set_source(double setpoint_kpa, bool enabled, double ramp_kpa_per_s) override;
  void set_source_ceiling(double kpa) override;
  void set_inlet_valve(bool open) override;
  void set_vent(bool open) override;
  void set_outlet_seal(bool sealed) override;
  void set_flow(double cubic_metres_per_hour, bool enabled) override;
  void set_ambient(double celsius, double barometer_kpa) override;
  void set_gas_temperature_rate(double kelvin_per_hour) override;
  double source_kpa() const override { return source_after(since_anchor()); }
  double gauge_kpa() const override { return gauge_after(since_anchor()); }
  double gas_celsius() const override { return gas_kelvin_after(since_anchor()) - kelvin_at_zero_celsius; }
  double outlet_l_per_h() const override;
  double passed_m3() const override;
  std::uint32_t meter_pulses() const override { return meter_.pulse_output(); }
  double line_volume_l() const override { return parameters_.volume_l; }
  void valve_moved() override;

 private:
  double since_anchor() const { return to_seconds(clock_.now() - anchor_at_); }
  double target() const { return enabled_ ? std::max(0.0, std::min(setpoint_, ceiling_)) : 0; }
  double source_after(double s) const;
  double gauge_after(double s) const;
  double following_source(double s) const;
  double isolated_after(double s) const;
  double gas_kelvin_after(double s) const;
  double drift_kelvin(Instant when) const;
  double conductance() const;
  double settles_at() const;
  void anchor();
  void after_change();
  void settle_flow() const;
  void arm_pulse();
  void pulse_due();
  double flow_per_second() const;

  Clock& clock_;
  MeterBody& meter_;
  AirLineParameters parameters_;
  Timer pulse_timer_;

  double setpoint_ = 0, ramp_ = 5, ceiling_ = 1e9;
  bool enabled_ = false;
  bool inlet_open_ = false, vent_open_ = false, sealed_ = false;
  double ambient_kelvin_ = reference_kelvin, barometer_ = reference_kpa;
  double rate_k_per_s_ = 0;
  Instant drift_from_{};
  double drift_base_ = 0;

  Instant anchor_at_{};
  double source_ = 0, gauge_ = 0, heat_ = 0;
  double conductance_ = 0;  // reference L/h a kPa out of the line, at the anchor

  double flow_m3_per_h_ = 0;
  bool flow_on_ = false;
  mutable bool flow_passes_ = false;
  mutable Instant flow_settled_{};
  mutable double passed_ = 0;
};

double StationAir::source_after(double s) const {
  const double end = target();
  const double move = ramp_ * s;
  return source_ < end ? std::min(end, source_ + move) : std::max(end, source_ - move);
}

// First-order lag behind a source that runs along a ramp, then stands.
double StationAir::following_source(double s) const {
  const double lag = parameters_.inlet_lag_s;
  const double end = target();
  const double slope = end > source_ ? ramp_ : -ramp_;
  const double ramp_time = ramp_ > 0 ? std::abs(end - source_) / ramp_ : 0;
  const auto on_ramp = [&](double t) {
    return source_ + slope * (t - lag) + (gauge_ - source_ + slope * lag) * std::exp(-t / lag);
  };
  if (s < ramp_time) return on_ramp(s);
  const double at_end = ramp_time > 0 ? on_ramp(ramp_time) : gauge_;
  return end + (at_end - end) * std::exp(-(s - ramp_time) / lag);
}

double StationAir::isolated_after(double s) const {
  // Reference litres an hour out of a volume in litres: the gauge pressure falls in proportion to itself.
  const double per_second = conductance_ / 3600 * reference_kpa / parameters_.volume_l;
  const double vent = vent_open_ ? 1 / parameters_.vent_lag_s : 0;
  const double leaked = gauge_ * std::exp(-(per_second + vent) * s);
  if (vent_open_) return leaked;
  const double warmed = gas_kelvin_after(s) / gas_kelvin_after(0);
  return (leaked + barometer_) * warmed - barometer_;
}

double StationAir::gauge_after(double s) const {
  if (!inlet_open_) return isolated_after(s);
  double kpa = following_source(s);
  if (vent_open_) kpa *= 0.1;
  // The regulator gives no more than its capacity: a meter that lets more out pulls the line down.
  if (conductance_ > 0) kpa = std::min(kpa, parameters_.source_capacity_l_per_h / conductance_);
  return kpa;
}

double StationAir::drift_kelvin(Instant when) const {
  return drift_base_ + triangle(rate_k_per_s_ * to_seconds(when - drift_from_), parameters_.temperature_swing_k);
}

double StationAir::gas_kelvin_after(double s) const {
  return ambient_kelvin_ + drift_kelvin(anchor_at_ + seconds(s)) + heat_ * std::exp(-s / parameters_.heat_settling_s);
}

double StationAir::conductance() const {
  const double opening = meter_.valve_opening();
  const bool open = opening > 0;
  double leaks = meter_.body_leak_l_per_h_at_15_kpa(open) / leak_test_kpa;
  if (!sealed_) leaks += meter_.seat_leak_l_per_h_at_15_kpa() / leak_test_kpa;
  if (!sealed_) leaks += opening * parameters_.open_flow_l_per_h / flow_test_kpa;
  return leaks;
}

double StationAir::outlet_l_per_h() const {
  if (sealed_) return 0;
  const double kpa = gauge_kpa();
  const double reference = kpa * (meter_.seat_leak_l_per_h_at_15_kpa() / leak_test_kpa +
                                  meter_.valve_opening() * parameters_.open_flow_l_per_h / flow_test_kpa);
  return reference * reference_kpa / barometer_ * ambient_kelvin_ / reference_kelvin;
}

double StationAir::settles_at() const {
  if (inlet_open_) return target() * (vent_open_ ? 0.1 : 1);
  return vent_open_ ? 0 : gauge_;
}

// Takes the present as the new beginning of every closed form.
void StationAir::anchor() {
  const double s = since_anchor();
  const double source = source_after(s), gauge = gauge_after(s);
  heat_ *= std::exp(-s / parameters_.heat_settling_s);
  source_ = source;
  gauge_ = gauge;
  anchor_at_ = clock_.now();
  conductance_ = conductance();
}

void StationAir::after_change() {
  // Filling is quick beside the settling of its heat, so the heat comes at once.
  if (inlet_open_ || vent_open_) heat_ += parameters_.fill_heat_k * (settles_at() - gauge_) / leak_test_kpa;
  conductance_ = conductance();
  meter_.pressure_set(settles_at());
}

void StationAir::set_source(double setpoint_kpa, bool enabled, double ramp_kpa_per_s) {
  anchor();
  setpoint_ = setpoint_kpa;
  enabled_ = enabled;
  ramp_ = ramp_kpa_per_s > 0 ? ramp_kpa_per_s : 5;
  after_change();
}

void StationAir::set_source_ceiling(double kpa) {
  anchor();
  ceiling_ = kpa;
  after_change();
}

void StationAir::set_inlet_valve(bool open) {
  if (open == inlet_open_) return;
  anchor();
  inlet_open_ = open;
  after_change();
}

void StationAir::set_vent(bool open) {
  if (open == vent_open_) return;
  anchor();
  vent_open_ = open;
  after_change();
}

void StationAir::set_outlet_seal(bool sealed) {
  anchor();
  sealed_ = sealed;
  conductance_ = conductance();
}

void StationAir::set_ambient(double celsius, double barometer_kpa) {
  anchor();
  const double drift = drift_kelvin(clock_.now());
  const double before = ambient_kelvin_ + drift;
  const double absolute = gauge_ + barometer_;
  ambient_kelvin_ = celsius + kelvin_at_zero_celsius;
  if (!inlet_open_ && !vent_open_) gauge_ = absolute * (ambient_kelvin_ + drift) / before - barometer_kpa;
  barometer_ = barometer_kpa;
}

void StationAir::set_gas_temperature_rate(double kelvin_per_hour) {
  anchor();
  drift_base_ = drift_kelvin(clock_.now());
  drift_from_ = clock_.now();
  rate_k_per_s_ = kelvin_per_hour / 3600;
}

double StationAir::flow_per_second() const { return flow_m3_per_h_ / 3600; }

void StationAir::settle_flow() const {
  const Instant now = clock_.now();
  const double cubic_metres = flow_passes_ ? flow_per_second() * to_seconds(now - flow_settled_) : 0;
  flow_settled_ = now;
  flow_passes_ = flow_on_ && flow_m3_per_h_ > 0 && meter_.valve_opening() >= least_opening_for_flow;
  if (cubic_metres <= 0) return;
  passed_ += cubic_metres;
  meter_.volume_passed(cubic_metres);
}

double StationAir::passed_m3() const {
  settle_flow();
  return passed_;
}

void StationAir::set_flow(double cubic_metres_per_hour, bool enabled) {
  settle_flow();
  flow_m3_per_h_ = cubic_metres_per_hour;
  flow_on_ = enabled;
  settle_flow();
  arm_pulse();
}

void StationAir::valve_moved() {
  anchor();
  settle_flow();
  arm_pulse();
}

void StationAir::arm_pulse() {
  const double volume = meter_.volume_to_next_pulse();
  if (!flow_passes_ || !std::isfinite(volume)) {
    pulse_timer_.cancel();
    return;
  }
  pulse_timer_.at(clock_.now() + seconds(volume / flow_per_second()) + 1ns);
}

void StationAir::pulse_due() {
  settle_flow();
  arm_pulse();
}

}  // namespace

std::unique_ptr<AirLine> make_air_line(Clock& clock, MeterBody& meter, const AirLineParameters& parameters) {
  return std::make_unique<StationAir>(clock, meter, parameters);
}

std::unique_ptr<AirLine> make_air_line(Clock& clock, MeterBody& meter, std::uint64_t) {
  return make_air_line(clock, meter, AirLineParameters{});
}

}  // namespace meterrig::bench
