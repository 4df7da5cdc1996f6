#pragma once

#include "core/task.hpp"

namespace meterrig {

// A contact that tells of a danger: a door's switch, the emergency stop.
class SafetyContact {
 public:
  virtual ~SafetyContact() = default;
  // Current flows through it: closed, and its wire whole. Throws what the device or its link throws.
  virtual Task<bool> closed() = 0;
};

}  // namespace meterrig
