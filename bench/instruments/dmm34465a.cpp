#include "bench/instruments/dmm34465a.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "bench/instruments/scpi_numbers.hpp"

namespace meterrig::bench {
namespace {

using namespace scpi;

constexpr ScpiRange aperture_range{20e-6, 1, 0.1};
constexpr ScpiRange volt_range{0, 1000, 10};
constexpr ScpiRange ampere_range{0, 3, 1};
constexpr ScpiRange count_range{1, 1e6, 1};
constexpr ScpiRange timer_range{20e-6, 3600, 1};
constexpr ScpiRange delay_range{0, 3600, 1};

ScpiDialect keysight() {
  ScpiDialect dialect;
  dialect.no_error = "+0,\"No error\"";
  dialect.signed_zero = true;
  dialect.error_detail = false;
  return dialect;
}

// Shunts of the current ranges: Keysight data sheet 5991-1983EN, burden voltage over range.
DmmModel model() {
  return {{{0.1, 1.2, 1e-7}, {1, 1.2, 1e-6}, {10, 1.2, 1e-5}, {100, 1.2, 1e-4}, {1000, 1.2, 1e-3}},
          {{100e-6, 1.2, 1e-10, 1000},
           {1e-3, 1.2, 1e-9, 100},
           {10e-3, 1.2, 1e-8, 10},
           {0.1, 1.2, 1e-7, 2},
           {1, 1.2, 1e-6, 0.1},
           {3, 1.2, 1e-6, 0.1}}};
}

}  // namespace

Dmm34465a::Dmm34465a(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : Dmm34465a(clock, path, serial, seed,
                {.identity = "Keysight Technologies,34465A," + serial + ",A.03.00-02.40-03.00-00.52-03-01",
                 .dialect = keysight(),
                 .model = model(),
                 .nplc = {0.02, 0.06, 0.2, 1.0, 10.0, 100.0}}) {}

Dmm34465a::Dmm34465a(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed, Variant variant)
    : Dmm(clock, path, std::move(variant.identity), std::move(variant.dialect), std::move(variant.model), serial, seed),
      digitises_(variant.digitises),
      settles_(variant.settles),
      nplc_values_(std::move(variant.nplc)),
      nplc_range_{nplc_values_.front(), nplc_values_.back(), 10} {
  declare_configuration();
  declare_function("VOLTage", Function::voltage);
  declare_function("CURRent", Function::current);
  declare_trigger();
  declare_readings();
  declare_statistics();
  declare_system();
  reset();
}

void Dmm34465a::reset() {
  preset();
  select(Function::voltage);
  statistics_on_ = false;
  binary_ = swapped_ = false;
  impedance_auto_ = false;
}

// What CONFigure sets back too.
void Dmm34465a::preset() {
  abort();
  series().clear();
  setting(Function::voltage) = {true, 2};
  setting(Function::current) = {true, 1};
  nplc_ = nplc_range_.standard;
  aperture_s_ = 0;
  trigger_source_ = 0;
  trigger_count_ = sample_count_ = 1;
  trigger_delay_auto_ = true;
  trigger_delay_ = 0;
  sample_timer_ = false;
  sample_interval_ = timer_range.standard;
  autozero_ = true;
  unsettled_ = true;
}

Instant Dmm34465a::operations_end() const {
  if (armed_) return Instant::max();
  return running() ? series_end() : Instant::min();
}

Duration Dmm34465a::aperture() const { return seconds(aperture_s_ > 0 ? aperture_s_ : nplc_ * line_period); }

void Dmm34465a::initiate() {
  if (armed_ || running()) throw ScpiError{-213};
  if (sample_timer_ && seconds(sample_interval_) < aperture()) throw ScpiError{-221};
  if (sample_count_ * trigger_count_ > 2'000'000) throw ScpiError{-222};
  series().clear();
  if (trigger_source_ == 0) return start();
  armed_ = true;
}

void Dmm34465a::start() {
  armed_ = false;
  const Duration settling = std::exchange(unsettled_, false) ? settles_ : Duration::zero();
  // Autozero measures its own zero after every reading.
  const Duration untimed = aperture() * (autozero_ ? 2 : 1);
  begin(sample_count_ * trigger_count_, sample_timer_ ? seconds(sample_interval_) : untimed, aperture(),
        settling + (trigger_delay_auto_ ? Duration::zero() : seconds(trigger_delay_)));
}

void Dmm34465a::trigger() {
  if (!armed_ || trigger_source_ != 1) throw ScpiError{-211};
  start();
}

void Dmm34465a::abort() {
  armed_ = false;
  abort_series();
}

void Dmm34465a::configure(ScpiCall& call, Function function) {
  const bool volts = function == Function::voltage;
  const ScpiRange& limits = volts ? volt_range : ampere_range;
  const bool given = call.has(0) && call.values[0].special != ScpiValue::Special::standard;
  const double wanted = given ? call.number(0, limits) : 0;
  preset();
  select(function);
  if (given) fix_range(function, wanted);
  // The resolution asked for, as a part of the range, decides the integration time.
  if (!call.has(1) || call.values[1].special != ScpiValue::Special::none) return;
  const double digits = call.values[1].number / full_scale(function);
  nplc_ = digits >= 1e-5 ? 0.2 : digits >= 3e-6 ? 1 : digits >= 1e-6 ? 10 : 100;
}

void Dmm34465a::declare_configuration() {
  for (const auto& [name, function] :
       {std::pair{std::string("VOLTage"), Function::voltage}, std::pair{std::string("CURRent"), Function::current}}) {
    const char* unit = function == Function::voltage ? "V" : "A";
    command("CONFigure:" + name + "[:DC]", {optional(real(unit)), optional(real(unit))},
            [this, which = function](ScpiCall& call) { configure(call, which); });
    query("MEASure:" + name + "[:DC]", {optional(real(unit)), optional(real(unit))},
          [this, which = function](ScpiCall& call) {
            if (!call.resumed) configure(call, which);
            read(call);
          });
  }
  query("CONFigure", {}, [this](ScpiCall& call) {
    const double range = ranges(function())[setting(function()).range].full;
    call.reply("\"{} {},{}\"", function() == Function::voltage ? "VOLT" : "CURR", nr3(range), nr3(range * 1e-6));
  });
  const char* header = "[:SENSe]:FUNCtion[:ON]";
  command(header, {string()}, [this](ScpiCall& call) {
    const std::string_view name = call.values[0].text.substr(0, call.values[0].text.find(':'));
    if (scpi_word_matches(name, "VOLTage"))
      select(Function::voltage);
    else if (scpi_word_matches(name, "CURRent"))
      select(Function::current);
    else
      throw ScpiError{-224};
  });
  query(header, {}, [this](ScpiCall& call) { call.out += function() == Function::voltage ? "\"VOLT\"" : "\"CURR\""; });
}

void Dmm34465a::declare_function(const std::string& name, Function which) {
  const std::string base = "[:SENSe]:" + name + "[:DC]";
  command(base + ":NPLC", {real()}, [this](ScpiCall& call) {
    const double wanted = call.number(0, nplc_range_);
    // The next longer one of those it has.
    nplc_ = *std::find_if(nplc_values_.begin(), nplc_values_.end(), [&](double n) { return n >= wanted * (1 - 1e-9); });
    aperture_s_ = 0;
  });
  query(base + ":NPLC", {optional(real())},
        [this](ScpiCall& call) { call.out += nr3(call.limit_or(0, nplc_range_, nplc_)); });
  if (!digitises_) return declare_range(base, which);
  command(base + ":APERture", {real("S")}, [this](ScpiCall& call) { aperture_s_ = call.number(0, aperture_range); });
  query(base + ":APERture", {optional(real("S"))},
        [this](ScpiCall& call) { call.out += nr3(call.limit_or(0, aperture_range, to_seconds(aperture()))); });
  command(base + ":APERture:ENABled", {boolean()},
          [this](ScpiCall& call) { aperture_s_ = call.on(0) ? to_seconds(aperture()) : 0; });
  query(base + ":APERture:ENABled", {}, [this](ScpiCall& call) { call.out += aperture_s_ > 0 ? '1' : '0'; });
  declare_range(base, which);
}

void Dmm34465a::declare_range(const std::string& base, Function which) {
  const bool volts = which == Function::voltage;
  command(base + ":RANGe[:UPPer]", {real(volts ? "V" : "A")}, [this, which](ScpiCall& call) {
    fix_range(which, call.number(0, which == Function::voltage ? volt_range : ampere_range));
  });
  query(base + ":RANGe[:UPPer]", {}, [this, which](ScpiCall& call) { call.out += nr3(full_scale(which)); });
  command(base + ":RANGe:AUTO", {choice("OFF|ON|ONCE|0|1")}, [this, which](ScpiCall& call) {
    if (call.choice(0) != 2) return autorange(which, call.choice(0) == 1 || call.choice(0) == 4);
    autorange(which, true);
    fix_range(which, full_scale(which));
  });
  query(base + ":RANGe:AUTO", {}, [this, which](ScpiCall& call) { call.out += setting(which).autorange ? '1' : '0'; });
  command(base + ":ZERO:AUTO", {choice("OFF|ON|ONCE|0|1")},
          [this](ScpiCall& call) { autozero_ = call.choice(0) == 1 || call.choice(0) == 4; });
  query(base + ":ZERO:AUTO", {}, [this](ScpiCall& call) { call.out += autozero_ ? '1' : '0'; });
  if (!volts) return;
  command(base + ":IMPedance:AUTO", {boolean()}, [this](ScpiCall& call) { impedance_auto_ = call.on(0); });
  query(base + ":IMPedance:AUTO", {}, [this](ScpiCall& call) { call.out += impedance_auto_ ? '1' : '0'; });
}

void Dmm34465a::declare_trigger() {
  static constexpr std::array sources = {"IMM", "BUS", "EXT", "INT"};
  command("TRIGger:SOURce", {choice("IMMediate|BUS|EXTernal|INTernal")},
          [this](ScpiCall& call) { trigger_source_ = call.choice(0); });
  query("TRIGger:SOURce", {},
        [this](ScpiCall& call) { call.out += sources[static_cast<std::size_t>(trigger_source_)]; });
  const auto count = [this](const char* header, std::uint64_t Dmm34465a::*member) {
    command(header, {integer()}, [this, member](ScpiCall& call) {
      this->*member = static_cast<std::uint64_t>(call.number(0, count_range));
    });
    query(header, {optional(integer())}, [this, member](ScpiCall& call) {
      call.reply("{:+.8E}", call.limit_or(0, count_range, static_cast<double>(this->*member)));
    });
  };
  count("TRIGger:COUNt", &Dmm34465a::trigger_count_);
  count("SAMPle:COUNt", &Dmm34465a::sample_count_);
  command("TRIGger:DELay", {real("S")}, [this](ScpiCall& call) {
    trigger_delay_ = call.number(0, delay_range);
    trigger_delay_auto_ = false;
  });
  query("TRIGger:DELay", {}, [this](ScpiCall& call) { call.out += nr3(trigger_delay_); });
  command("TRIGger:DELay:AUTO", {boolean()}, [this](ScpiCall& call) { trigger_delay_auto_ = call.on(0); });
  query("TRIGger:DELay:AUTO", {}, [this](ScpiCall& call) { call.out += trigger_delay_auto_ ? '1' : '0'; });
  if (digitises_) declare_timer();
  command("INITiate[:IMMediate]", {}, [this](ScpiCall&) { initiate(); });
  command("ABORt", {}, [this](ScpiCall&) { abort(); });
}

void Dmm34465a::declare_timer() {
  command("SAMPle:SOURce", {choice("IMMediate|TIMer")},
          [this](ScpiCall& call) { sample_timer_ = call.choice(0) == 1; });
  query("SAMPle:SOURce", {}, [this](ScpiCall& call) { call.out += sample_timer_ ? "TIM" : "IMM"; });
  command("SAMPle:TIMer", {real("S")}, [this](ScpiCall& call) { sample_interval_ = call.number(0, timer_range); });
  query("SAMPle:TIMer", {optional(real("S"))},
        [this](ScpiCall& call) { call.out += nr3(call.limit_or(0, timer_range, sample_interval_)); });
}

bool Dmm34465a::waits_for_all(ScpiCall& call) {
  if (!armed_) return waits(call, sample_count_ * trigger_count_);
  call.wait(Instant::max());
  return true;
}

void Dmm34465a::reply_values(ScpiCall& call, const std::vector<double>& values) const {
  if (binary_)
    append_block<double>(call.out, values, swapped_);
  else
    append_readings(call.out, values);
}

void Dmm34465a::read(ScpiCall& call) {
  if (!call.resumed) {
    if (trigger_source_ == 1) throw ScpiError{-214};
    initiate();
  }
  if (waits_for_all(call)) return;
  reply_values(call, series().take(series().available(), false));
}

void Dmm34465a::declare_readings() {
  query("READ", {}, [this](ScpiCall& call) { read(call); });
  query("FETCh", {}, [this](ScpiCall& call) {
    if (waits_for_all(call)) return;
    if (series().available() == 0) throw ScpiError{-230};
    reply_values(call, series().take(series().available(), false));
  });
  // Reads and removes, also while measuring: the answer is a block even in ASCII, empty as #10.
  query("R", {optional(integer())}, [this](ScpiCall& call) {
    update();
    const auto most = call.has(0) ? static_cast<std::uint64_t>(call.number(0, count_range)) : series().available();
    const std::vector<double> values = series().take(most, true);
    if (binary_) return reply_values(call, values);
    std::string text;
    append_readings(text, values);
    const std::string length = std::to_string(text.size());
    call.reply("#{}{}{}", length.size(), length, text);
  });
  query("DATA:REMove", {integer(), optional(choice("WAIT"))}, [this](ScpiCall& call) {
    const auto wanted = static_cast<std::uint64_t>(call.number(0, count_range));
    if (call.has(1) && waits(call, series().removed() + wanted)) return;
    update();
    if (series().available() < wanted) throw ScpiError{-230};
    reply_values(call, series().take(wanted, true));
  });
  query("DATA:POINts", {}, [this](ScpiCall& call) {
    update();
    call.reply("+{}", series().available());
  });
  query("DATA:LAST", {}, [this](ScpiCall& call) {
    update();
    if (series().known() == 0) {
      call.out += "+9.91000000E+37";
      return;
    }
    call.reply("{:+.8E} {}", series().last(), function() == Function::voltage ? "VDC" : "ADC");
  });
  command("FORMat[:DATA]", {choice("ASCii|REAL"), optional(choice("64"))},
          [this](ScpiCall& call) { binary_ = call.choice(0) == 1; });
  query("FORMat[:DATA]", {}, [this](ScpiCall& call) { call.out += binary_ ? "REAL,64" : "ASC,9"; });
  command("FORMat:BORDer", {choice("NORMal|SWAPped")}, [this](ScpiCall& call) { swapped_ = call.choice(0) == 1; });
  query("FORMat:BORDer", {}, [this](ScpiCall& call) { call.out += swapped_ ? "SWAP" : "NORM"; });
}

void Dmm34465a::statistic(const char* header, double (*get)(ReadingStatistics&)) {
  query(header, {}, [this, get](ScpiCall& call) {
    update();
    ReadingStatistics& statistics = series().statistics();
    call.out += nr3(statistics_on_ && statistics.count > 0 ? get(statistics) : 9.91e37);
  });
}

void Dmm34465a::declare_statistics() {
  command("CALCulate:AVERage[:STATe]", {boolean()}, [this](ScpiCall& call) {
    statistics_on_ = call.on(0);
    update();
    series().statistics() = {};
  });
  query("CALCulate:AVERage[:STATe]", {}, [this](ScpiCall& call) { call.out += statistics_on_ ? '1' : '0'; });
  command("CALCulate:AVERage:CLEar[:IMMediate]", {}, [this](ScpiCall&) {
    update();
    series().statistics() = {};
  });
  statistic("CALCulate:AVERage:AVERage", [](ReadingStatistics& s) { return s.mean(); });
  statistic("CALCulate:AVERage:MINimum", [](ReadingStatistics& s) { return s.minimum; });
  statistic("CALCulate:AVERage:MAXimum", [](ReadingStatistics& s) { return s.maximum; });
  statistic("CALCulate:AVERage:SDEViation", [](ReadingStatistics& s) { return s.deviation(); });
  statistic("CALCulate:AVERage:PTPeak", [](ReadingStatistics& s) { return s.maximum - s.minimum; });
  query("CALCulate:AVERage:COUNt", {}, [this](ScpiCall& call) {
    update();
    call.out += nr3(statistics_on_ ? static_cast<double>(series().statistics().count) : 0);
  });
  query("CALCulate:AVERage:ALL", {}, [this](ScpiCall& call) {
    update();
    ReadingStatistics& s = series().statistics();
    if (!statistics_on_ || s.count == 0) throw ScpiError{-230};
    call.reply("{:+.8E},{:+.8E},{:+.8E},{:+.8E}", s.mean(), s.deviation(), s.minimum, s.maximum);
  });
}

void Dmm34465a::declare_system() {
  accept("SYSTem:LOCal");
  accept("SYSTem:REMote");
  accept("SYSTem:BEEPer[:IMMediate]");
  query("SYSTem:LFRequency", {}, [](ScpiCall& call) { call.out += "+50"; });
  query("SYSTem:LICense:CATalog", {}, [](ScpiCall& call) { call.out += "\"DIG\",\"MEM\""; });
  query("ROUTe:TERMinals", {}, [](ScpiCall& call) { call.out += "FRON"; });
  accept("STATus:PRESet");
}

}  // namespace meterrig::bench
