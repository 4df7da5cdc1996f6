#include "bench/instruments/pulse_simulator.hpp"

#include <utility>

namespace meterrig::bench {
namespace {

constexpr int busy = 6;  // Modbus Application Protocol V1.1b3, section 7
constexpr std::uint64_t lost_of_each = 1000;

}  // namespace

PulseSimulator::PulseSimulator(Clock& clock, ProfilePointer profile, const std::string& serial,
                               std::function<void()> pulse)
    : RegisterDevice(std::move(profile), serial),
      clock_(clock),
      pulse_(std::move(pulse)),
      timer_(clock, [this] { fire(); }) {
  bind_count(
      "pulses", [this] { return std::uint64_t{pulses_}; },
      [this](double count) {
        expect_idle();
        pulses_ = static_cast<std::uint32_t>(count);
        sent_ = 0;
      });
  bind_real(
      "frequency_hz", [this] { return hertz_; },
      [this](double hertz) {
        expect_idle();
        hertz_ = hertz;
      });
  bind_count("sent", [this] { return std::uint64_t{sent_}; });
  bind_count("status", [this] { return timer_.armed() ? bit("status", "running") : 0; });
  bind_coil(
      "enable", [this] { return enabled_; }, [this](bool on) { enable(on); });
}

void PulseSimulator::expect_idle() const {
  if (timer_.armed()) throw Refusal{busy};
}

void PulseSimulator::enable(bool on) {
  const bool was = std::exchange(enabled_, on);
  if (!on) timer_.cancel();
  if (was || !on) return;
  began_ = clock_.now();
  sent_ = 0;
  wait_for_next();
}

// From the start of the train, so that no rounding adds up.
void PulseSimulator::wait_for_next() {
  if (sent_ < pulses_) timer_.at(began_ + seconds((sent_ + 1.0) / hertz_));
}

void PulseSimulator::fire() {
  ++sent_;
  wait_for_next();
  const bool lost = ++all_ % lost_of_each == 0 && loses_;
  if (!lost) pulse_();
}

}  // namespace meterrig::bench
