#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/instruments/field_devices.hpp"
#include "bench/instruments/register_device.hpp"
#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// Counts the closings of the meter's pulse contact, and keeps the times of the last 60 (as many as one Modbus read
// takes with their number: Modbus Application Protocol V1.1b3, 6.4). A closing that follows the last one counted by
// less than the debounce time is a bounce, as in the Synapse RTU-DI8 (manual, register 40122: ms, 10 when delivered).
// The register map is of our own making.
class PulseCounter final : public RegisterDevice {
 public:
  PulseCounter(Clock& clock, ProfilePointer profile, const std::string& serial);
  // `output`: the meter's contact has closed so often by now. Each closing bounces for some milliseconds.
  void contact(std::uint32_t output);

  // A sick input, in every run of pulses without a pause of 30 s: it does not see the fifth, or sees one that the meter
  // never gave, 2 s after the fifth.
  enum class Fault { none, loses_fifth, adds_one };
  void misbehave(Fault fault) { fault_ = fault; }

 private:
  static constexpr std::size_t depth = 60;
  void close();
  void expect(Instant edge);
  // Takes in the edges up to now.
  void settle();
  std::uint32_t time_of(std::size_t back) const;

  Clock& clock_;
  Fault fault_ = Fault::none;
  std::uint32_t seen_ = 0;
  int run_ = 0;  // closings in this run
  Instant last_closing_{};
  std::vector<Instant> coming_;  // edges of closings that have begun, in order
  Duration debounce_;
  std::uint32_t count_ = 0;
  std::uint32_t taken_ = 0;  // of them somebody has read the times
  std::array<std::uint32_t, depth> times_{};
  std::optional<Instant> last_pulse_;
};

// Stands between air line and meter and dates the pulses.
class PulseTap final : public MeterBody {
 public:
  explicit PulseTap(MeterBody& meter) : meter_(meter) {}
  void connect(PulseCounter& counter) { counter_ = &counter; }

  void supply_changed(const VoltageSignal& terminals) override { meter_.supply_changed(terminals); }
  void uart_connected(bool connected) override { meter_.uart_connected(connected); }
  void manual_action() override { meter_.manual_action(); }
  double valve_opening() const override { return meter_.valve_opening(); }
  double seat_leak_l_per_h_at_15_kpa() const override { return meter_.seat_leak_l_per_h_at_15_kpa(); }
  double body_leak_l_per_h_at_15_kpa(bool open) const override { return meter_.body_leak_l_per_h_at_15_kpa(open); }
  double volume_to_next_pulse() const override { return meter_.volume_to_next_pulse(); }
  std::uint32_t pulse_output() const override { return meter_.pulse_output(); }
  void pressure_set(double kpa) override { meter_.pressure_set(kpa); }
  void volume_passed(double cubic_metres) override {
    meter_.volume_passed(cubic_metres);
    if (counter_) counter_->contact(meter_.pulse_output());
  }

 private:
  MeterBody& meter_;
  PulseCounter* counter_ = nullptr;
};

}  // namespace meterrig::bench
