#pragma once

#include <functional>
#include <optional>
#include <string>

#include "bench/instruments/field_devices.hpp"
#include "bench/instruments/register_device.hpp"
#include "bench/instruments/spread.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// A temperature on its way: no faster than `kelvin_per_s`, and the last of it as an exponential of time constant `tau`,
// where that is slower.
struct Approach {
  double from = 0, to = 0;
  double kelvin_per_s = 0;
  Duration tau{};
  Instant began{};

  double at(Instant now) const;
  // When it will have moved on by so much from where it is now; none: it never will.
  std::optional<Instant> moved(double kelvin, Instant now) const;
};

// What may be wrong with a chamber. no_cold: a weak compressor, -18 degrees at the lowest. stuck_sensor: it shows for
// ever what it showed first, and holds its temperature all the same. door_open: for ten minutes, five hours after it
// was first started. stops: by itself, at that time.
enum class ChamberTrouble { none, no_cold, stuck_sensor, door_open, stops };

// TestEquity chamber with F4T controller (registers of config/instruments/testequity_f4t.json). Its air gains 3 K/min
// and loses 1 K/min, as a chamber that is not made for rapid change does, and comes to its set point with a time
// constant of a minute. Off, it drifts to the room's temperature with one of half an hour. It shows a tenth of a
// kelvin, with noise and the error of its sensor.
class Chamber final : public RegisterDevice {
 public:
  // `seed`: of its sensor's error and noise.
  Chamber(Clock& clock, ProfilePointer profile, const std::string& serial, std::uint64_t seed);
  // Of the air in it, truly, now.
  double celsius() const { return way_.at(clock_.now()); }
  // Called with the true temperature of its air, now, when it is sent elsewhere, and whenever it has moved by a tenth
  // of a kelvin: never more than that behind.
  void on_change(std::function<void(double celsius)> hook);
  // Of the room; 23 degrees Celsius before.
  void set_ambient(double celsius);
  bool running() const { return running_; }
  // From now on.
  void misbehave(ChamberTrouble trouble) { trouble_ = trouble; }

 private:
  void run(bool on);
  void fall_ill();
  void go();
  void tell();
  double shown();

  Clock& clock_;
  Spread spread_;
  double offset_;
  double setpoint_ = 23;
  double ambient_ = 23;
  bool running_ = false;
  Approach way_;
  std::function<void(double)> hook_;
  Timer timer_;
  ChamberTrouble trouble_ = ChamberTrouble::none;
  bool door_open_ = false;
  std::optional<double> stuck_at_;
  Timer trouble_timer_;
};

}  // namespace meterrig::bench
