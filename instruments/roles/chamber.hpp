#pragma once

#include "instruments/roles/electrical.hpp"

namespace meterrig {

// Temperature chamber. How long a sample soaks and within what it has settled is for the procedure to say.
class Chamber : public SafeOutput {
 public:
  // The air temperature to hold, degrees Celsius, read back. UserError outside the chamber's limits.
  virtual Task<> set(double celsius) = 0;
  virtual Task<> start() = 0;
  // The same as its safe state: conditioning ends.
  virtual Task<> stop() = 0;
  // Of the air, now. NoReading when the chamber itself calls it stale or it is not plausible.
  virtual Task<Reading> celsius() = 0;
};

}  // namespace meterrig
