#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/instruments/probe.hpp"
#include "bench/instruments/scpi_device.hpp"

namespace meterrig::bench {

// Keysight N6705C with two N6781A modules as ammeters: channel 1 in path K1, channel 2 in path K2. A sample is the
// exact mean of the current over its interval; the range follows the current within a sample. In a fixed range, what
// goes 10 % beyond it within a sample makes that sample an overload, +9.9E37, and sets bit 1 (CURRent, SCPI-99 20.2) of
// the questionable condition until the next acquisition. Outputs can be switched and asked; the path conducts either
// way, since the modules only measure.
class N6705c final : public ScpiDevice {
 public:
  N6705c(Clock& clock, const std::string& serial, std::uint64_t seed);

  Probe& probe(int channel) { return channels_[static_cast<std::size_t>(channel - 1)].probe; }
  // Fault: the module measures no more than this, whatever range is set. Amperes.
  void stick_range(int channel, double amperes) {
    channels_[static_cast<std::size_t>(channel - 1)].stuck_range = amperes;
  }

 private:
  enum class Phase { idle, armed, measuring, complete };
  struct Channel {
    Probe probe;
    double stuck_range = 0;
    // settings
    bool current_on = true;
    bool voltage_on = false;
    Duration interval{};
    std::size_t points = 0;
    std::int64_t offset = 0;
    bool autorange = true;
    double range = 3;
    int trigger_source = 0;
    int emulation = 0;
    bool output = false;
    // acquisition
    Phase phase = Phase::idle;
    Instant armed{};
    Instant start{};
    Instant end{};
    std::shared_ptr<void> history;
    std::vector<double> amperes;
    std::vector<double> volts;
    bool overload = false;
    bool overload_event = false;
    std::unique_ptr<Timer> timer;
  };

  void reset() override;
  void trigger() override;
  Instant operations_end() const override;
  void cleared() override;
  void declare_sense();
  void declare_acquire();
  void declare_fetch();
  void declare_status();
  void declare_output();
  template <typename Visit>
  void each(const ScpiCall& call, std::size_t parameter, Visit visit);
  template <typename Get>
  void answer_each(ScpiCall& call, std::size_t parameter, Get get);
  void arm(Channel& channel);
  void start(Channel& channel, Instant trigger, std::int64_t offset);
  void finish(Channel& channel);
  void abort(Channel& channel);
  // True when the call has to wait for one of its channels.
  bool waits_for(ScpiCall& call, std::size_t parameter);
  void measure_now(ScpiCall& call, bool array, bool volts);
  void reply_array(ScpiCall& call, const std::vector<double>& values) const;
  std::int64_t limit(const Channel& channel) const;

  std::array<Channel, 2> channels_;
  bool binary_ = false;
  bool swapped_ = false;
};

}  // namespace meterrig::bench
