#include "bench/meter/step_meter.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

#include "bench/meter/seeded.hpp"
#include "meters/telegram.hpp"

namespace meterrig::bench {

namespace {

constexpr double dies_below_volts = 2.2;
constexpr double starts_above_volts = 2.5;
constexpr double crossing_volts = 1e-4;  // of a crossing that falls between two nanoseconds
constexpr std::int64_t floor_current = 20 * microampere;
constexpr std::int64_t boot_current = 5 * milliampere;
constexpr std::int64_t uart_current = 3 * milliampere;
constexpr Duration display_stays = 30s;
constexpr std::int64_t bench_litres = 250;  // of a run on a water bench
constexpr std::int64_t nl_per_litre = 1'000'000'000;
constexpr std::uint8_t cold_water = 0x10;

MeterTraits changed(const Sample& sample, const MeterDefect& defect) {
  MeterTraits traits = healthy_traits(sample);
  for (const auto change : defect.changes) change(traits);
  return traits;
}

CjtSlave::Settings settings_of(const Sample& sample, const StepTraits& traits) {
  using Sealing = CjtSlave::Sealing;
  CjtSlave::Settings settings;
  settings.type = settings.reply_type = cold_water;
  settings.address = cjt188::address_from_hex(sample.address);
  if (sample.key.empty() || sample.security == "none") return settings;
  settings.sealing = sample.security == "offered" || traits.takes_plain ? Sealing::offered : Sealing::required;
  settings.security.key = cjt188::block_from_hex(sample.key);
  settings.security.vector = cjt188::Vector::in_front;
  settings.security.check = cjt188::Check::mac4;
  return settings;
}

Utc following_leap_day(Utc time) {
  using namespace std::chrono;
  const auto in = [](year of) { return Utc{sys_days{of / February / 28}} + days{1}; };
  year of = year_month_day{floor<days>(time)}.year();
  while (!of.is_leap() || in(of) <= time) ++of;
  return in(of);
}

std::string tenths(std::int64_t litres) { return decimal_text(litres % cumulative_range / 100, 1); }

}  // namespace

StepMeter::StepMeter(Clock& clock, const Sample& sample, const MeterDefect& defect, std::uint64_t seed)
    : CjtSlave({}),
      bench_(clock),
      sample_(sample),
      traits_(changed(sample, defect)),
      clock_(clock),
      register_(step_, 10'000 + static_cast<std::int64_t>(80'000 * seeded(seed, 1)),
                static_cast<std::size_t>(sample.settlement_records), clock.utc()),
      uart_(clock, {[this](const cjt188::Frame& frame) { return addressed(frame); },
                    [this](const cjt188::Frame& frame) {
                      catch_up();
                      const auto answer = answer_to(frame);
                      arm_event();
                      return answer;
                    },
                    [this](bool awake) { draw(part_uart, awake ? uart_current : 0); }}),
      power_timer_(clock, [this] { power_step(); }),
      boot_timer_(clock, [this] { begin_running(); }),
      event_timer_(clock,
                   [this] {
                     catch_up();
                     arm_event();
                   }),
      clock_timer_(clock, [this] { clock_fault(); }),
      noise_timer_(clock, [this] {
        sensor_pulse();
        noise_timer_.at(bench_.now() + step_.counts_when_drained_every);
      }) {
  settings() = settings_of(sample, step_);
  flaws() = {step_.ignores_check, step_.xors, step_.silent_refusal};
  wheels_nl_ = register_.cumulative() * nl_per_litre;
  leap_day_ = following_leap_day(clock_.now());
  keep_rate();
  if (step_.clock_stops_each_hour > 0s) clock_timer_.at(clock.now() + 1h);
  if (step_.network_corrects_clock_every > 0s) clock_timer_.at(clock.now() + step_.network_corrects_clock_every);
}

void StepMeter::attach(SupplyPath& supply, AirLine&, RadioChannel&) {
  supply_ = &supply;
  supply_changed(supply.terminals());
}

void StepMeter::detach() {
  supply_ = nullptr;
  power_timer_.cancel();
}

void StepMeter::draw(Part part, std::int64_t nanoamperes) {
  parts_[part] = nanoamperes;
  if (supply_) supply_->set_meter_current(std::accumulate(parts_.begin(), parts_.end(), std::int64_t{0}));
}

void StepMeter::supply_changed(const VoltageSignal& terminals) {
  if (mains_) return power_timer_.cancel();
  const auto next = power_ == Power::off ? terminals.first_at_or_above(bench_.now(), starts_above_volts)
                                         : terminals.first_at_or_below(bench_.now(), dies_below_volts);
  if (next) {
    power_timer_.at(std::max(*next, bench_.now()));
  } else {
    power_timer_.cancel();
  }
}

void StepMeter::power_step() {
  const double volts = supply_->terminals().at(bench_.now());
  if (power_ == Power::off && volts >= starts_above_volts - crossing_volts) {
    boot();
  } else if (power_ != Power::off && volts <= dies_below_volts + crossing_volts) {
    lose_power();
  }
  supply_changed(supply_->terminals());
}

void StepMeter::boot() {
  power_ = Power::booting;
  draw(part_boot, boot_current);
  boot_timer_.at(bench_.now() + step_.boot_time);
  const bool again = started_before_ && step_.short_gap_clears_period > 0s;
  if (again && bench_.now() - died_at_ <= step_.short_gap_clears_period) register_.clear_period();
}

void StepMeter::lose_power() {
  if (running()) catch_up();
  power_ = Power::off;
  died_at_ = bench_.now();
  boot_timer_.cancel();
  event_timer_.cancel();
  uart_.stop();
  for (const Part part : {part_floor, part_boot, part_uart}) draw(part, 0);
  display_awake_until_ = Instant::min();
}

void StepMeter::begin_running() {
  power_ = Power::running;
  draw(part_boot, 0);
  draw(part_floor, floor_current);
  if (step_.forgets_sequence) forget_sequence();
  if (started_before_ && (step_.loses_clock || !sample_.clock_backup)) {
    clock_.set(clock_of_a_new_battery);
    register_.clock_set(clock_.now());
    leap_day_ = following_leap_day(clock_.now());
  }
  started_before_ = true;
  register_.start(clock_.now());
  catch_up();
  arm_event();
}

// Comes before everything that reads or changes.
void StepMeter::catch_up() {
  if (step_.knows_no_leap_day && clock_.now() >= leap_day_) {
    clock_.set(clock_.now() + std::chrono::days{1});
    leap_day_ = following_leap_day(clock_.now());
  }
  register_.run_to(clock_.now(), bench_.now());
}

void StepMeter::arm_event() {
  if (!running()) return;
  const Instant next = clock_.when(register_.next_event());
  if (next == Instant::max()) {
    event_timer_.cancel();
  } else {
    event_timer_.at(next);
  }
}

void StepMeter::set_clock(Utc time) {
  clock_.set(time);
  leap_day_ = following_leap_day(time);
  register_.clock_set(time);
}

void StepMeter::set_ambient(double celsius) {
  ambient_ = celsius;
  keep_rate();
  arm_event();
}

void StepMeter::keep_rate() {
  const double kelvin = ambient_ - 25;
  const auto parabola = static_cast<double>(step_.clock_rate_per_square_kelvin) * kelvin * kelvin;
  const std::int64_t cold = ambient_ < 0 ? step_.clock_rate_below_zero : 0;
  clock_.set_rate(clock_stands_ ? -MeterClock::unit_of_rate : step_.clock_rate + cold + std::llround(parabola));
}

void StepMeter::clock_fault() {
  if (step_.clock_stops_each_hour > 0s) {
    clock_stands_ = !clock_stands_;
    keep_rate();
    clock_timer_.at(bench_.now() + (clock_stands_ ? step_.clock_stops_each_hour : 1h - step_.clock_stops_each_hour));
  } else {
    if (running()) catch_up();
    set_clock(bench_.utc());
    clock_timer_.at(bench_.now() + step_.network_corrects_clock_every);
  }
  arm_event();
}

void StepMeter::uart_connected(bool connected) {
  if (connected != uart_.connected()) uart_.connect(connected);
}

void StepMeter::receive(Port& port, std::span<const std::uint8_t> bytes) {
  if (running()) uart_.receive(port, bytes);
}

bool StepMeter::sees_pulses() const {
  return running() && (mains_ || !supply_ || supply_->terminals().at(bench_.now()) >= step_.blind_below_volts);
}

void StepMeter::sensor_pulse() {
  ++pulse_output_;
  if (!sees_pulses()) return;
  catch_up();
  register_.pulse(bench_.now(), !step_.period_needs_display || bench_.now() < display_awake_until_);
}

void StepMeter::volume_passed(double cubic_metres) {
  const std::int64_t before = wheels_nl_ / nl_per_litre;
  wheels_nl_ += std::llround(cubic_metres * 1e12);
  for (std::int64_t litre = before + 1; litre <= wheels_nl_ / nl_per_litre; ++litre)
    if (step_.wheels_lose_every == 0 || litre % step_.wheels_lose_every != 0) sensor_pulse();
}

double StepMeter::volume_to_next_pulse() const {
  return static_cast<double>(nl_per_litre - wheels_nl_ % nl_per_litre) * 1e-12;
}

std::optional<std::string> StepMeter::observe(const std::string& kind) {
  constexpr std::string_view display = "read_display:", confirm = "confirm:";
  if (kind == "confirm" || (kind.starts_with(confirm) && undergo(kind.substr(confirm.size())))) return "yes";
  if (kind == "read_counter") return decimal_text(wheels_nl_ / (nl_per_litre / 10), 4);
  const std::string behind = kind.substr(std::min(kind.size(), kind.find(':') + 1));
  if (kind.starts_with("inspect:")) return seen(behind);
  if (kind.starts_with("treat:")) {
    treated(behind, 0);
    return "done";
  }
  if (kind.starts_with("pass_water:")) {
    treated(behind, bench_litres);
    return decimal_text(bench_litres, 3);
  }
  if (!kind.starts_with(display)) return std::nullopt;
  if (!running()) return "blank";
  catch_up();
  arm_event();
  display_awake_until_ = bench_.now() + display_stays;
  const std::string shown = page(kind.substr(display.size()));
  return shown.empty() ? std::nullopt : std::optional(shown);
}

bool StepMeter::undergo(const std::string& deed) {
  if (deed == "filled" || deed == "drained") {
    noise_timer_.cancel();
    if (deed == "drained" && step_.counts_when_drained_every > 0s)
      noise_timer_.at(bench_.now() + step_.counts_when_drained_every);
    return true;
  }
  if (sample_.supply != "mains" || !deed.starts_with("mains_")) return false;
  if (deed == "mains_on" || deed == "mains_off") set_mains(deed == "mains_on");
  if (deed == "mains_dips" && step_.dips_of_the_mains_clear_period) register_.clear_period();
  return true;
}

// Its own power supply rides through what the rig's side does.
void StepMeter::set_mains(bool on) {
  mains_ = on;
  if (on && power_ == Power::off) boot();
  supply_changed(supply_->terminals());
}

std::string StepMeter::seen(const std::string& requirement) const {
  if (requirement == step_.unmet_at_sight) return "no";
  return requirement == "5.4.9.2a" || requirement == "5.4.9.2c" ? "n.a." : "yes";
}

void StepMeter::treated(const std::string& requirement, std::int64_t litres) {
  if (requirement == step_.cleared_by_treatment) register_.forget();
  wheels_nl_ += litres * nl_per_litre;
  for (std::int64_t counted = litres * step_.bench_percent_counted / 100; counted > 0; --counted) {
    register_.run_to(clock_.now(), bench_.now());
    register_.pulse(bench_.now(), !step_.period_needs_display);
  }
}

// Empty: no such page.
std::string StepMeter::page(const std::string& name) const {
  const std::size_t step = register_.current_step();
  if (name == "cumulative") return tenths(register_.cumulative());
  if (name == "period") return tenths(register_.period());
  if (name == "clock") {
    const Civil now = civil(read_clock());
    return fmt::format("{:02}{:02}{:02}", now.hour, now.minute, now.second);
  }
  if (!sample_.settles_money) return {};
  if (name == "balance") {
    const bool minus = register_.balance() < 0 && !step_.shows_credit_without_sign;
    return fmt::format("{}{}{}", minus ? "-" : "", step_.shows_leading_zeros ? "00" : "",
                       decimal_text(std::abs(register_.balance()), 2));
  }
  if (name == "purchase") return decimal_text(register_.purchase().amount, 2);
  if (name == "step_and_price")
    return fmt::format("{} {}", register_.table().begin_of(step),
                       decimal_text(register_.current_price() % step_.shows_prices_below, 2));
  if (name == "step") return std::to_string(step + 1);
  return {};
}

}  // namespace meterrig::bench
