#include "bench/instruments/chamber.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace meterrig::bench {
namespace {

// Watlow F4T data map 1: hardware id; event 1 off and on.
constexpr std::uint64_t hardware_id = 124, event_off = 62, event_on = 63;
constexpr double heats_k_per_s = 3.0 / 60, cools_k_per_s = 1.0 / 60;
constexpr Duration settles = 60s, drifts = 30min, airs = 3min;
constexpr double coldest_of_a_weak_one = -18;
constexpr Duration ill_after = 5h, door_stays_open = 10min;
constexpr double told_k = 0.1;
constexpr double sensor_error_k = 0.3, noise_k = 0.05, resolution_k = 0.1;

}  // namespace

double Approach::at(Instant now) const {
  const double way = to - from;
  const double slow = kelvin_per_s * to_seconds(tau);  // so near it becomes an exponential
  const double steady = std::max(0.0, std::abs(way) - slow) / kelvin_per_s;
  const double passed = to_seconds(now - began);
  if (passed < steady) return from + std::copysign(kelvin_per_s * passed, way);
  const double left = std::min(std::abs(way), slow) * std::exp((steady - passed) / to_seconds(tau));
  return to - std::copysign(left, way);
}

std::optional<Instant> Approach::moved(double kelvin, Instant now) const {
  const double left = std::abs(to - at(now));
  if (left <= kelvin) return std::nullopt;
  const double slow = kelvin_per_s * to_seconds(tau);
  const double steady = std::clamp(left - slow, 0.0, kelvin) / kelvin_per_s;
  const double begin = std::min(left, slow), end = std::min(left - kelvin, slow);
  return now + seconds(steady + to_seconds(tau) * std::log(begin / end));
}

Chamber::Chamber(Clock& clock, ProfilePointer profile, const std::string& serial, std::uint64_t seed)
    : RegisterDevice(std::move(profile), serial),
      clock_(clock),
      spread_(seed, serial),
      timer_(clock, [this] { tell(); }),
      trouble_timer_(clock, [this] { fall_ill(); }) {
  offset_ = spread_.within(sensor_error_k);
  way_ = {ambient_, ambient_, heats_k_per_s, settles, clock.now()};
  bind_count("hardware_id", [] { return hardware_id; });
  bind_real(
      "air_setpoint_c", [this] { return setpoint_; },
      [this](double celsius) {
        setpoint_ = celsius;
        go();
      });
  bind_real("air_temperature_c", [this] { return shown(); });
  bind_count(
      "event_1", [this] { return running_ ? event_on : event_off; }, [this](double event) { run(event == event_on); });
}

void Chamber::on_change(std::function<void(double)> hook) {
  hook_ = std::move(hook);
  tell();
}

void Chamber::set_ambient(double celsius) {
  ambient_ = celsius;
  if (!running_) go();
}

void Chamber::run(bool on) {
  const bool strikes = trouble_ == ChamberTrouble::door_open || trouble_ == ChamberTrouble::stops;
  if (on && !running_ && strikes) trouble_timer_.at(clock_.now() + ill_after);
  running_ = on;
  go();
}

void Chamber::fall_ill() {
  if (trouble_ == ChamberTrouble::stops) {
    running_ = false;
  } else {
    door_open_ = !door_open_;
    if (door_open_) trouble_timer_.at(clock_.now() + door_stays_open);
  }
  go();
}

// From here to where it is to be.
void Chamber::go() {
  const Instant now = clock_.now();
  const double here = celsius();
  const double aim = trouble_ == ChamberTrouble::no_cold ? std::max(setpoint_, coldest_of_a_weak_one) : setpoint_;
  const double steepest = aim > here ? heats_k_per_s : cools_k_per_s;
  constexpr double any = std::numeric_limits<double>::infinity();
  if (door_open_)
    way_ = {here, ambient_, any, airs, now};
  else
    way_ = running_ ? Approach{here, aim, steepest, settles, now} : Approach{here, ambient_, any, drifts, now};
  tell();
}

void Chamber::tell() {
  if (!hook_) return;
  hook_(celsius());
  timer_.cancel();
  if (const auto next = way_.moved(told_k, clock_.now())) timer_.at(*next);
}

double Chamber::shown() {
  const double now = quantised(celsius() + offset_ + spread_.within(noise_k), resolution_k);
  if (trouble_ != ChamberTrouble::stuck_sensor) return now;
  if (!stuck_at_) stuck_at_ = now;
  return *stuck_at_;
}

}  // namespace meterrig::bench
