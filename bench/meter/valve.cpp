#include "bench/meter/valve.hpp"

#include <algorithm>
#include <cmath>

namespace meterrig::bench {

namespace {
constexpr double closed_enough = 0.03;
constexpr double seal_test_kpa = 10;
constexpr Duration seal_slips_after = 70s;
}  // namespace

Valve::Valve(Clock& clock, const ValveTraits& traits, double leak_factor, Hooks hooks)
    : clock_(clock), traits_(traits), leak_factor_(leak_factor), hooks_(std::move(hooks)), timer_(clock, [this] {
        step();
      }) {}

double Valve::opening() const {
  if (!moving_) return from_;
  if (travel_ <= Duration::zero()) return to_;
  const double done = std::min(1.0, to_seconds(clock_.now() - began_) / to_seconds(travel_));
  return from_ + (to_ - from_) * done;
}

bool Valve::open() {
  if (traits_.dead_at_cycle > 0 && opens_ + 1 >= traits_.dead_at_cycle) dead_ = true;
  return drive(1);
}

bool Valve::close() { return drive(0); }

bool Valve::drive(double to) {
  if (dead_) return false;
  if (moving_ ? to_ == to && !on_reserve_ : std::abs(from_ - to) < 1e-9) return false;
  begin(to, traits_.travel, false);
  return true;
}

void Valve::close_on_reserve() {
  const double to = std::max(0.0, traits_.reserve_stops_at);
  if (dead_ || opening() <= to) return;
  begin(to, traits_.reserve_close, true);
}

void Valve::begin(double to, Duration full_travel, bool from_reserve) {
  from_ = opening();
  to_ = to;
  began_ = clock_.now();
  travel_ = seconds(to_seconds(full_travel) * std::abs(to_ - from_));
  moving_ = true;
  on_reserve_ = from_reserve;
  const bool spikes = !from_reserve && traits_.start_spike > 0;
  phase_ = spikes ? Phase::spike : Phase::run;
  timer_.at(began_ + (spikes ? traits_.start_spike_time : travel_));
  if (!from_reserve) hooks_.motor_current(spikes ? traits_.start_spike : traits_.run);
  hooks_.moved();
}

void Valve::step() {
  if (phase_ == Phase::spike) {
    phase_ = Phase::run;
    hooks_.motor_current(traits_.run);
    timer_.at(began_ + travel_);
  } else if (phase_ == Phase::run && !on_reserve_) {
    phase_ = Phase::stall;
    hooks_.motor_current(traits_.stall);
    timer_.at(clock_.now() + traits_.stall_time);
  } else {
    finish();
  }
}

void Valve::finish() {
  const bool opened = to_ > from_;
  if (opened && to_ == 1) ++opens_;
  if (!opened && to_ == 0) ++closes_;
  from_ = to_;
  moving_ = false;
  if (!on_reserve_) hooks_.motor_current(0);
  hooks_.moved();
}

void Valve::cut() {
  if (!moving_ || on_reserve_) return;
  from_ = opening();
  moving_ = false;
  timer_.cancel();
  hooks_.moved();
}

void Valve::pressure_set(double kpa) {
  if (kpa >= seal_test_kpa && pressure_kpa_ < seal_test_kpa) pressure_since_ = clock_.now();
  pressure_kpa_ = kpa;
}

nlohmann::json Valve::kept() const {
  return {{"opening", from_}, {"dead", dead_}, {"opens", opens_}, {"closes", closes_}, {"starts", starts_}};
}

void Valve::take_up(const nlohmann::json& kept) {
  kept.at("opening").get_to(from_);
  kept.at("dead").get_to(dead_);
  kept.at("opens").get_to(opens_);
  kept.at("closes").get_to(closes_);
  kept.at("starts").get_to(starts_);
}

double Valve::worn() const {
  if (traits_.wear_to_cycle == 0 || closes_ <= traits_.wear_from_cycle) return 0;
  const int counted = traits_.wear_goes_on ? closes_ : std::min(closes_, traits_.wear_to_cycle);
  const double all = traits_.worn_leak - traits_.seat_leak * leak_factor_;
  return all * (counted - traits_.wear_from_cycle) / (traits_.wear_to_cycle - traits_.wear_from_cycle);
}

double Valve::seat_leak() const {
  if (opening() > closed_enough) return 0;
  if (traits_.closed_short_leak > 0) return traits_.closed_short_leak;
  const bool slipped =
      traits_.slipped_leak > 0 && pressure_kpa_ >= seal_test_kpa && clock_.now() - pressure_since_ >= seal_slips_after;
  const double seat = slipped ? traits_.slipped_leak : traits_.seat_leak * leak_factor_;
  return seat + worn() + std::min(traits_.leak_per_start_limit, traits_.leak_per_start * starts_);
}

}  // namespace meterrig::bench
