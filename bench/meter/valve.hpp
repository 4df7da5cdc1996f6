#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "bench/meter/traits.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// Motor valve with its end switch and its seat. It moves at constant speed, stalls at the end of its travel and wears.
class Valve {
 public:
  struct Hooks {
    std::function<void(std::int64_t nanoamperes)> motor_current;  // from the terminals
    std::function<void()> moved;                                  // a move has begun or ended
  };
  Valve(Clock& clock, const ValveTraits& traits, double leak_factor, Hooks hooks);

  // Driven from the supply. False: nothing moves (the motor is dead, or it stands there already).
  bool open();
  bool close();
  // Driven by the reserve capacitor: no current from the terminals.
  void close_on_reserve();
  // The supply went away: a driven move stops where it is.
  void cut();
  void count_start() { ++starts_; }
  void pressure_set(double kpa);

  double opening() const;  // 0 closed .. 1 open
  bool moving() const { return moving_; }
  bool closing() const { return moving_ && to_ < from_; }
  bool at_open_end() const { return !moving_ && from_ > 0.97; }
  bool at_closed_end() const { return !moving_ && from_ < 0.03; }
  bool dead() const { return dead_; }
  double seat_leak() const;  // reference L/h at 15 kPa
  int cycles() const { return closes_; }
  // Where it stands and what it has done; of one that moves, where it comes from.
  nlohmann::json kept() const;
  void take_up(const nlohmann::json& kept);

 private:
  enum class Phase { spike, run, stall };
  bool drive(double to);
  void begin(double to, Duration full_travel, bool from_reserve);
  void step();
  void finish();
  double worn() const;

  Clock& clock_;
  ValveTraits traits_;
  double leak_factor_;
  Hooks hooks_;
  Timer timer_;
  Phase phase_ = Phase::run;
  bool moving_ = false;
  bool on_reserve_ = false;
  bool dead_ = false;
  double from_ = 0;
  double to_ = 0;
  Instant began_{};
  Duration travel_{};
  int opens_ = 0;
  int closes_ = 0;
  int starts_ = 0;
  double pressure_kpa_ = 0;
  Instant pressure_since_{};
};

}  // namespace meterrig::bench
