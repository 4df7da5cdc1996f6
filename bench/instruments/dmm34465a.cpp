#include "bench/instruments/dmm34465a.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "bench/instruments/probe.hpp"
#include "bench/instruments/scpi_numbers.hpp"
#include "bench/instruments/spread.hpp"

namespace meterrig::bench {
namespace {

using namespace scpi;

constexpr double overload_value = 9.9e37;
constexpr double line_period = 0.02;
constexpr std::array volt_ranges = {0.1, 1.0, 10.0, 100.0, 1000.0};
constexpr std::array nplc_values = {0.02, 0.06, 0.2, 1.0, 10.0, 100.0};  // standard and DIG option
constexpr ScpiRange nplc_range{0.02, 100, 10};
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

}  // namespace

Dmm34465a::Dmm34465a(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : ScpiDevice(clock, "Keysight Technologies,34465A," + serial + ",A.03.00-02.40-03.00-00.52-03-01", keysight()),
      path_(path),
      end_timer_(clock, [this] {
        update();
        history_.reset();
      }) {
  Spread spread(seed, serial);
  gain_error_ = spread.within(1e-5);
  offset_error_ = spread.within(1e-5);
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
  function_ = Function::voltage;
  statistics_on_ = false;
  binary_ = swapped_ = false;
  impedance_auto_ = false;
}

// What CONFigure sets back too.
void Dmm34465a::preset() {
  abort();
  series_.clear();
  autorange_ = true;
  range_ = 10;
  nplc_ = nplc_range.standard;
  aperture_s_ = 0;
  trigger_source_ = 0;
  trigger_count_ = sample_count_ = 1;
  trigger_delay_auto_ = true;
  trigger_delay_ = 0;
  sample_timer_ = false;
  sample_interval_ = timer_range.standard;
  autozero_ = true;
}

Instant Dmm34465a::operations_end() const {
  if (armed_) return Instant::max();
  return series_.running(now()) ? series_.end() : Instant::min();
}

Duration Dmm34465a::aperture() const { return seconds(aperture_s_ > 0 ? aperture_s_ : nplc_ * line_period); }

void Dmm34465a::initiate() {
  if (armed_ || series_.running(now())) throw ScpiError{-213};
  if (sample_timer_ && seconds(sample_interval_) < aperture()) throw ScpiError{-221};
  if (sample_count_ * trigger_count_ > 2'000'000) throw ScpiError{-222};
  series_.clear();
  if (trigger_source_ == 0) return start();
  armed_ = true;
}

void Dmm34465a::start() {
  armed_ = false;
  series_aperture_ = aperture();
  // Autozero measures its own zero after every reading.
  const Duration untimed = series_aperture_ * (autozero_ ? 2 : 1);
  series_interval_ = sample_timer_ ? seconds(sample_interval_) : untimed;
  series_start_ = now() + (trigger_delay_auto_ ? Duration::zero() : seconds(trigger_delay_));
  history_ = path_.retain_from(series_start_);
  series_.begin(
      series_start_, series_interval_, series_aperture_, sample_count_ * trigger_count_,
      [this](std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit) { sample(from, count, emit); });
  end_timer_.at(series_.end());
  wake();
}

void Dmm34465a::trigger() {
  if (!armed_ || trigger_source_ != 1) throw ScpiError{-211};
  start();
}

void Dmm34465a::abort() {
  if (series_.running(now())) series_.stop(now());
  armed_ = false;
  history_.reset();
  end_timer_.cancel();
  wake();
}

void Dmm34465a::update() {
  series_.update(now());
  // What has been read is not needed any more.
  if (history_ && series_.running(now()))
    history_ = path_.retain_from(series_start_ + series_interval_ * static_cast<std::int64_t>(series_.known()));
}

void Dmm34465a::sample(std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit) {
  if (function_ == Function::current) return emit(0.0, count);
  sample_voltage(path_.terminals(), series_start_ + series_interval_ * static_cast<std::int64_t>(from),
                 series_interval_, series_aperture_, count,
                 [&](double volts, std::uint64_t times) { emit(shown(volts), times); });
}

double Dmm34465a::range_for(double magnitude) const {
  if (!autorange_) return range_;
  for (const double range : volt_ranges)
    if (magnitude <= 1.2 * range) return range;
  return volt_ranges.back();
}

double Dmm34465a::shown(double volts) const {
  const double range = range_for(std::abs(volts));
  if (std::abs(volts) > 1.2 * range) return volts < 0 ? -overload_value : overload_value;
  return quantised(volts * reads_ * (1 + gain_error_) + offset_error_, range * 1e-6);
}

void Dmm34465a::configure(ScpiCall& call, Function function) {
  const bool volts = function == Function::voltage;
  const ScpiRange& limits = volts ? volt_range : ampere_range;
  const bool given = call.has(0) && call.values[0].special != ScpiValue::Special::standard;
  const double wanted = given ? call.number(0, limits) : 0;
  preset();
  function_ = function;
  autorange_ = !given;
  if (!volts) return;
  if (given) range_ = *std::find_if(volt_ranges.begin(), volt_ranges.end(), [&](double r) { return r >= wanted; });
  // The resolution asked for, as a part of the range, decides the integration time.
  if (!call.has(1) || call.values[1].special != ScpiValue::Special::none) return;
  const double digits = call.values[1].number / range_;
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
    const bool volts = function_ == Function::voltage;
    const double range = volts ? range_ : 1e-3;
    call.reply("\"{} {},{}\"", volts ? "VOLT" : "CURR", number(range), number(range * 1e-6));
  });
  const char* function = "[:SENSe]:FUNCtion[:ON]";
  command(function, {string()}, [this](ScpiCall& call) {
    const std::string_view name = call.values[0].text.substr(0, call.values[0].text.find(':'));
    if (scpi_word_matches(name, "VOLTage"))
      function_ = Function::voltage;
    else if (scpi_word_matches(name, "CURRent"))
      function_ = Function::current;
    else
      throw ScpiError{-224};
    series_.clear();
  });
  query(function, {}, [this](ScpiCall& call) { call.out += function_ == Function::voltage ? "\"VOLT\"" : "\"CURR\""; });
}

void Dmm34465a::declare_function(const std::string& name, Function which) {
  const std::string base = "[:SENSe]:" + name + "[:DC]";
  command(base + ":NPLC", {real()}, [this](ScpiCall& call) {
    const double wanted = call.number(0, nplc_range);
    // The next longer one of those it has.
    nplc_ = *std::find_if(nplc_values.begin(), nplc_values.end(), [&](double n) { return n >= wanted * (1 - 1e-9); });
    aperture_s_ = 0;
  });
  query(base + ":NPLC", {optional(real())},
        [this](ScpiCall& call) { call.out += number(call.limit_or(0, nplc_range, nplc_)); });
  command(base + ":APERture", {real("S")}, [this](ScpiCall& call) { aperture_s_ = call.number(0, aperture_range); });
  query(base + ":APERture", {optional(real("S"))},
        [this](ScpiCall& call) { call.out += number(call.limit_or(0, aperture_range, to_seconds(aperture()))); });
  command(base + ":APERture:ENABled", {boolean()},
          [this](ScpiCall& call) { aperture_s_ = call.on(0) ? to_seconds(aperture()) : 0; });
  query(base + ":APERture:ENABled", {}, [this](ScpiCall& call) { call.out += aperture_s_ > 0 ? '1' : '0'; });
  const bool volts = which == Function::voltage;
  command(base + ":RANGe[:UPPer]", {real(volts ? "V" : "A")}, [this, volts](ScpiCall& call) {
    const double wanted = call.number(0, volts ? volt_range : ampere_range);
    if (volts) range_ = *std::find_if(volt_ranges.begin(), volt_ranges.end(), [&](double r) { return r >= wanted; });
    autorange_ = false;
  });
  query(base + ":RANGe[:UPPer]", {}, [this](ScpiCall& call) { call.out += number(range_); });
  command(base + ":RANGe:AUTO", {choice("OFF|ON|ONCE|0|1")}, [this](ScpiCall& call) {
    autorange_ = call.choice(0) == 1 || call.choice(0) == 4;
    if (call.choice(0) == 2) range_ = range_for(std::abs(path_.terminals().at(now())));
  });
  query(base + ":RANGe:AUTO", {}, [this](ScpiCall& call) { call.out += autorange_ ? '1' : '0'; });
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
  query("TRIGger:DELay", {}, [this](ScpiCall& call) { call.out += number(trigger_delay_); });
  command("TRIGger:DELay:AUTO", {boolean()}, [this](ScpiCall& call) { trigger_delay_auto_ = call.on(0); });
  query("TRIGger:DELay:AUTO", {}, [this](ScpiCall& call) { call.out += trigger_delay_auto_ ? '1' : '0'; });
  command("SAMPle:SOURce", {choice("IMMediate|TIMer")},
          [this](ScpiCall& call) { sample_timer_ = call.choice(0) == 1; });
  query("SAMPle:SOURce", {}, [this](ScpiCall& call) { call.out += sample_timer_ ? "TIM" : "IMM"; });
  command("SAMPle:TIMer", {real("S")}, [this](ScpiCall& call) { sample_interval_ = call.number(0, timer_range); });
  query("SAMPle:TIMer", {optional(real("S"))},
        [this](ScpiCall& call) { call.out += number(call.limit_or(0, timer_range, sample_interval_)); });
  command("INITiate[:IMMediate]", {}, [this](ScpiCall&) { initiate(); });
  command("ABORt", {}, [this](ScpiCall&) { abort(); });
}

bool Dmm34465a::waits(ScpiCall& call, std::uint64_t readings) {
  if (armed_) {
    call.wait(Instant::max());
    return true;
  }
  update();
  if (!series_.running(now()) || series_.known() >= readings) return false;
  call.wait(series_.reading_end(readings - 1));
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
  if (waits(call, sample_count_ * trigger_count_)) return;
  reply_values(call, series_.take(series_.available(), false));
}

void Dmm34465a::declare_readings() {
  query("READ", {}, [this](ScpiCall& call) { read(call); });
  query("FETCh", {}, [this](ScpiCall& call) {
    if (waits(call, sample_count_ * trigger_count_)) return;
    if (series_.available() == 0) throw ScpiError{-230};
    reply_values(call, series_.take(series_.available(), false));
  });
  // Reads and removes, also while measuring: the answer is a block even in ASCII, empty as #10.
  query("R", {optional(integer())}, [this](ScpiCall& call) {
    update();
    const auto most = call.has(0) ? static_cast<std::uint64_t>(call.number(0, count_range)) : series_.available();
    const std::vector<double> values = series_.take(most, true);
    if (binary_) return reply_values(call, values);
    std::string text;
    append_readings(text, values);
    const std::string length = std::to_string(text.size());
    call.reply("#{}{}{}", length.size(), length, text);
  });
  query("DATA:REMove", {integer(), optional(choice("WAIT"))}, [this](ScpiCall& call) {
    const auto wanted = static_cast<std::uint64_t>(call.number(0, count_range));
    if (call.has(1) && waits(call, series_.removed() + wanted)) return;
    update();
    if (series_.available() < wanted) throw ScpiError{-230};
    reply_values(call, series_.take(wanted, true));
  });
  query("DATA:POINts", {}, [this](ScpiCall& call) {
    update();
    call.reply("+{}", series_.available());
  });
  query("DATA:LAST", {}, [this](ScpiCall& call) {
    update();
    if (series_.known() == 0) {
      call.out += "+9.91000000E+37";
      return;
    }
    call.reply("{:+.8E} {}", series_.last(), function_ == Function::voltage ? "VDC" : "ADC");
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
    ReadingStatistics& statistics = series_.statistics();
    call.out += number(statistics_on_ && statistics.count > 0 ? get(statistics) : 9.91e37);
  });
}

void Dmm34465a::declare_statistics() {
  command("CALCulate:AVERage[:STATe]", {boolean()}, [this](ScpiCall& call) {
    statistics_on_ = call.on(0);
    update();
    series_.statistics() = {};
  });
  query("CALCulate:AVERage[:STATe]", {}, [this](ScpiCall& call) { call.out += statistics_on_ ? '1' : '0'; });
  command("CALCulate:AVERage:CLEar[:IMMediate]", {}, [this](ScpiCall&) {
    update();
    series_.statistics() = {};
  });
  statistic("CALCulate:AVERage:AVERage", [](ReadingStatistics& s) { return s.mean(); });
  statistic("CALCulate:AVERage:MINimum", [](ReadingStatistics& s) { return s.minimum; });
  statistic("CALCulate:AVERage:MAXimum", [](ReadingStatistics& s) { return s.maximum; });
  statistic("CALCulate:AVERage:SDEViation", [](ReadingStatistics& s) { return s.deviation(); });
  statistic("CALCulate:AVERage:PTPeak", [](ReadingStatistics& s) { return s.maximum - s.minimum; });
  query("CALCulate:AVERage:COUNt", {}, [this](ScpiCall& call) {
    update();
    call.out += number(statistics_on_ ? static_cast<double>(series_.statistics().count) : 0);
  });
  query("CALCulate:AVERage:ALL", {}, [this](ScpiCall& call) {
    update();
    ReadingStatistics& s = series_.statistics();
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
