#pragma once

#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// The supply of a station, whatever its make.
class VirtualSupply {
 public:
  virtual ~VirtualSupply() = default;
  virtual LinkPeer& link() = 0;
  // An error of the device itself goes into its error queue.
  virtual void raise_error(int code) = 0;
  virtual int channel_count() const = 0;
  virtual bool output_on(int channel) const = 0;
  // Out of its accuracy, without knowing: it shows this many times the truth.
  virtual void show_times(double factor) = 0;
  // Its regulator breaks now: from here on what is set comes out times this. `unprotected`: so does its comparator.
  virtual void run_away(double factor, bool unprotected) = 0;
};

}  // namespace meterrig::bench
