#include "bench/desk/electricity_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>

#include "bench/desk/settings.hpp"

namespace meterrig::bench {
namespace {

constexpr Duration quarter = 15min;
constexpr std::int64_t thousand = 1000;
constexpr std::int64_t parts_per_tenth = 1'000'000;        // of 1e-7 W in 0.1 W
constexpr std::int64_t parts_per_hundredth = 100'000'000;  // of 1e-7 W.h in 0.01 kW.h
constexpr std::size_t most_timed = 12, most_instant = 3, most_hourly = 254, most_daily = 62;

// 1 sharp, 2 peak, 3 flat, 4 valley, by the hour of the day.
std::size_t tariff_at(Utc time) {
  const unsigned hour = civil(time).hour;
  if (hour < 8) return 4;
  if (hour < 12) return 2;
  return hour >= 18 && hour < 20 ? 1 : 3;
}

Utc following_quarter(Utc time) {
  return Utc{std::chrono::floor<std::chrono::minutes>(time).time_since_epoch() / quarter * quarter} + quarter;
}

Utc following_freeze(Utc time, const ElectricityModel::FreezeTime& when) {
  Utc next = std::chrono::floor<std::chrono::hours>(time) + std::chrono::minutes{when.minute};
  const auto fits = [&] {
    const Civil at = civil(next);
    return next > time && at.hour == when.hour.value_or(at.hour) && at.day == when.day.value_or(at.day) &&
           at.month == when.month.value_or(at.month);
  };
  // A day that no year has is never found; four years have all the others.
  const Utc last = next + std::chrono::days{4 * 366};
  while (!fits()) {
    if (next > last) return Utc::max();
    next += 1h;
  }
  return next;
}

std::int64_t rounded(std::int64_t value, std::int64_t unit) {
  return value < 0 ? -((-value + unit / 2) / unit) : (value + unit / 2) / unit;
}

// In 1e-7 W, var and VA.
struct Exact {
  std::int64_t active, reactive, apparent;
};

Exact exact_of(const ElectricityModel::Phase& phase) {
  const std::int64_t apparent = phase.voltage * phase.current * thousand;
  // The reactive factor is as fine as the power factor: 0.001.
  const auto share = static_cast<double>(thousand * thousand - phase.power_factor * phase.power_factor);
  const std::int64_t reactive = apparent / thousand * std::llround(std::sqrt(share));
  return {apparent / thousand * phase.power_factor, phase.power_factor < 0 ? -reactive : reactive, apparent};
}

std::int64_t one_of(const json::Node& meter, const char* key, std::size_t phase, int decimals, std::int64_t otherwise) {
  const auto values = meter.optional(key);
  return values ? scaled((*values)[phase], decimals) : otherwise;
}

}  // namespace

std::int64_t ElectricityModel::Registers::hundredths_kwh(Energy which, std::size_t tariff) const {
  return energy.at(which).at(tariff).units() / parts_per_hundredth;
}

ElectricityModel::ElectricityModel(const Clock& bench, const json::Node& meter)
    : clock_(bench), frequency_(scaled(meter, "frequency", 2, 50'00)) {
  for (std::size_t i = 0; i < phases; ++i)
    phases_[i] = {one_of(meter, "voltage", i, 1, 220'0), one_of(meter, "current", i, 3, 0),
                  one_of(meter, "power_factor", i, 3, 1'000)};
  const std::int64_t start = scaled(meter, "energy", 2, 0) * parts_per_hundredth;
  auto& energy = registers_.energy[forward];
  energy[0] = ExactSum(start);
  // Until now all tariffs had the same share; the last one has what is left over.
  for (std::size_t i = 1; i < tariffs; ++i) energy[i] = ExactSum(start / parts_per_hundredth / 4 * parts_per_hundredth);
  energy[tariffs] = ExactSum(start - 3 * energy[1].units());
  begin_at(clock_.now());
}

void ElectricityModel::begin_at(Utc time) {
  upto_ = time;
  next_quarter_ = following_quarter(time);
  next_settlement_ = next_monthly(time, settlement_day_, settlement_hour_);
  next_freeze_ = freeze_time_ ? following_freeze(time, *freeze_time_) : Utc::max();
  block_whole_ = false;
}

ElectricityModel::Phase ElectricityModel::phase(std::size_t number) const {
  if (!powered_) return {};
  Phase phase = phases_.at(number);
  if (relay_open_) phase.current = 0;
  return phase;
}

ElectricityModel::Powers ElectricityModel::powers() const {
  Powers powers;
  Exact sum{0, 0, 0};
  for (std::size_t i = 0; i < phases; ++i) {
    const Exact of = exact_of(phase(i));
    powers.active[i + 1] = rounded(of.active, parts_per_tenth);
    powers.reactive[i + 1] = rounded(of.reactive, parts_per_tenth);
    powers.apparent[i + 1] = rounded(of.apparent, parts_per_tenth);
    sum = {sum.active + of.active, sum.reactive + of.reactive, sum.apparent + of.apparent};
  }
  powers.active[0] = rounded(sum.active, parts_per_tenth);
  powers.reactive[0] = rounded(sum.reactive, parts_per_tenth);
  powers.apparent[0] = rounded(sum.apparent, parts_per_tenth);
  return powers;
}

std::int64_t ElectricityModel::power_factor(std::size_t of) const {
  if (of > 0) return phase(of - 1).current == 0 ? thousand : phase(of - 1).power_factor;
  const Powers all = powers();
  return all.apparent[0] == 0 ? thousand : rounded(all.active[0] * thousand, all.apparent[0]);
}

void ElectricityModel::run(Utc until) {
  const Duration lasting = until - upto_;
  const std::size_t tariff = tariff_at(upto_);
  Exact sum{0, 0, 0};
  for (std::size_t i = 0; i < phases; ++i) {
    const Exact of = exact_of(phase(i));
    sum = {sum.active + of.active, sum.reactive + of.reactive, sum.apparent + of.apparent};
  }
  const bool back = sum.active < 0;
  const auto count = [&](Energy which, std::int64_t per_hour) {
    registers_.energy[which][0].add(per_hour, lasting);
    registers_.energy[which][tariff].add(per_hour, lasting);
  };
  count(back ? reverse : forward, std::abs(sum.active));
  // Inductive seen from where the energy comes from: quadrants 1 and 3.
  if (sum.reactive >= 0)
    count(back ? quadrant_2 : quadrant_1, sum.reactive);
  else
    count(back ? quadrant_3 : quadrant_4, -sum.reactive);
  count(back ? apparent_reverse : apparent_forward, sum.apparent);
  upto_ = until;
}

// The mean of the quarter that ends now, in the tariff that it had.
void ElectricityModel::close_demand() {
  const std::size_t tariff = tariff_at(upto_ - quarter);
  for (const Energy which : {forward, reverse}) {
    const std::int64_t counted = registers_.energy[which][0].units();
    const std::int64_t mean = rounded((counted - block_start_[which]) * 4, parts_per_tenth);
    block_start_[which] = counted;
    for (const std::size_t of : {std::size_t{0}, tariff}) {
      Demand& most = registers_.demand[which][of];
      if (block_whole_ && mean > most.value) most = {mean, upto_};
    }
  }
  block_whole_ = true;
}

void ElectricityModel::settle(Utc at) {
  registers_.at = at;
  registers_.powers = powers();
  std::rotate(history_.rbegin(), history_.rbegin() + 1, history_.rend());
  history_.front() = registers_;
  registers_.demand = {};
  next_settlement_ = next_monthly(at, settlement_day_, settlement_hour_);
}

void ElectricityModel::keep(Freeze kind, std::size_t most) {
  registers_.at = upto_;
  registers_.powers = powers();
  std::deque<Registers>& kept = frozen_[kind];
  kept.push_front(registers_);
  if (kept.size() > most) kept.pop_back();
}

void ElectricityModel::advance() {
  const Utc now = clock_.now();
  while (true) {
    const Utc next = std::min({next_quarter_, next_settlement_, next_freeze_});
    if (next > now) break;
    run(next);
    if (next == next_quarter_) {
      close_demand();
      next_quarter_ += quarter;
      if (next == std::chrono::floor<std::chrono::hours>(next)) keep(Freeze::hourly, most_hourly);
      if (next == std::chrono::floor<std::chrono::days>(next)) keep(Freeze::daily, most_daily);
    }
    if (next == next_freeze_) {
      keep(Freeze::timed, most_timed);
      next_freeze_ = following_freeze(next, *freeze_time_);
    }
    if (next == next_settlement_) settle(next);
  }
  run(now);
}

const ElectricityModel::Registers& ElectricityModel::now() {
  advance();
  registers_.at = upto_;
  registers_.powers = powers();
  return registers_;
}

const ElectricityModel::Registers& ElectricityModel::settled(std::size_t back) {
  advance();
  return history_.at(back - 1);
}

const ElectricityModel::Registers* ElectricityModel::frozen(Freeze kind, std::size_t back) {
  advance();
  const std::deque<Registers>& kept = frozen_[kind];
  return back >= 1 && back <= kept.size() ? &kept[back - 1] : nullptr;
}

void ElectricityModel::set_phase(std::size_t number, const Phase& phase) {
  advance();
  phases_.at(number) = phase;
}

void ElectricityModel::set_relay(bool open) {
  advance();
  relay_open_ = open;
}

void ElectricityModel::set_power(bool on) {
  advance();
  powered_ = on;
}

void ElectricityModel::freeze() {
  advance();
  keep(Freeze::instant, most_instant);
}

void ElectricityModel::set_freeze_time(const FreezeTime& time) {
  advance();
  freeze_time_ = time;
  next_freeze_ = following_freeze(upto_, time);
}

void ElectricityModel::clear_demand() {
  advance();
  registers_.demand = {};
}

void ElectricityModel::clear_all() {
  advance();
  registers_ = {};
  block_start_ = {};
  block_whole_ = false;
  history_ = {};
  frozen_.clear();
}

void ElectricityModel::set_time(Utc time) {
  advance();
  clock_.set(time);
  if (time < upto_) next_settlement_ = next_monthly(time, settlement_day_, settlement_hour_);
  while (next_settlement_ <= time) settle(next_settlement_);
  begin_at(time);
}

void ElectricityModel::set_settlement(unsigned day, unsigned hour) {
  advance();
  settlement_day_ = day;
  settlement_hour_ = hour;
  next_settlement_ = next_monthly(upto_, day, hour);
}

}  // namespace meterrig::bench
