#include "bench/instruments/dp832.hpp"

#include <algorithm>
#include <cmath>

#include "bench/instruments/spread.hpp"

namespace meterrig::bench {
namespace {

ScpiDialect rigol() {
  ScpiDialect dialect;
  dialect.undefined_header = "Undefined header; keyword cannot be found";
  dialect.think = 5ms;
  return dialect;
}

// How often the over-current comparator looks; the real one takes some milliseconds too.
constexpr Duration comparator = 10ms;

constexpr const char* on_off(bool on) { return on ? "ON" : "OFF"; }

}  // namespace

Dp832::Dp832(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : ScpiDevice(clock, "RIGOL TECHNOLOGIES,DP832," + serial + ",00.01.14", rigol()),
      path_(path),
      watch_timer_(clock, [this] { watch(); }) {
  Spread spread(seed, serial);
  volt_offset_ = spread.within(0.002);
  ampere_offset_ = spread.within(0.0002);
  channels_[0].name = channels_[1].name = "30V/3A";
  channels_[2].name = "5V/3A";
  for (Channel& channel : channels_) {
    const bool small = &channel == &channels_[2];
    channel.volt_range = {0, small ? 5.3 : 32, 0};
    channel.ampere_range = {0, 3.2, 1};
    channel.over_voltage.range = {0.001, small ? 5.5 : 33, small ? 5.5 : 33};
    channel.over_current.range = {0.001, 3.3, 3.3};
  }
  declare_source();
  declare_output();
  declare_protection("OVP", &Channel::over_voltage);
  declare_protection("OCP", &Channel::over_current);
  declare_measure();
  declare_system();
  reset();
}

void Dp832::reset() {
  for (Channel& channel : channels_) {
    channel.volts = 5;
    channel.amperes = 1;
    channel.on = false;
    for (Protection* protection : {&channel.over_voltage, &channel.over_current}) {
      protection->on = protection->tripped = false;
      protection->level = protection->range.standard;
    }
  }
  selected_ = 1;
  apply(channels_[0]);
}

void Dp832::select(int number) {
  if (number < 1 || number > 3) throw ScpiError{-222};
  selected_ = number;
}

Dp832::Channel& Dp832::addressed(const ScpiCall& call, std::size_t parameter) {
  if (!call.has(parameter)) return selected();
  const int number = call.values[parameter].index;
  if (number < 1 || number > 3) throw ScpiError{-224};
  return channels_[static_cast<std::size_t>(number - 1)];
}

Dp832::Channel& Dp832::sourced(const ScpiCall& call) {
  const int number = call.suffix(0);
  if (number == 0) return selected();
  if (number > 3) throw ScpiError{-114};
  return channels_[static_cast<std::size_t>(number - 1)];
}

void Dp832::run_away(double factor, bool unprotected) {
  gives_ = factor;
  comparator_works_ = !unprotected;
  apply(channels_[0]);
}

void Dp832::apply(Channel& channel) {
  const bool over = output_volts(channel) > channel.over_voltage.level && comparator_works_;
  if (channel.on && channel.over_voltage.on && over) {
    channel.on = false;
    channel.over_voltage.tripped = true;
  }
  if (!wired(channel)) return;
  path_.set_supply(output_volts(channel), channel.amperes, channel.on);
  if (channel.on && channel.over_current.on)
    watch_timer_.at(now() + comparator);
  else
    watch_timer_.cancel();
}

void Dp832::watch() {
  Channel& channel = channels_[0];
  if (path_.supply_amperes() > channel.over_current.level) {
    channel.on = false;
    channel.over_current.tripped = true;
  }
  apply(channel);
}

// Readings are whole digits: 1 mV and 0.1 mA.
double Dp832::measured_volts(const Channel& channel) {
  if (!channel.on) return 0;
  const double truth = wired(channel) ? path_.supply_volts() : channel.volts;
  return std::max(0.0, quantised(truth * reads_ + volt_offset_, 0.001));
}

double Dp832::measured_amperes(const Channel& channel) {
  if (!channel.on || !wired(channel)) return 0;
  return std::max(0.0, quantised(path_.supply_amperes() + ampere_offset_, 0.0001));
}

void Dp832::declare_source() {
  using namespace scpi;
  const std::string voltage = "[:SOURce#]:VOLTage[:LEVel][:IMMediate][:AMPLitude]";
  const std::string current = "[:SOURce#]:CURRent[:LEVel][:IMMediate][:AMPLitude]";
  command(voltage, {real("V")}, [this](ScpiCall& call) {
    Channel& channel = sourced(call);
    channel.volts = quantised(call.number(0, channel.volt_range), 0.001);
    apply(channel);
  });
  query(voltage, {optional(real("V"))}, [this](ScpiCall& call) {
    const Channel& channel = sourced(call);
    call.reply("{:.3f}", call.limit_or(0, channel.volt_range, channel.volts));
  });
  command(current, {real("A")}, [this](ScpiCall& call) {
    Channel& channel = sourced(call);
    channel.amperes = quantised(call.number(0, channel.ampere_range), 0.001);
    apply(channel);
  });
  query(current, {optional(real("A"))}, [this](ScpiCall& call) {
    const Channel& channel = sourced(call);
    call.reply("{:.3f}", call.limit_or(0, channel.ampere_range, channel.amperes));
  });
  command(":APPLy", {output(), optional(real("V")), optional(real("A"))}, [this](ScpiCall& call) {
    Channel& channel = addressed(call, 0);
    const double volts = call.has(1) ? call.number(1, channel.volt_range) : channel.volts;
    const double amperes = call.has(2) ? call.number(2, channel.ampere_range) : channel.amperes;
    channel.volts = quantised(volts, 0.001);
    channel.amperes = quantised(amperes, 0.001);
    selected_ = static_cast<int>(&channel - channels_.data()) + 1;
    apply(channel);
  });
  query(":APPLy", {output(), optional(choice("VOLTage|CURRent"))}, [this](ScpiCall& call) {
    const Channel& channel = addressed(call, 0);
    if (call.has(1)) return call.reply("{:.3f}", call.choice(1) == 0 ? channel.volts : channel.amperes);
    call.reply("CH{}:{},{:.3f},{:.3f}", &channel - channels_.data() + 1, channel.name, channel.volts, channel.amperes);
  });
}

void Dp832::declare_output() {
  using namespace scpi;
  command(":OUTPut[:STATe]", {output(), boolean()}, [this](ScpiCall& call) {
    Channel& channel = addressed(call, 0);
    const bool on = call.on(1);
    if (on && (channel.over_voltage.tripped || channel.over_current.tripped)) throw ScpiError{-221};
    channel.on = on;
    apply(channel);
  });
  query(":OUTPut[:STATe]", {output()}, [this](ScpiCall& call) { call.out += on_off(addressed(call, 0).on); });
  const Handler mode = [this](ScpiCall& call) {
    const Channel& channel = addressed(call, 0);
    call.out += channel.on && wired(channel) && path_.constant_current() ? "CC" : "CV";
  };
  query(":OUTPut:MODE", {output()}, mode);
  query(":OUTPut:CVCC", {output()}, mode);
  command(":INSTrument:NSELect", {integer()}, [this](ScpiCall& call) { select(call.integer(0, {1, 3, 1})); });
  query(":INSTrument:NSELect", {}, [this](ScpiCall& call) { call.reply("{}", selected_); });
  command(":INSTrument[:SELect]", {output()}, [this](ScpiCall& call) {
    if (!call.has(0)) throw ScpiError{-109};
    addressed(call, 0);
    select(call.values[0].index);
  });
  query(":INSTrument[:SELect]", {}, [this](ScpiCall& call) { call.reply("CH{}:{}", selected_, selected().name); });
}

void Dp832::declare_protection(const std::string& header, Protection Channel::*protection) {
  using namespace scpi;
  const std::string base = ":OUTPut:" + header;
  const char* unit = header == "OVP" ? "V" : "A";
  command(base + "[:STATe]", {output(), boolean()}, [this, protection](ScpiCall& call) {
    Channel& channel = addressed(call, 0);
    (channel.*protection).on = call.on(1);
    apply(channel);
  });
  query(base + "[:STATe]", {output()},
        [this, protection](ScpiCall& call) { call.out += on_off((addressed(call, 0).*protection).on); });
  command(base + ":VALue", {output(), real(unit)}, [this, protection](ScpiCall& call) {
    Channel& channel = addressed(call, 0);
    Protection& its = channel.*protection;
    its.level = quantised(call.number(1, its.range), 0.001);
    apply(channel);
  });
  query(base + ":VALue", {output(), optional(choice("MINimum|MAXimum"))}, [this, protection](ScpiCall& call) {
    const Protection& its = addressed(call, 0).*protection;
    const double bound = call.has(1) && call.choice(1) == 1 ? its.range.maximum : its.range.minimum;
    call.reply("{:.3f}", call.has(1) ? bound : its.level);
  });
  const Handler tripped = [this, protection](ScpiCall& call) {
    call.out += (addressed(call, 0).*protection).tripped ? "YES" : "NO";
  };
  query(base + ":QUES", {output()}, tripped);
  query(base + ":ALAR", {output()}, tripped);
  command(base + ":CLEar", {output()},
          [this, protection](ScpiCall& call) { (addressed(call, 0).*protection).tripped = false; });
}

void Dp832::declare_measure() {
  using namespace scpi;
  query(":MEASure[:VOLTage][:DC]", {output()},
        [this](ScpiCall& call) { call.reply("{:.4f}", measured_volts(addressed(call, 0))); });
  query(":MEASure:CURRent[:DC]", {output()},
        [this](ScpiCall& call) { call.reply("{:.4f}", measured_amperes(addressed(call, 0))); });
  query(":MEASure:POWEr[:DC]", {output()}, [this](ScpiCall& call) {
    const Channel& channel = addressed(call, 0);
    call.reply("{:.4f}", measured_volts(channel) * measured_amperes(channel));
  });
  query(":MEASure:ALL[:DC]", {output()}, [this](ScpiCall& call) {
    const Channel& channel = addressed(call, 0);
    const double volts = measured_volts(channel), amperes = measured_amperes(channel);
    call.reply("{:.4f},{:.4f},{:.3f}", volts, amperes, volts * amperes);
  });
}

void Dp832::declare_system() {
  using namespace scpi;
  command(":SYSTem:BEEPer[:STATe]", {boolean()}, [this](ScpiCall& call) { beeper_ = call.on(0); });
  query(":SYSTem:BEEPer[:STATe]", {}, [this](ScpiCall& call) { call.out += on_off(beeper_); });
  accept(":SYSTem:BEEPer:IMMediate");
  command(":SYSTem:OTP", {boolean()}, [this](ScpiCall& call) { over_temperature_ = call.on(0); });
  query(":SYSTem:OTP", {}, [this](ScpiCall& call) { call.out += on_off(over_temperature_); });
  accept(":SYSTem:LOCal");
  accept(":SYSTem:REMote");
  accept(":SYSTem:RWLock");
}

}  // namespace meterrig::bench
