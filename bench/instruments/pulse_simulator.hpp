#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "bench/instruments/field_devices.hpp"
#include "bench/instruments/register_device.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// Closes its output for the meter's sensor input; exact in number and time. The register map is of our own making.
class PulseSimulator final : public RegisterDevice {
 public:
  // `pulse`: the output closes, now.
  PulseSimulator(Clock& clock, ProfilePointer profile, const std::string& serial, std::function<void()> pulse);
  bool enabled() const { return enabled_; }

  // A sick output stage: every thousandth pulse since power-up is counted as sent and does not come out.
  void lose_pulses() { loses_ = true; }

 private:
  void expect_idle() const;
  void enable(bool on);
  void fire();
  void wait_for_next();

  Clock& clock_;
  std::function<void()> pulse_;
  std::uint32_t pulses_ = 1;
  double hertz_ = 1;
  bool enabled_ = false;
  bool loses_ = false;
  Instant began_{};
  std::uint32_t sent_ = 0;  // of this train
  std::uint64_t all_ = 0;   // since power-up
  Timer timer_;
};

}  // namespace meterrig::bench
