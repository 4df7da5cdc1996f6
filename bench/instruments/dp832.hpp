#pragma once

#include <cstdint>
#include <string>

#include "bench/instruments/scpi_device.hpp"
#include "bench/instruments/supply_model.hpp"
#include "bench/instruments/virtual_supply.hpp"

namespace meterrig::bench {

// Rigol DP832, raw port 5555. Channel 1 feeds the station; 2 and 3 exist and have nothing connected.
class Dp832 final : public ScpiDevice, public VirtualSupply {
 public:
  Dp832(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);

  LinkPeer& link() override { return *this; }
  void raise_error(int code) override { raise(code); }
  int channel_count() const override { return 3; }
  bool output_on(int channel) const override { return model_.channels()[static_cast<std::size_t>(channel - 1)].on; }
  void show_times(double factor) override { model_.show_times(factor); }
  void run_away(double factor, bool unprotected) override { model_.run_away(factor, unprotected); }

 private:
  using Channel = SupplyChannel;
  using Protection = SupplyProtection;

  void reset() override;
  void declare_source();
  void declare_output();
  void declare_protection(const std::string& header, Protection Channel::*protection);
  void declare_measure();
  void declare_system();
  Channel& numbered(int number) { return model_.channels()[static_cast<std::size_t>(number - 1)]; }
  int number_of(const Channel& channel) { return static_cast<int>(&channel - model_.channels().data()) + 1; }
  Channel& addressed(const ScpiCall& call, std::size_t parameter);
  Channel& sourced(const ScpiCall& call);
  Channel& selected() { return numbered(selected_); }
  void select(int number);
  void apply(Channel& channel) { model_.apply(channel); }
  double measured_volts(const Channel& channel) const { return model_.measured_volts(channel, 0.001); }
  double measured_amperes(const Channel& channel) const { return model_.measured_amperes(channel, 0.0001); }

  SupplyModel model_;
  int selected_ = 1;
  bool beeper_ = true;
  bool over_temperature_ = true;
};

}  // namespace meterrig::bench
