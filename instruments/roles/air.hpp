#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "instruments/roles/electrical.hpp"
#include "meters/pulse_input.hpp"

namespace meterrig {

// Constant-pressure air source; pressures in kPa gauge.
class AirSource : public SafeOutput {
 public:
  virtual Task<> set(double kpa, double ramp_kpa_per_s) = 0;
  virtual Task<> enable(bool on) = 0;
  virtual Task<Reading> pressure_kpa() = 0;  // its own, upstream of the inlet valve
};

// Inlet valve, vent, outlet seal.
class AirValve : public SafeOutput {
 public:
  virtual Task<> open(bool open) = 0;
};

// Downstream of the inlet valve, at the meter. Pa gauge.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual Task<Reading> pressure_pa() = 0;
  virtual Task<double> resolution_pa() = 0;
};

class Thermometer {
 public:
  virtual ~Thermometer() = default;
  virtual Task<Reading> celsius() = 0;
  virtual double difference_half_width() const = 0;  // of two readings close together, K
};

// Flow at the meter's outlet, L/h at outlet conditions.
class LeakSensor {
 public:
  virtual ~LeakSensor() = default;
  enum class Range { fine, coarse };
  virtual Task<> select(Range range) = 0;
  // Throws OverRange beyond the range's end.
  virtual Task<Reading> flow_l_per_h() = 0;
  virtual double range_l_per_h() const = 0;
};

class FlowStandard : public SafeOutput {
 public:
  virtual Task<> start(double cubic_metres_per_hour) = 0;
  virtual Task<> stop() = 0;
  virtual Task<Reading> total_m3() = 0;
};

class PulseCounter {
 public:
  virtual ~PulseCounter() = default;
  virtual Task<std::uint32_t> count() = 0;
  // Whether it dates what it counts. Without, listen() and edges() throw UserError.
  virtual bool dates_edges() const = 0;
  // From now on: edges() leaves out what came before.
  virtual Task<> listen() = 0;
  // What came since the last call (or listen(), or power-up), oldest first, on the counter's own clock. Throws
  // NoReading when more came than the counter holds, with the numbers of those that are lost; the next call goes on
  // behind them. Between two edges less time must pass than the counter's clock takes to start again (its profile says
  // when).
  virtual Task<std::vector<PulseEdge>> edges() = 0;
  // Closings that follow the last pulse by less than this are not counted; 0 counts all. Reads back. Throws UserError
  // outside the counter's limits, or when it can't be set.
  virtual Task<> set_debounce(std::chrono::milliseconds time) = 0;
};

class Ambient {
 public:
  virtual ~Ambient() = default;
  struct Conditions {
    Reading celsius;
    Reading humidity_percent;
    Reading barometer_kpa;
  };
  virtual Task<Conditions> read() = 0;
};

}  // namespace meterrig
