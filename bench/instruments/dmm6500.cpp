#include "bench/instruments/dmm6500.hpp"

#include <algorithm>
#include <array>

namespace meterrig::bench {
namespace {

using namespace scpi;

constexpr ScpiRange nplc_range{0.0005, 12, 1};  // 50 Hz
constexpr ScpiRange volt_range{-1000, 1000, 1000};
constexpr ScpiRange ampere_range{-10, 10, 3};
constexpr ScpiRange count_range{1, 7e6, 1};
constexpr ScpiRange points_range{10, 7e6, 100'000};
constexpr ScpiRange rate_range{1000, 1e6, 1000};
constexpr ScpiRange aperture_range{1e-6, 1e-3, 1e-3};
constexpr ScpiRange delay_range{0, 10'000, 0};
constexpr ScpiRange index_range{1, 7e6, 1};
constexpr std::array languages = {"SCPI", "TSP", "SCPI2000", "SCPI34401"};

// Ranges and burden: DMM6500 data sheet; 10 A is on the rear terminals only.
DmmModel model() {
  return {{{0.1, 1.2, 1e-7}, {1, 1.2, 1e-6}, {10, 1.2, 1e-5}, {100, 1.2, 1e-4}, {1000, 1.01, 1e-3}},
          {{10e-6, 1.2, 1e-11, 1400},
           {100e-6, 1.2, 1e-10, 1400},
           {1e-3, 1.2, 1e-9, 170},
           {10e-3, 1.2, 1e-8, 17},
           {0.1, 1.2, 1e-7, 2},
           {1, 1.2, 1e-6, 0.5},
           {3, 1.01, 1e-6, 0.4}}};
}

ScpiDialect keithley() {
  ScpiDialect dialect;
  dialect.no_error = "0,\"No error;0;0 0\"";
  dialect.error_detail = false;
  return dialect;
}

std::string keithley_number(double value) { return fmt::format("{:.8E}", value); }

}  // namespace

Dmm6500::Dmm6500(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : Dmm(clock, path, "KEITHLEY INSTRUMENTS,MODEL DMM6500," + serial + ",1.7.12b", keithley(), model(), serial, seed) {
  declare_language();
  declare_measure("VOLTage", Function::voltage);
  declare_measure("CURRent", Function::current);
  declare_digitise("VOLTage", Function::voltage);
  declare_digitise("CURRent", Function::current);
  declare_functions();
  declare_readings();
  declare_buffer();
  declare_statistics();
  reset();
}

void Dmm6500::reset() {
  abort_series();
  setting(Function::voltage) = {true, 4};
  setting(Function::current) = {true, 6};
  select(Function::voltage);
  digitising_ = false;
  nplc_ = 1;
  autozero_ = true;
  count_ = digitise_count_ = loops_ = 1;
  rate_ = rate_range.standard;
  digitise_aperture_s_ = 0;
  capacity_ = 100'000;
  loop_delay_ = {};
}

void Dmm6500::suffer(DmmTrouble trouble) {
  Dmm::suffer(trouble);
  if (trouble == DmmTrouble::wrong_language) language_ = next_language_ = "TSP";
}

ScpiDevice::Handler Dmm6500::scpi(Handler handler) {
  return [this, own = std::move(handler)](ScpiCall& call) {
    if (language_ != "SCPI") throw ScpiError{-113};
    own(call);
  };
}

void Dmm6500::declare_language() {
  query("*LANG", {}, [this](ScpiCall& call) { call.out += language_; });
  command("*LANG", {choice("SCPI|TSP|SCPI2000|SCPI34401")},
          [this](ScpiCall& call) { next_language_ = languages[static_cast<std::size_t>(call.choice(0))]; });
}

void Dmm6500::declare_measure(const std::string& name, Function which) {
  const ScpiRange& limits = which == Function::voltage ? volt_range : ampere_range;
  const char* unit = which == Function::voltage ? "V" : "A";
  const std::string base = "[:SENSe]:" + name + "[:DC]";
  command(base + ":RANGe[:UPPer]", {real(unit)},
          scpi([this, which, limits](ScpiCall& call) { fix_range(which, std::abs(call.number(0, limits))); }));
  query(base + ":RANGe[:UPPer]", {},
        scpi([this, which](ScpiCall& call) { call.out += keithley_number(full_scale(which)); }));
  command(base + ":RANGe:AUTO", {boolean()}, scpi([this, which](ScpiCall& call) { autorange(which, call.on(0)); }));
  query(base + ":RANGe:AUTO", {},
        scpi([this, which](ScpiCall& call) { call.out += setting(which).autorange ? '1' : '0'; }));
  command(base + ":NPLCycles", {real()}, scpi([this](ScpiCall& call) { nplc_ = call.number(0, nplc_range); }));
  query(base + ":NPLCycles", {}, scpi([this](ScpiCall& call) { call.reply("{:g}", nplc_); }));
  command(base + ":AZERo[:STATe]", {boolean()}, scpi([this](ScpiCall& call) { autozero_ = call.on(0); }));
  query(base + ":AZERo[:STATe]", {}, scpi([this](ScpiCall& call) { call.out += autozero_ ? '1' : '0'; }));
}

void Dmm6500::declare_digitise(const std::string& name, Function which) {
  const ScpiRange& limits = which == Function::voltage ? volt_range : ampere_range;
  const std::string base = "[:SENSe]:DIGitize:" + name;
  command(base + ":RANGe[:UPPer]", {real(which == Function::voltage ? "V" : "A")},
          scpi([this, which, limits](ScpiCall& call) { fix_range(which, std::abs(call.number(0, limits))); }));
  query(base + ":RANGe[:UPPer]", {},
        scpi([this, which](ScpiCall& call) { call.out += keithley_number(full_scale(which)); }));
  command(base + ":SRATe", {integer()}, scpi([this](ScpiCall& call) { rate_ = call.number(0, rate_range); }));
  query(base + ":SRATe", {}, scpi([this](ScpiCall& call) { call.reply("{:g}", rate_); }));
  command(base + ":APERture", {real("S")},
          scpi([this](ScpiCall& call) { digitise_aperture_s_ = call.number(0, aperture_range); }));
  query(base + ":APERture", {}, scpi([this](ScpiCall& call) {
          call.out += keithley_number(digitise_aperture_s_ > 0 ? digitise_aperture_s_ : 1 / rate_);
        }));
}

void Dmm6500::declare_functions() {
  const auto take = [this](bool digitise) {
    return scpi([this, digitise](ScpiCall& call) {
      const std::string_view name = call.values[0].text;
      const std::string_view head = name.substr(0, name.find(':'));
      const bool volts = scpi_word_matches(head, "VOLTage");
      if (!volts && !scpi_word_matches(head, "CURRent")) throw ScpiError{-224};
      abort_series();
      digitising_ = digitise;
      select(volts ? Function::voltage : Function::current);
    });
  };
  const auto tell = [this](bool digitise) {
    return scpi([this, digitise](ScpiCall& call) {
      const char* name = function() == Function::voltage ? "VOLT" : "CURR";
      call.reply("\"{}{}\"", digitise != digitising_ ? "NONE" : name, digitise || digitise != digitising_ ? "" : ":DC");
    });
  };
  command("[:SENSe]:FUNCtion[:ON]", {string()}, take(false));
  query("[:SENSe]:FUNCtion[:ON]", {}, tell(false));
  command("[:SENSe]:DIGitize:FUNCtion[:ON]", {string()}, take(true));
  query("[:SENSe]:DIGitize:FUNCtion[:ON]", {}, tell(true));
  const auto count = [this](const char* header, std::uint64_t Dmm6500::*member) {
    command(header, {integer()}, scpi([this, member](ScpiCall& call) {
              this->*member = static_cast<std::uint64_t>(call.number(0, count_range));
            }));
    query(header, {}, scpi([this, member](ScpiCall& call) { call.reply("{}", this->*member); }));
  };
  count("[:SENSe]:COUNt", &Dmm6500::count_);
  count("[:SENSe]:DIGitize:COUNt", &Dmm6500::digitise_count_);
  command("[:SENSe]:AZERo:ONCE", {}, scpi([](ScpiCall&) {}));
}

void Dmm6500::start(std::uint64_t loops, Duration delay) {
  if (running()) throw ScpiError{-213};
  const std::uint64_t readings = loops * (digitising_ ? digitise_count_ : count_);
  if (readings > capacity_) throw ScpiError{-223};
  if (digitising_) {
    const Duration interval = seconds(1 / rate_);
    const Duration aperture = digitise_aperture_s_ > 0 ? seconds(digitise_aperture_s_) : interval;
    if (aperture > interval) throw ScpiError{-221};
    return begin(readings, interval, aperture, delay);
  }
  const Duration aperture = seconds(nplc_ * line_period);
  begin(readings, aperture * (autozero_ ? 2 : 1), aperture, delay);
}

void Dmm6500::declare_readings() {
  query("READ", {optional(string())}, scpi([this](ScpiCall& call) {
          expect_buffer(call, 0);
          if (digitising_) throw ScpiError{-221};
          if (!call.resumed) start(1, {});
          if (waits(call, count_)) return;
          call.out += keithley_number(series().last());
        }));
  query("FETCh", {optional(string())}, scpi([this](ScpiCall& call) {
          expect_buffer(call, 0);
          update();
          call.out += keithley_number(series().known() == 0 ? no_reading_value : series().last());
        }));
  command("TRIGger:LOAD", {string(), integer(), optional(real("S")), optional(string())}, scpi([this](ScpiCall& call) {
            if (call.values[0].text != "SimpleLoop") throw ScpiError{-224};
            expect_buffer(call, 3);
            loops_ = static_cast<std::uint64_t>(call.number(1, count_range));
            loop_delay_ = call.has(2) ? seconds(call.number(2, delay_range)) : Duration::zero();
          }));
  command("INITiate[:IMMediate]", {}, scpi([this](ScpiCall&) { start(loops_, loop_delay_); }));
  command("ABORt", {}, scpi([this](ScpiCall&) { abort_series(); }));
  query("TRIGger:STATe", {},
        scpi([this](ScpiCall& call) { call.out += running() ? "RUNNING;RUNNING;3" : "IDLE;IDLE;6"; }));
  query("ROUTe:TERMinals", {}, scpi([](ScpiCall& call) { call.out += "FRON"; }));
}

void Dmm6500::expect_buffer(const ScpiCall& call, std::size_t i) {
  if (call.has(i) && call.values[i].text != "defbuffer1") throw ScpiError{-224};
}

void Dmm6500::declare_buffer() {
  command("TRACe:POINts", {integer(), optional(string())}, scpi([this](ScpiCall& call) {
            expect_buffer(call, 1);
            capacity_ = static_cast<std::uint64_t>(call.number(0, points_range));
            abort_series();
            series().clear();
          }));
  query("TRACe:POINts", {optional(string())}, scpi([this](ScpiCall& call) { call.reply("{}", capacity_); }));
  command("TRACe:CLEar", {optional(string())}, scpi([this](ScpiCall& call) {
            expect_buffer(call, 0);
            abort_series();
            series().clear();
          }));
  query("TRACe:ACTual", {optional(string())}, scpi([this](ScpiCall& call) {
          expect_buffer(call, 0);
          update();
          call.reply("{}", series().known());
        }));
  query("TRACe:DATA", {integer(), integer(), optional(string()), optional(choice("READing"))},
        scpi([this](ScpiCall& call) {
          expect_buffer(call, 2);
          update();
          const auto first = static_cast<std::uint64_t>(call.number(0, index_range));
          const auto last = static_cast<std::uint64_t>(call.number(1, index_range));
          if (first > last || last > series().known()) throw ScpiError{-222};
          const std::vector<double> all = series().take(last, false);
          for (std::uint64_t i = first; i <= last; ++i)
            call.reply("{}{:.8E}", i > first ? "," : "", all[static_cast<std::size_t>(i - 1)]);
        }));
}

void Dmm6500::declare_statistics() {
  const auto statistic = [this](const char* header, double (*get)(ReadingStatistics&)) {
    query(header, {optional(string())}, scpi([this, get](ScpiCall& call) {
            expect_buffer(call, 0);
            update();
            ReadingStatistics& s = series().statistics();
            call.out += keithley_number(s.count > 0 ? get(s) : no_reading_value);
          }));
  };
  statistic("TRACe:STATistics:AVERage", [](ReadingStatistics& s) { return s.mean(); });
  statistic("TRACe:STATistics:MINimum", [](ReadingStatistics& s) { return s.minimum; });
  statistic("TRACe:STATistics:MAXimum", [](ReadingStatistics& s) { return s.maximum; });
  statistic("TRACe:STATistics:STDDev", [](ReadingStatistics& s) { return s.deviation(); });
}

}  // namespace meterrig::bench
