#pragma once

#include <cstdint>

#include "instruments/roles/electrical.hpp"

namespace meterrig {

// Programmable pulse output in the place of a meter's flow sensor.
class PulseSimulator : public SafeOutput {
 public:
  // A train of exactly `pulses` (from 1) begins at once: the k-th comes k/hz after the start, which lies between call
  // and return. Number and frequency (as near as its register holds it) are read back before. UserError outside the
  // instrument's limits, and InstrumentError when a train is still running: no new one begins. After another error,
  // which the instrument's link may have had behind the start, sent() tells what came out.
  virtual Task<> start(std::uint32_t pulses, double hz) = 0;
  // The same as its safe state: no further pulse comes, and sent() keeps what came before.
  virtual Task<> stop() = 0;
  // Pulses of the train begun last that came out by now; 0 before the first one. NoReading when that is more than the
  // train has.
  virtual Task<std::uint32_t> sent() = 0;
  // Pulses of a train are still to come.
  virtual Task<bool> running() = 0;
  // The fastest train that start() takes, Hz.
  virtual double hz_max() const = 0;
};

}  // namespace meterrig
