#include "bench/instruments/dp832.hpp"

#include "bench/instruments/spread.hpp"

namespace meterrig::bench {
namespace {

ScpiDialect rigol() {
  ScpiDialect dialect;
  dialect.undefined_header = "Undefined header; keyword cannot be found";
  dialect.think = 5ms;
  return dialect;
}

constexpr const char* on_off(bool on) { return on ? "ON" : "OFF"; }

}  // namespace

Dp832::Dp832(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : ScpiDevice(clock, "RIGOL TECHNOLOGIES,DP832," + serial + ",00.01.14", rigol()),
      model_(clock, path, 3, 1, 0.002, 0.0002, serial, seed) {
  for (Channel& channel : model_.channels()) {
    const bool small = number_of(channel) == 3;
    channel.name = small ? "5V/3A" : "30V/3A";
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
  for (Channel& channel : model_.channels()) {
    channel.volts = 5;
    channel.amperes = 1;
    channel.on = false;
    for (Protection* protection : {&channel.over_voltage, &channel.over_current}) {
      protection->on = protection->tripped = false;
      protection->level = protection->range.standard;
    }
  }
  selected_ = 1;
  apply(numbered(1));
}

void Dp832::select(int number) {
  if (number < 1 || number > 3) throw ScpiError{-222};
  selected_ = number;
}

Dp832::Channel& Dp832::addressed(const ScpiCall& call, std::size_t parameter) {
  if (!call.has(parameter)) return selected();
  const int number = call.values[parameter].index;
  if (number < 1 || number > 3) throw ScpiError{-224};
  return numbered(number);
}

Dp832::Channel& Dp832::sourced(const ScpiCall& call) {
  const int number = call.suffix(0);
  if (number == 0) return selected();
  if (number > 3) throw ScpiError{-114};
  return numbered(number);
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
    selected_ = number_of(channel);
    apply(channel);
  });
  query(":APPLy", {output(), optional(choice("VOLTage|CURRent"))}, [this](ScpiCall& call) {
    const Channel& channel = addressed(call, 0);
    if (call.has(1)) return call.reply("{:.3f}", call.choice(1) == 0 ? channel.volts : channel.amperes);
    call.reply("CH{}:{},{:.3f},{:.3f}", number_of(channel), channel.name, channel.volts, channel.amperes);
  });
}

void Dp832::declare_output() {
  using namespace scpi;
  command(":OUTPut[:STATe]", {output(), boolean()}, [this](ScpiCall& call) {
    Channel& channel = addressed(call, 0);
    if (!model_.switch_output(channel, call.on(1))) throw ScpiError{-221};
  });
  query(":OUTPut[:STATe]", {output()}, [this](ScpiCall& call) { call.out += on_off(addressed(call, 0).on); });
  const Handler mode = [this](ScpiCall& call) { call.out += model_.limiting(addressed(call, 0)) ? "CC" : "CV"; };
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
