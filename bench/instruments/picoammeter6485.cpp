#include "bench/instruments/picoammeter6485.hpp"

#include <cmath>

namespace meterrig::bench {
namespace {

using namespace scpi;

constexpr ScpiRange range_range{-0.021, 0.021, 0.021};
constexpr ScpiRange nplc_range{0.01, 50, 5};
constexpr ScpiRange count_range{1, 2500, 1};
constexpr int status_overflow = 1;
constexpr double own_offset_a = 1.2e-13;

// Model 6485 specifications: 2 nA to 20 mA, 105 % of range, burden below 200 uV.
DmmModel model() {
  DmmModel its;
  its.volts = {{1, 1, 1}};  // none, and no command selects it
  for (const double full : {2e-9, 20e-9, 200e-9, 2e-6, 20e-6, 200e-6, 2e-3, 20e-3})
    its.amperes.push_back({full, 1.05, full * 5e-6, 2e-4 / full});
  return its;
}

ScpiDialect keithley() {
  ScpiDialect dialect;
  dialect.error_detail = false;
  return dialect;
}

}  // namespace

Picoammeter6485::Picoammeter6485(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : Dmm(clock, path, "KEITHLEY INSTRUMENTS INC.,MODEL 6485," + serial + ",C01   Aug 23 2011 12:24:42/A02  /G",
          keithley(), model(), serial, seed) {
  declare_sense();
  declare_readings();
  reset();
}

void Picoammeter6485::reset() {
  abort_series();
  setting(Function::current) = {true, 7};
  select(Function::current);
  zero_check_ = true;
  zero_correct_ = false;
  nplc_ = nplc_range.standard;
  trigger_count_ = 1;
  for (bool& element : elements_) element = true;
}

void Picoammeter6485::declare_sense() {
  command("SYSTem:ZCHeck[:STATe]", {boolean()}, [this](ScpiCall& call) { zero_check_ = call.on(0); });
  query("SYSTem:ZCHeck[:STATe]", {}, [this](ScpiCall& call) { call.out += zero_checked() ? '1' : '0'; });
  command("SYSTem:ZCORrect[:STATe]", {boolean()}, [this](ScpiCall& call) { zero_correct_ = call.on(0); });
  query("SYSTem:ZCORrect[:STATe]", {}, [this](ScpiCall& call) { call.out += zero_correct_ ? '1' : '0'; });
  query("SYSTem:LFRequency", {}, [](ScpiCall& call) { call.out += "50"; });
  command("[:SENSe]:CURRent[:DC]:RANGe[:UPPer]", {real("A")},
          [this](ScpiCall& call) { fix_range(Function::current, std::abs(call.number(0, range_range)) / 1.05); });
  query("[:SENSe]:CURRent[:DC]:RANGe[:UPPer]", {},
        [this](ScpiCall& call) { call.out += nr3(1.05 * full_scale(Function::current)); });
  command("[:SENSe]:CURRent[:DC]:RANGe:AUTO", {boolean()},
          [this](ScpiCall& call) { autorange(Function::current, call.on(0)); });
  query("[:SENSe]:CURRent[:DC]:RANGe:AUTO", {},
        [this](ScpiCall& call) { call.out += setting(Function::current).autorange ? '1' : '0'; });
  command("[:SENSe]:CURRent[:DC]:NPLCycles", {real()}, [this](ScpiCall& call) { nplc_ = call.number(0, nplc_range); });
  query("[:SENSe]:CURRent[:DC]:NPLCycles", {}, [this](ScpiCall& call) { call.reply("{:.2f}", nplc_); });
  query("[:SENSe]:FUNCtion", {}, [](ScpiCall& call) { call.out += "\"CURR:DC\""; });
  command("CONFigure[:CURRent[:DC]]", {}, [this](ScpiCall&) {
    abort_series();
    trigger_count_ = 1;
    autorange(Function::current, true);
  });
}

void Picoammeter6485::initiate() {
  if (running()) throw ScpiError{-213};
  const Duration aperture = seconds(nplc_ * line_period);
  begin(trigger_count_, aperture, aperture, Duration::zero());
}

// "+1.234567E-05A,+1.234500E+01,+0.000000E+00" for each reading.
void Picoammeter6485::reply(ScpiCall& call) {
  const std::vector<double> values = series().take(series().available(), false);
  if (values.empty()) throw ScpiError{-230};
  bool first = true;
  const auto comma = [&] {
    if (!std::exchange(first, false)) call.out += ',';
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = zero_checked() ? own_offset_a : values[i];
    const bool over = std::abs(value) >= overload_value;
    if (elements_[0]) {
      comma();
      call.reply("{:+.6E}{}", value, elements_[1] ? "A" : "");
    }
    if (elements_[2]) {
      comma();
      call.reply("{:+.6E}", to_seconds(series().reading_end(i).time_since_epoch()));
    }
    if (elements_[3]) {
      comma();
      call.reply("{:+.6E}", over ? status_overflow : 0.0);
    }
  }
}

void Picoammeter6485::declare_readings() {
  query("READ", {}, [this](ScpiCall& call) {
    if (!call.resumed) initiate();
    if (!waits(call, trigger_count_)) reply(call);
  });
  query("FETCh", {}, [this](ScpiCall& call) {
    if (!waits(call, trigger_count_)) reply(call);
  });
  command("INITiate[:IMMediate]", {}, [this](ScpiCall&) { initiate(); });
  command("ABORt", {}, [this](ScpiCall&) { abort_series(); });
  command("TRIGger:COUNt", {integer()},
          [this](ScpiCall& call) { trigger_count_ = static_cast<std::uint64_t>(call.number(0, count_range)); });
  query("TRIGger:COUNt", {}, [this](ScpiCall& call) { call.reply("{}", trigger_count_); });
  const ScpiParameter element = choice("READing|UNITs|TIME|STATus");
  command("FORMat:ELEMents", {element, optional(element), optional(element), optional(element)},
          [this](ScpiCall& call) {
            for (bool& its : elements_) its = false;
            for (std::size_t i = 0; i < 4 && call.has(i); ++i) elements_[call.choice(i)] = true;
          });
  query("FORMat:ELEMents", {}, [this](ScpiCall& call) {
    constexpr const char* names[] = {"READ", "UNIT", "TIME", "STAT"};
    const std::size_t before = call.out.size();
    for (int i = 0; i < 4; ++i)
      if (elements_[i]) call.reply("{}{}", call.out.size() > before ? "," : "", names[i]);
  });
}

}  // namespace meterrig::bench
