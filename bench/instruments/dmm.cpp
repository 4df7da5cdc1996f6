#include "bench/instruments/dmm.hpp"

#include <algorithm>
#include <cmath>

#include "bench/instruments/spread.hpp"

namespace meterrig::bench {

Dmm::Dmm(Clock& clock, SupplyPath& path, std::string identity, ScpiDialect dialect, DmmModel model,
         const std::string& serial, std::uint64_t seed)
    : ScpiDevice(clock, std::move(identity), std::move(dialect)),
      path_(path),
      model_(std::move(model)),
      end_timer_(clock, [this] {
        update();
        history_.reset();
      }) {
  Spread spread(seed, serial);
  gain_error_ = spread.within(1e-5);
  offset_error_ = spread.within(1e-6);
  ampere_gain_error_ = spread.within(model_.ampere_gain);
  ampere_offset_error_ = spread.within(model_.ampere_offset);
}

void Dmm::wire_current(Path which) {
  wired_ = which;
  probe_.connect(now(), &path_, which);
}

const std::vector<DmmRange>& Dmm::ranges(Function function) const {
  return function == Function::voltage ? model_.volts : model_.amperes;
}

void Dmm::select(Function function) {
  function_ = function;
  series_.clear();
  load_path();
}

void Dmm::fix_range(Function function, double wanted) {
  const auto& all = ranges(function);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const DmmRange& r) { return r.full >= wanted * (1 - 1e-9); });
  if (found == all.end()) throw ScpiError{-222};
  fix_range_index(function, static_cast<std::size_t>(found - all.begin()));
}

void Dmm::fix_range_index(Function function, std::size_t index) {
  setting(function) = {false, index};
  load_path();
}

void Dmm::autorange(Function function, bool on) {
  setting(function).autorange = on;
  load_path();
}

// What its shunt takes from the path from now on; an autoranging meter has set itself to what flows.
void Dmm::load_path() {
  if (!wired_ || function_ != Function::current) return;
  path_.set_burden(*wired_, range_for(std::abs(present())).burden_ohm);
}

double Dmm::present() const {
  if (function_ == Function::voltage) return path_.terminals().at(now());
  return wired_ ? static_cast<double>(path_.current(*wired_).at(now())) / 1e9 : 0;
}

double Dmm::full_scale(Function function) const {
  const Setting& its = setting(function);
  return its.autorange ? range_for(std::abs(present())).full : ranges(function)[its.range].full;
}

const DmmRange& Dmm::range_for(double magnitude) const {
  const auto& all = ranges(function_);
  if (!setting(function_).autorange) return all[setting(function_).range];
  for (const DmmRange& range : all)
    if (magnitude <= range.reads_up_to * range.full) return range;
  return all.back();
}

void Dmm::begin(std::uint64_t count, Duration interval, Duration aperture, Duration delay) {
  load_path();
  series_aperture_ = aperture;
  series_interval_ = interval;
  series_start_ = now() + delay;
  history_ = path_.retain_from(series_start_);
  series_.begin(
      series_start_, interval, aperture, count,
      [this](std::uint64_t from, std::uint64_t n, const ReadingSeries::Emit& emit) { sample(from, n, emit); });
  end_timer_.at(series_.end());
  wake();
}

void Dmm::abort_series() {
  if (running()) series_.stop(now());
  history_.reset();
  end_timer_.cancel();
  wake();
}

void Dmm::update() {
  series_.update(now());
  // What has been read is not needed any more.
  if (history_ && running())
    history_ = path_.retain_from(series_start_ + series_interval_ * static_cast<std::int64_t>(series_.known()));
}

bool Dmm::waits(ScpiCall& call, std::uint64_t readings) {
  update();
  if (!running() || series_.known() >= readings) return false;
  call.wait(series_.reading_end(readings - 1));
  return true;
}

void Dmm::sample(std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit) {
  if (function_ == Function::current) {
    if (!wired_) return emit(0.0, count);
    return sample_current(from, count, [&](double amperes, std::uint64_t n) { emit(shown(amperes), n); });
  }
  sample_voltage(path_.terminals(), series_start_ + series_interval_ * static_cast<std::int64_t>(from),
                 series_interval_, series_aperture_, count,
                 [&](double volts, std::uint64_t times) { emit(shown(volts), times); });
}

void Dmm::sample_current(std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit) const {
  const Setting& its = setting(Function::current);
  const DmmRange& range = its.autorange ? model_.amperes.back() : model_.amperes[its.range];
  const auto limit_na = std::llround(range.full * range.reads_up_to * 1e9);
  std::vector<double> amperes;
  const auto at = [&](std::uint64_t i) { return series_start_ + series_interval_ * static_cast<std::int64_t>(i); };
  // Without a pause between apertures the signal is walked once.
  const bool gapless = series_aperture_ == series_interval_;
  const std::uint64_t step = gapless ? count : 1;
  for (std::uint64_t i = 0; i < count; i += step) {
    probe_.digitise(at(from + i), series_aperture_, step, limit_na, overload_value, amperes);
    for (const double value : amperes) emit(value, 1);
  }
}

double Dmm::specimen(double truth, const DmmRange& range) const {
  const bool volts = function_ == Function::voltage;
  const double gain = volts ? gain_error_ : ampere_gain_error_;
  const double offset = volts ? offset_error_ : ampere_offset_error_;
  return quantised(truth * reads_ * (1 + gain) + offset * range.full, range.resolution);
}

double Dmm::shown(double truth) {
  if (trouble_ == DmmTrouble::overload) return overload_value;
  if (frozen_) return *frozen_;
  const DmmRange& range = range_for(std::abs(truth));
  double value = 0;
  if (std::abs(truth) > range.reads_up_to * range.full)
    value = truth < 0 ? -overload_value : overload_value;
  else
    value = specimen(truth, range);
  if (trouble_ == DmmTrouble::stuck) frozen_ = value;
  return value;
}

}  // namespace meterrig::bench
