#pragma once

#include <array>
#include <complex>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "bench/instruments/line_peer.hpp"
#include "bench/instruments/spread.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// ZERA MT768: a three-phase source for voltages and currents apart (phantom load), and the reference meter that watches
// it. Commands and answers as in ZERA's own SourceMock; a command whose form is wrong, or a value out of range, is not
// answered by the source, and with NAK by the reference meter. What the terminals carry are phasors: a phase gives what
// it was set to within the specimen's error once its switch is acknowledged; a current too high for what is connected
// collapses to what the compliance voltage drives.
class Mt768 final : public LinePeer {
 public:
  Mt768(Clock& clock, const std::string& serial, std::uint64_t seed);

  // The meter under test at the error calculator's input: it counts this much too much, percent.
  void connect_meter(double impulses_per_kwh, double error_percent);
  // What is in a phase's current circuit, ohms.
  void connect_current_load(int phase, double ohms) { load_ohms_[static_cast<std::size_t>(phase)] = ohms; }
  bool live() const;
  double watts() const;

 private:
  using Phasor = std::complex<double>;
  struct Phase {
    Phasor volts, amperes;  // as set
    bool voltage_on = false, current_on = false;
  };
  void take(const std::string& line) override;
  bool source(const std::string& line);
  void reference(const std::string& line);
  void set_phasors(const std::smatch& match, bool volts);
  void switch_phases(const std::smatch& match);
  void measured_values();
  void error_state();
  Phasor volts(std::size_t i) const;
  Phasor amperes(std::size_t i) const;
  void settle();

  Clock& clock_;
  std::array<Phase, 3> phases_;
  std::array<double, 3> volt_gain_, ampere_gain_;
  std::array<double, 3> load_ohms_{};
  double hertz_ = 50;
  // A switch that is still under way.
  std::optional<std::array<Phase, 3>> coming_;
  Instant settled_{};

  double meter_constant_ = 0, meter_error_percent_ = 0;
  bool meter_connected_ = false;
  double told_constant_ = 0, told_pulses_ = 0;
  std::optional<Instant> error_started_;
};

}  // namespace meterrig::bench
