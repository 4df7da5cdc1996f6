#pragma once

#include <string>
#include <vector>

#include "bench/instruments/scpi_device.hpp"
#include "bench/physics/station_model.hpp"

namespace meterrig::bench {

// Over-voltage or over-current.
struct SupplyProtection {
  bool on = false;
  double level = 0;
  bool tripped = false;
  ScpiRange range;
};

struct SupplyChannel {
  double volts = 0;
  double amperes = 0;
  bool on = false;
  SupplyProtection over_voltage;
  SupplyProtection over_current;
  ScpiRange volt_range;
  ScpiRange ampere_range;
  std::string name;
};

// The electrical side of a virtual supply: its channels with their protections. One of them feeds a station; the others
// have nothing connected.
class SupplyModel {
 public:
  // `wired` counts from 1. `volt_error`, `ampere_error`: its readings are off by at most this, as the serial number
  // and the seed have it.
  SupplyModel(Clock& clock, SupplyPath& path, int channels, int wired, double volt_error, double ampere_error,
              const std::string& serial, std::uint64_t seed);

  SupplyModel(const SupplyModel&) = delete;
  SupplyModel& operator=(const SupplyModel&) = delete;
  ~SupplyModel() { path_.on_change({}); }

  std::vector<SupplyChannel>& channels() { return channels_; }
  const std::vector<SupplyChannel>& channels() const { return channels_; }
  // A setting of the channel has changed.
  void apply(SupplyChannel& channel);
  // False: a protection has tripped and holds it off.
  bool switch_output(SupplyChannel& channel, bool on);
  bool limiting(const SupplyChannel& channel) const;
  // What its displays show, in whole digits.
  double measured_volts(const SupplyChannel& channel, double digit) const;
  double measured_amperes(const SupplyChannel& channel, double digit) const;
  void show_times(double factor) { reads_ = factor; }
  void run_away(double factor, bool unprotected);

 private:
  void current_changed();
  void compare();
  // What its output would be without a load.
  double output_volts(const SupplyChannel& channel) const;
  bool wired(const SupplyChannel& channel) const { return &channel == &channels_[wired_]; }

  Clock& clock_;
  SupplyPath& path_;
  std::vector<SupplyChannel> channels_;
  std::size_t wired_;
  double volt_offset_;
  double ampere_offset_;
  double reads_ = 1;  // what it shows of the true voltage
  double gives_ = 1;  // what comes out of the voltage set
  bool comparator_works_ = true;
  Timer comparator_;
};

}  // namespace meterrig::bench
