#include "bench/instruments/supply_model.hpp"

#include <algorithm>

#include "bench/instruments/spread.hpp"

namespace meterrig::bench {
namespace {

// How long too much current must flow: a comparator has a filter.
constexpr Duration over_current_delay = 10ms;
constexpr double rectifier_reserve = 1.125;

}  // namespace

SupplyModel::SupplyModel(Clock& clock, SupplyPath& path, int channels, int wired, double volt_error,
                         double ampere_error, const std::string& serial, std::uint64_t seed)
    : clock_(clock),
      path_(path),
      channels_(static_cast<std::size_t>(channels)),
      wired_(static_cast<std::size_t>(wired - 1)),
      comparator_(clock, [this] { compare(); }) {
  Spread spread(seed, serial);
  volt_offset_ = spread.within(volt_error);
  ampere_offset_ = spread.within(ampere_error);
  path_.on_change([this] { current_changed(); });
}

// A broken regulator gives no more than the rectifier has.
double SupplyModel::output_volts(const SupplyChannel& channel) const {
  return std::min(channel.volts * gives_, rectifier_reserve * channel.volt_range.maximum);
}

void SupplyModel::run_away(double factor, bool unprotected) {
  gives_ = factor;
  comparator_works_ = !unprotected;
  apply(channels_[wired_]);
}

void SupplyModel::apply(SupplyChannel& channel) {
  const bool over = output_volts(channel) > channel.over_voltage.level && comparator_works_;
  if (channel.on && channel.over_voltage.on && over) {
    channel.on = false;
    channel.over_voltage.tripped = true;
  }
  if (!wired(channel)) return;
  path_.set_supply(output_volts(channel), channel.amperes, channel.on);
}

bool SupplyModel::switch_output(SupplyChannel& channel, bool on) {
  if (on && (channel.over_voltage.tripped || channel.over_current.tripped)) return false;
  channel.on = on;
  apply(channel);
  return true;
}

void SupplyModel::current_changed() {
  const SupplyChannel& channel = channels_[wired_];
  const bool over = path_.supply_amperes() > channel.over_current.level;
  if (!channel.on || !channel.over_current.on || !over) return comparator_.cancel();
  if (!comparator_.armed()) comparator_.at(clock_.now() + over_current_delay);
}

void SupplyModel::compare() {
  SupplyChannel& channel = channels_[wired_];
  if (path_.supply_amperes() <= channel.over_current.level) return;
  channel.on = false;
  channel.over_current.tripped = true;
  apply(channel);
}

bool SupplyModel::limiting(const SupplyChannel& channel) const {
  return channel.on && wired(channel) && path_.constant_current();
}

double SupplyModel::measured_volts(const SupplyChannel& channel, double digit) const {
  if (!channel.on) return 0;
  const double truth = wired(channel) ? path_.supply_volts() : channel.volts;
  return std::max(0.0, quantised(truth * reads_ + volt_offset_, digit));
}

double SupplyModel::measured_amperes(const SupplyChannel& channel, double digit) const {
  if (!channel.on || !wired(channel)) return 0;
  return std::max(0.0, quantised(path_.supply_amperes() + ampere_offset_, digit));
}

}  // namespace meterrig::bench
