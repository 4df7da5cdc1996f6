#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "bench/instruments/scpi_device.hpp"
#include "bench/physics/station_model.hpp"

namespace meterrig::bench {

// Rigol DP832, raw port 5555. Channel 1 feeds the station; 2 and 3 exist and have nothing connected.
class Dp832 final : public ScpiDevice {
 public:
  Dp832(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);

  bool output_on(int channel) const { return channels_[static_cast<std::size_t>(channel - 1)].on; }

  // Out of its accuracy, without knowing: it shows this many times the truth.
  void show_times(double factor) { reads_ = factor; }
  // Its regulator breaks now: from here on what is set comes out times this. `unprotected`: so does its comparator.
  void run_away(double factor, bool unprotected);

 private:
  // OVP or OCP.
  struct Protection {
    bool on = false;
    double level = 0;
    bool tripped = false;
    ScpiRange range;
  };
  struct Channel {
    double volts = 5;
    double amperes = 1;
    bool on = false;
    Protection over_voltage;
    Protection over_current;
    ScpiRange volt_range;
    ScpiRange ampere_range;
    const char* name = "";
  };

  void reset() override;
  void declare_source();
  void declare_output();
  void declare_protection(const std::string& header, Protection Channel::*protection);
  void declare_measure();
  void declare_system();
  Channel& addressed(const ScpiCall& call, std::size_t parameter);
  Channel& sourced(const ScpiCall& call);
  Channel& selected() { return channels_[static_cast<std::size_t>(selected_ - 1)]; }
  void select(int number);
  void apply(Channel& channel);
  void watch();
  double measured_volts(const Channel& channel);
  double measured_amperes(const Channel& channel);
  // What its output would be without a load: a broken regulator gives no more than the rectifier has.
  double output_volts(const Channel& channel) const { return std::min(channel.volts * gives_, 36.0); }
  bool wired(const Channel& channel) const { return &channel == &channels_[0]; }

  SupplyPath& path_;
  std::array<Channel, 3> channels_;
  int selected_ = 1;
  bool beeper_ = true;
  bool over_temperature_ = true;
  double volt_offset_;
  double ampere_offset_;
  double reads_ = 1;  // what it shows of the true voltage
  double gives_ = 1;  // what comes out of the voltage set
  bool comparator_works_ = true;
  Timer watch_timer_;
};

}  // namespace meterrig::bench
