#include "bench/instruments/dm3068.hpp"

#include <array>

namespace meterrig::bench {
namespace {

using namespace scpi;

constexpr std::array languages = {"RIGOL", "AGILENT", "FLUKE"};
constexpr std::array rates = {"S", "M", "F"};
constexpr std::array<Duration, 3> conversions = {400ms, 50ms, 20ms};
constexpr ScpiRange index_range{0, 4, 2};
constexpr ScpiRange ampere_index_range{0, 5, 2};

// DM3068 performance verification guide, tables 2-1 and 2-2: ranges and digits.
DmmModel model() {
  return {{{0.2, 1.1, 1e-7}, {2, 1.1, 1e-6}, {20, 1.1, 1e-5}, {200, 1.1, 1e-4}, {1000, 1, 1e-3}},
          {{200e-6, 1.1, 1e-10, 100},
           {2e-3, 1.1, 1e-9, 10},
           {20e-3, 1.1, 1e-8, 10},
           {0.2, 1.1, 1e-7, 1},
           {2, 1.1, 1e-6, 0.1},
           {10, 1, 1e-5, 0.01}}};
}

ScpiDialect rigol() {
  ScpiDialect dialect;
  dialect.error_detail = false;
  return dialect;
}

}  // namespace

Dm3068::Dm3068(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : Dmm(clock, path, "Rigol Technologies,DM3068," + serial + ",01.01.00.01.11.00", rigol(), model(), serial, seed) {
  command("CMDSet", {choice("RIGOL|AGILENT|FLUKE")},
          [this](ScpiCall& call) { language_ = static_cast<Language>(call.choice(0)); });
  query("CMDSet", {}, [this](ScpiCall& call) { call.out += languages[static_cast<std::size_t>(language_)]; });
  query("FUNCtion", {}, [this](ScpiCall& call) {
    expect_own_language();
    call.out += function() == Function::voltage ? "DCV" : "DCI";
  });
  command("MEASure", {choice("AUTO|MANU")}, [this](ScpiCall& call) {
    expect_own_language();
    if (call.choice(0) == 0) autorange(function(), true);
  });
  query("MEASure", {}, [this](ScpiCall& call) {
    expect_own_language();
    call.out += running() ? "FALSE" : "TRUE";
  });
  declare_function("VOLTage", Function::voltage);
  declare_function("CURRent", Function::current);
  reset();
}

void Dm3068::reset() {
  abort_series();
  setting(Function::voltage) = {true, 2};
  setting(Function::current) = {true, 2};
  rate_ = 0;
  select(Function::voltage);
}

void Dm3068::suffer(DmmTrouble trouble) {
  Dmm::suffer(trouble);
  if (trouble == DmmTrouble::wrong_language) language_ = Language::agilent;
}

void Dm3068::expect_own_language() const {
  if (language_ != Language::rigol) throw ScpiError{-113};
}

Duration Dm3068::conversion() const { return conversions[static_cast<std::size_t>(rate_)]; }

// The query waits for a whole conversion: what was before it is in no reading.
void Dm3068::measure(ScpiCall& call, Function wanted) {
  expect_own_language();
  if (!call.resumed) {
    if (function() != wanted) select(wanted);
    begin(1, conversion(), conversion(), Duration::zero());
  }
  if (waits(call, 1)) return;
  call.reply("{:.6E}", series().take(1, false).front());
}

void Dm3068::declare_function(const std::string& name, Function which) {
  const ScpiRange& indexes = which == Function::voltage ? index_range : ampere_index_range;
  command("FUNCtion:" + name + ":DC", {}, [this, which](ScpiCall&) {
    expect_own_language();
    select(which);
  });
  command("MEASure:" + name + ":DC", {integer()}, [this, which, indexes](ScpiCall& call) {
    expect_own_language();
    if (function() != which) select(which);
    fix_range_index(which, static_cast<std::size_t>(call.number(0, indexes)));
  });
  query("MEASure:" + name + ":DC", {}, [this, which](ScpiCall& call) { measure(call, which); });
  query("MEASure:" + name + ":DC:RANGe", {}, [this, which](ScpiCall& call) {
    expect_own_language();
    call.reply("{}", setting(which).range);
  });
  command("RATE:" + name + ":DC", {choice("S|M|F")}, [this](ScpiCall& call) {
    expect_own_language();
    rate_ = call.choice(0);
  });
  query("RATE:" + name + ":DC", {}, [this](ScpiCall& call) {
    expect_own_language();
    call.out += rates[static_cast<std::size_t>(rate_)];
  });
}

}  // namespace meterrig::bench
