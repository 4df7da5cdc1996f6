#include "bench/meter/step_register.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace meterrig::bench {
namespace {

constexpr Duration segment_ends_after = 5s;  // without a pulse

Utc following_midnight(Utc time) { return Utc{std::chrono::floor<std::chrono::days>(time)} + std::chrono::days{1}; }
Utc following_hour(Utc time) { return Utc{std::chrono::floor<std::chrono::hours>(time)} + std::chrono::hours{1}; }

}  // namespace

StepRegister::StepRegister(const StepTraits& traits, std::int64_t litres, std::size_t capacity, Utc time)
    : traits_(traits), capacity_(capacity), cumulative_(litres), table_(factory_table(traits.step_volumes)) {
  standby_.table = table_;
  rule_.custom_from = std::chrono::floor<std::chrono::days>(time);
  clock_set(time);
}

SettlementRule StepRegister::rule_in_force() const {
  SettlementRule rule = rule_;
  if (traits_.quarter_is_month && rule.cycle == SettlementRule::Cycle::quarter)
    rule.cycle = SettlementRule::Cycle::month;
  return rule;
}

// An early one takes its whole minute for the hour, but not a time that the clock was only set to.
Utc StepRegister::fires() const {
  if (traits_.settles_early > Duration{}) return std::max(next_settlement_ - traits_.settles_early, set_at_ + 1s);
  return next_settlement_ + traits_.settles_late;
}

Utc StepRegister::freezes() const { return frozen_ ? frozen_->at + traits_.freeze_takes : Utc::max(); }

Utc StepRegister::enables() const {
  if (!standby_.enable || traits_.standby_never_enabled) return Utc::max();
  return *standby_.enable + traits_.enabling_takes;
}

Utc StepRegister::next_event() const {
  const Utc midnight = traits_.price_changes_at_midnight ? next_midnight_ : Utc::max();
  return std::min({freezes(), fires(), enables(), midnight});
}

void StepRegister::run_to(Utc time, Instant now) {
  if (time >= backup_due_) {
    period_backup_ = period_;
    backup_due_ = following_hour(time);
  }
  if (segment_open_ && now - last_pulse_ >= segment_ends_after) end_segment();
  for (Utc event = next_event(); event <= time; event = next_event()) {
    if (event == freezes()) {
      freeze();
    } else if (event == fires()) {
      settle(event);
    } else if (event == enables()) {
      enable();
    } else {
      latched_step_ = table_.step_at(position());
      next_midnight_ = following_midnight(event);
    }
  }
}

void StepRegister::settle(Utc time) {
  if (frozen_) freeze();
  frozen_ = Frozen{next_settlement_, cumulative_, period_};
  next_settlement_ = next_settlement(rule_in_force(), std::max(next_settlement_, time));
  if (traits_.freeze_takes == Duration{}) freeze();
}

void StepRegister::freeze() {
  records_.push_front({frozen_->at, traits_.freezes_period ? frozen_->period : frozen_->cumulative});
  if (records_.size() > capacity_) records_.pop_back();
  const std::int64_t kept = traits_.period_keeps_remainder ? frozen_->period % traits_.period_resolution : 0;
  period_ -= frozen_->period - kept;
  frozen_.reset();
}

// What was used keeps its cost, and its place among the steps.
void StepRegister::enable() {
  if (traits_.recharges_period) cost_ += standby_.table.cost(period_) - table_.cost(period_);
  table_ = standby_.table;
  standby_.enable.reset();
}

void StepRegister::clock_set(Utc time) {
  set_at_ = time;
  next_settlement_ = next_settlement(rule_in_force(), time);
  next_midnight_ = following_midnight(time);
  backup_due_ = following_hour(time);
}

void StepRegister::start(Utc time) {
  end_segment();
  held_back_.clear();
  if (traits_.records_in_ram) records_.clear();
  if (traits_.purchase_in_ram) purchase_.amount = 0;
  if (traits_.period_lost_at_start) period_ = 0;
  if (traits_.period_from_hourly_backup) period_ = period_backup_;
  latched_step_ = table_.step_at(position());
  next_midnight_ = following_midnight(time);
}

void StepRegister::set_rule(const SettlementRule& rule, Utc time) {
  rule_ = rule;
  next_settlement_ = next_settlement(rule_in_force(), time);
}

std::optional<StepRegister::Record> StepRegister::record(std::size_t back) const {
  return back < records_.size() ? std::optional(records_[back]) : std::nullopt;
}

void StepRegister::set_table(const PriceTable& table) {
  table_ = table;
  latched_step_ = table_.step_at(position());
}

// The volume that the price goes by, litres.
std::int64_t StepRegister::position() const { return traits_.price_by_cumulative ? cumulative_ : period_; }

std::size_t StepRegister::current_step() const {
  if (traits_.price_changes_at_midnight) return std::min(latched_step_, table_.volumes.size());
  return table_.step_at(position() + (traits_.shows_next_step_at_boundary ? 1 : 0));
}

std::int64_t StepRegister::current_price() const { return table_.prices[current_step()]; }

// Of the one that was counted last.
std::int64_t StepRegister::price_of_litre() const {
  return traits_.price_changes_at_midnight ? current_price() : table_.prices[table_.step_at(position())];
}

void StepRegister::pulse(Instant now, bool period_counts) {
  if (!segment_open_) held_back_.clear();
  segment_open_ = true;
  last_pulse_ = now;
  const std::int64_t before = position();
  cumulative_ = (cumulative_ + 1) % cumulative_range;
  if (period_counts) ++period_;
  charge(before);
}

void StepRegister::charge(std::int64_t before) {
  std::int64_t cost = price_of_litre();
  if (traits_.whole_at_last_price) {
    const std::int64_t old_price = table_.prices[table_.step_at(before)];
    cost = position() * price_of_litre() - before * old_price;
  }
  cost_ += cost;
  if (traits_.litres_held_back == 0) return;
  held_back_.push_back(cost);
  if (held_back_.size() > static_cast<std::size_t>(traits_.litres_held_back)) held_back_.pop_front();
}

void StepRegister::end_segment() {
  if (!segment_open_) return;
  segment_open_ = false;
  const std::int64_t remainder = cost_ % costs_per_cent;
  if (traits_.segment == StepTraits::Segment::cut) cost_ -= remainder;
  if (traits_.segment == StepTraits::Segment::rounded_up && remainder > 0) cost_ += costs_per_cent - remainder;
}

// Whole cents are charged, the remainder stays in the cost.
std::int64_t StepRegister::balance() const {
  const std::int64_t cost = cost_ - std::accumulate(held_back_.begin(), held_back_.end(), std::int64_t{0});
  const std::int64_t begun = traits_.charges_begun_cents ? costs_per_cent - 1 : 0;
  return credited_ - (cost + begun) / costs_per_cent;
}

void StepRegister::buy(int sequence, std::int64_t cents) {
  purchase_ = {sequence, cents, purchase_.total + cents};
  if (!traits_.loses_purchase_in_credit || balance() >= 0) credited_ += cents;
  if (traits_.purchase_clears_remainder) cost_ -= cost_ % costs_per_cent;
}

}  // namespace meterrig::bench
