#include "bench/instruments/n6705c.hpp"

#include <algorithm>
#include <cmath>

#include "bench/instruments/scpi_numbers.hpp"

namespace meterrig::bench {
namespace {

using namespace scpi;

constexpr double overload_value = 9.9e37;
constexpr std::array ranges = {1e-5, 1e-3, 0.1, 3.0};  // N6781A
constexpr double shortest_interval = 5.12e-6;
constexpr ScpiRange interval_range{shortest_interval, 40000, 2.048e-5};
constexpr ScpiRange points_range{1, 524288, 1024};
constexpr ScpiRange offset_range{-524287, 2e9, 0};
constexpr ScpiRange current_range{0, 3, 3};
constexpr int condition_waiting = 8, condition_active = 32;  // WTG-meas (bit 3), MEAS-active (bit 5)
constexpr int questionable_current = 2;

ScpiDialect keysight() {
  ScpiDialect dialect;
  dialect.no_error = "+0,\"No error\"";
  dialect.signed_zero = true;
  dialect.error_detail = true;
  return dialect;
}

void number(ScpiCall& call, double value) { call.reply("{:+.8E}", value); }

}  // namespace

N6705c::N6705c(Clock& clock, const std::string& serial, std::uint64_t)
    : ScpiDevice(clock, "Keysight Technologies,N6705C," + serial + ",E.02.10.3455", keysight()) {
  for (Channel& channel : channels_)
    channel.timer = std::make_unique<Timer>(clock, [this, its = &channel] { finish(*its); });
  declare_sense();
  declare_acquire();
  declare_fetch();
  declare_status();
  declare_output();
  reset();
}

void N6705c::reset() {
  binary_ = swapped_ = false;
  for (Channel& channel : channels_) {
    abort(channel);
    channel.amperes.clear();
    channel.volts.clear();
    channel.phase = Phase::idle;
    channel.current_on = true;
    channel.voltage_on = false;
    channel.interval = seconds(interval_range.standard);
    channel.points = static_cast<std::size_t>(points_range.standard);
    channel.offset = 0;
    channel.autorange = true;
    channel.range = 3;
    channel.trigger_source = 0;
    channel.emulation = 0;
    channel.output = false;
    channel.overload = channel.overload_event = false;
  }
}

template <typename Visit>
void N6705c::each(const ScpiCall& call, std::size_t parameter, Visit visit) {
  const ScpiValue& list = call.values[parameter];
  const auto count = static_cast<std::size_t>(list.channel_count);
  for (std::size_t i = 0; i < count; ++i)
    if (list.channels[i] < 1 || list.channels[i] > 2) throw ScpiError{list.channels[i] > 4 ? -222 : -241};
  for (std::size_t i = 0; i < count; ++i) visit(channels_[static_cast<std::size_t>(list.channels[i] - 1)]);
}

template <typename Get>
void N6705c::answer_each(ScpiCall& call, std::size_t parameter, Get get) {
  bool first = true;
  each(call, parameter, [&](Channel& channel) {
    if (!std::exchange(first, false)) call.out += ',';
    get(channel);
  });
}

Instant N6705c::operations_end() const {
  Instant end = Instant::min();
  for (const Channel& channel : channels_) {
    if (channel.phase == Phase::armed) return Instant::max();
    if (channel.phase == Phase::measuring) end = std::max(end, channel.end);
  }
  return end;
}

void N6705c::cleared() {
  for (Channel& channel : channels_) channel.overload_event = false;
}

void N6705c::arm(Channel& channel) {
  if (channel.phase == Phase::armed || channel.phase == Phase::measuring) throw ScpiError{-213};
  channel.phase = Phase::armed;
  channel.armed = now();
  channel.overload = false;
  channel.history = channel.probe.retain_from(now());
}

void N6705c::start(Channel& channel, Instant trigger, std::int64_t offset) {
  channel.phase = Phase::measuring;
  // Points before the trigger are there only as far as the sweep was armed.
  channel.start = std::max(channel.armed, trigger + channel.interval * offset);
  channel.end = channel.start + channel.interval * static_cast<std::int64_t>(channel.points);
  channel.timer->at(std::max(channel.end, now()));
  wake();
}

void N6705c::finish(Channel& channel) {
  if (channel.phase != Phase::measuring) return;
  channel.timer->cancel();
  channel.phase = Phase::complete;
  channel.overload = !channel.probe.digitise(channel.start, channel.interval, channel.points, limit(channel),
                                             overload_value, channel.amperes);
  channel.overload_event |= channel.overload;
  channel.volts.clear();
  if (channel.voltage_on) channel.probe.digitise_volts(channel.start, channel.interval, channel.points, channel.volts);
  channel.history.reset();
}

void N6705c::abort(Channel& channel) {
  if (channel.timer) channel.timer->cancel();
  channel.history.reset();
  // What an earlier acquisition left can still be fetched.
  channel.phase = channel.amperes.empty() ? Phase::idle : Phase::complete;
  wake();
}

std::int64_t N6705c::limit(const Channel& channel) const {
  double amperes = channel.autorange ? 3.0 : std::min(3.0, 1.1 * channel.range);
  if (channel.stuck_range > 0) amperes = std::min(amperes, channel.stuck_range);
  return std::llround(amperes * 1e9);
}

void N6705c::trigger() {
  bool taken = false;
  for (Channel& channel : channels_) {
    if (channel.phase != Phase::armed || channel.trigger_source != 1) continue;
    start(channel, now(), channel.offset);
    taken = true;
  }
  if (!taken) throw ScpiError{-211};
}

void N6705c::declare_sense() {
  const auto flag = [this](const char* header, bool Channel::*member) {
    command(header, {boolean(), channels()},
            [this, member](ScpiCall& call) { each(call, 1, [&](Channel& channel) { channel.*member = call.on(0); }); });
    query(header, {channels()}, [this, member](ScpiCall& call) {
      answer_each(call, 0, [&](Channel& channel) { call.out += channel.*member ? '1' : '0'; });
    });
  };
  flag("SENSe:FUNCtion:CURRent", &Channel::current_on);
  flag("SENSe:FUNCtion:VOLTage", &Channel::voltage_on);
  flag("SENSe:CURRent[:DC]:RANGe:AUTO", &Channel::autorange);

  const char* range = "SENSe:CURRent[:DC]:RANGe[:UPPer]";
  command(range, {real("A"), channels()}, [this](ScpiCall& call) {
    const double wanted = call.number(0, current_range);
    each(call, 1, [&](Channel& channel) {
      channel.range = *std::find_if(ranges.begin(), ranges.end(), [&](double r) { return r >= wanted * (1 - 1e-9); });
      channel.autorange = false;
    });
  });
  query(range, {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) { number(call, channel.autorange ? 3.0 : channel.range); });
  });
  const char* interval = "SENSe:SWEep:TINTerval";
  command(interval, {real("S"), channels()}, [this](ScpiCall& call) {
    const Duration wanted = seconds(call.number(0, interval_range));
    each(call, 1, [&](Channel& channel) { channel.interval = wanted; });
  });
  query(interval, {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) { number(call, to_seconds(channel.interval)); });
  });
  const char* points = "SENSe:SWEep:POINts";
  command(points, {integer(), channels()}, [this](ScpiCall& call) {
    const auto wanted = static_cast<std::size_t>(call.number(0, points_range));
    each(call, 1, [&](Channel& channel) { channel.points = wanted; });
  });
  query(points, {channels()},
        [this](ScpiCall& call) { answer_each(call, 0, [&](Channel& channel) { call.reply("{}", channel.points); }); });
  const char* offset = "SENSe:SWEep:OFFSet:POINts";
  command(offset, {integer(), channels()}, [this](ScpiCall& call) {
    const auto wanted = static_cast<std::int64_t>(call.number(0, offset_range));
    each(call, 1, [&](Channel& channel) { channel.offset = wanted; });
  });
  query(offset, {channels()},
        [this](ScpiCall& call) { answer_each(call, 0, [&](Channel& channel) { call.reply("{}", channel.offset); }); });
}

void N6705c::declare_acquire() {
  const char* source = "TRIGger:ACQuire:SOURce";
  command(source, {choice("IMMediate|BUS"), optional(channels())}, [this](ScpiCall& call) {
    if (call.has(1)) return each(call, 1, [&](Channel& channel) { channel.trigger_source = call.choice(0); });
    for (Channel& channel : channels_) channel.trigger_source = call.choice(0);
  });
  query(source, {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) { call.out += channel.trigger_source == 1 ? "BUS" : "IMM"; });
  });
  command("INITiate[:IMMediate]:ACQuire", {channels()}, [this](ScpiCall& call) {
    each(call, 0, [&](Channel& channel) {
      arm(channel);
      // The trigger comes at once: nothing before it was seen.
      if (channel.trigger_source == 0) start(channel, now(), std::max<std::int64_t>(0, channel.offset));
    });
  });
  command("TRIGger:ACQuire[:IMMediate]", {channels()}, [this](ScpiCall& call) {
    each(call, 0, [&](Channel& channel) {
      if (channel.phase != Phase::armed) throw ScpiError{-211};
      start(channel, now(), channel.offset);
    });
  });
  command("ABORt:ACQuire", {optional(channels())}, [this](ScpiCall& call) {
    if (call.has(0)) return each(call, 0, [&](Channel& channel) { abort(channel); });
    for (Channel& channel : channels_) abort(channel);
  });
  command("FORMat[:DATA]", {choice("ASCii|REAL"), optional(choice("32"))},
          [this](ScpiCall& call) { binary_ = call.choice(0) == 1; });
  query("FORMat[:DATA]", {}, [this](ScpiCall& call) { call.out += binary_ ? "REAL" : "ASC"; });
  command("FORMat:BORDer", {choice("NORMal|SWAPped")}, [this](ScpiCall& call) { swapped_ = call.choice(0) == 1; });
  query("FORMat:BORDer", {}, [this](ScpiCall& call) { call.out += swapped_ ? "SWAP" : "NORM"; });
}

bool N6705c::waits_for(ScpiCall& call, std::size_t parameter) {
  Instant until = Instant::min();
  each(call, parameter, [&](Channel& channel) {
    if (channel.phase == Phase::idle) throw ScpiError{-230};
    if (channel.phase == Phase::armed) until = Instant::max();
    if (channel.phase == Phase::measuring) until = std::max(until, channel.end);
  });
  if (until > now()) {
    call.wait(until);
    return true;
  }
  each(call, parameter, [&](Channel& channel) { finish(channel); });
  return false;
}

void N6705c::reply_array(ScpiCall& call, const std::vector<double>& values) const {
  if (values.empty()) throw ScpiError{-230};
  if (binary_)
    append_block<float>(call.out, values, swapped_);
  else
    append_readings(call.out, values);
}

void N6705c::measure_now(ScpiCall& call, bool array, bool volts) {
  if (!call.resumed) {
    each(call, 0, [&](Channel& channel) {
      arm(channel);
      start(channel, now(), 0);
    });
  }
  if (waits_for(call, 0)) return;
  answer_each(call, 0, [&](Channel& channel) {
    std::vector<double> measured;
    if (volts) channel.probe.digitise_volts(channel.start, channel.interval, channel.points, measured);
    const std::vector<double>& values = volts ? measured : channel.amperes;
    if (array) return reply_array(call, values);
    double sum = 0;
    for (const double value : values) sum += value;
    number(call, channel.overload && !volts ? overload_value : sum / static_cast<double>(values.size()));
  });
}

void N6705c::declare_fetch() {
  const auto array = [this](const char* header, std::vector<double> Channel::*values) {
    query(header, {channels()}, [this, values](ScpiCall& call) {
      if (waits_for(call, 0)) return;
      answer_each(call, 0, [&](Channel& channel) { reply_array(call, channel.*values); });
    });
  };
  array("FETCh:ARRay:CURRent[:DC]", &Channel::amperes);
  array("FETCh:ARRay:VOLTage[:DC]", &Channel::volts);

  const auto scalar = [this](const std::string& header, std::vector<double> Channel::*values, auto fold) {
    query(header, {channels()}, [this, values, fold](ScpiCall& call) {
      if (waits_for(call, 0)) return;
      answer_each(call, 0, [&](Channel& channel) {
        if ((channel.*values).empty()) throw ScpiError{-230};
        number(call, fold(channel.*values));
      });
    });
  };
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) {
      if (value >= overload_value) return overload_value;
      sum += value;
    }
    return sum / static_cast<double>(values.size());
  };
  const auto most = [](const std::vector<double>& values) { return *std::max_element(values.begin(), values.end()); };
  const auto least = [](const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); };
  for (const auto& [name, values] :
       {std::pair{std::string("CURRent"), &Channel::amperes}, std::pair{std::string("VOLTage"), &Channel::volts}}) {
    scalar("FETCh:" + name + "[:DC]", values, mean);
    scalar("FETCh:" + name + ":MAXimum", values, most);
    scalar("FETCh:" + name + ":MINimum", values, least);
    const bool volts = name == "VOLTage";
    query("MEASure:" + name + "[:DC]", {channels()},
          [this, volts](ScpiCall& call) { measure_now(call, false, volts); });
    query("MEASure:ARRay:" + name + "[:DC]", {channels()},
          [this, volts](ScpiCall& call) { measure_now(call, true, volts); });
  }
}

void N6705c::declare_status() {
  query("STATus:OPERation:CONDition", {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) {
      if (channel.phase == Phase::measuring && channel.end <= now()) finish(channel);
      int bits = channel.phase == Phase::armed || channel.phase == Phase::measuring ? condition_waiting : 0;
      if (channel.phase == Phase::measuring) bits |= condition_active;
      call.reply("{}", bits);
    });
  });
  query("STATus:QUEStionable:CONDition", {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) { call.reply("{}", channel.overload ? questionable_current : 0); });
  });
  query("STATus:QUEStionable[:EVENt]", {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) {
      call.reply("{}", std::exchange(channel.overload_event, false) ? questionable_current : 0);
    });
  });
  accept("STATus:PRESet");
}

void N6705c::declare_output() {
  command("OUTPut[:STATe]", {boolean(), channels()},
          [this](ScpiCall& call) { each(call, 1, [&](Channel& channel) { channel.output = call.on(0); }); });
  query("OUTPut[:STATe]", {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) { call.out += channel.output ? '1' : '0'; });
  });
  command("EMULation", {choice("AMETer|VMETer|PS4Q|PS2Q|PS1Q|BATTery|CHARger|CCLoad|CVLoad"), channels()},
          [this](ScpiCall& call) {
            if (call.choice(0) > 1) throw ScpiError{-221};  // the rig's wiring leaves measuring only
            each(call, 1, [&](Channel& channel) { channel.emulation = call.choice(0); });
          });
  query("EMULation", {channels()}, [this](ScpiCall& call) {
    answer_each(call, 0, [&](Channel& channel) { call.out += channel.emulation == 0 ? "AMET" : "VMET"; });
  });
  query("SYSTem:CHANnel[:COUNt]", {}, [](ScpiCall& call) { call.out += '2'; });
  query("SYSTem:CHANnel:MODel", {channels()},
        [this](ScpiCall& call) { answer_each(call, 0, [&](Channel&) { call.out += "\"N6781A\""; }); });
  accept("SYSTem:LOCal");
  accept("SYSTem:REMote");
}

}  // namespace meterrig::bench
