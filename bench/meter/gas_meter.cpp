#include "bench/meter/gas_meter.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "bench/meter/seeded.hpp"

namespace meterrig::bench {

namespace {

constexpr double dies_below_volts = 2.0;
constexpr double starts_above_volts = 3.0;
constexpr double rounding_volts = 1e-6;
constexpr double crossing_volts = 1e-4;  // of a crossing that falls between two nanoseconds
constexpr Duration reserve_charged_after = 10s;
constexpr Duration slow_fall = 300ms;
constexpr Duration sample_period = 1s;
constexpr int ok_samples_to_clear = 3;

MeterTraits changed(const Sample& sample, const MeterDefect& defect) {
  MeterTraits traits = healthy_traits(sample);
  for (const auto change : defect.changes) change(traits);
  return traits;
}

MeterContent factory_content(const Sample& sample) {
  MeterContent content;
  content.address = cjt188::address_from_hex(sample.address);
  // Steps of 2.07, 4.14, 6.21 yuan past 1 and 2 m3.
  content.prices = {0x07, 0x02, 0x00, 0x01, 0x00, 0x00, 0x14, 0x04, 0x00, 0x02, 0x00, 0x00, 0x21, 0x06, 0x00};
  content.purchase_sequence = 1;
  content.purchase = content.purchase_total = content.remaining = 500'00;
  return content;
}

std::string shown(ShownValve valve) {
  switch (valve) {
    case ShownValve::blank:
      return "blank";
    case ShownValve::open:
      return "open";
    case ShownValve::closed:
      return "closed";
    case ShownValve::fault:
      return "fault";
  }
  return "blank";
}

}  // namespace

GasMeter::GasMeter(Clock& clock, const Sample& sample, const MeterDefect& defect, std::uint64_t seed)
    : clock_(clock),
      sample_(declared_under(sample, defect.conditions)),
      traits_(changed(sample_, defect)),
      memory_(traits_.memory, factory_content(sample_)),
      valve_(clock, traits_.valve, 1 + traits_.valve.seat_leak_spread * (2 * seeded(seed, 1) - 1),
             {[this](std::int64_t nanoamperes) { draw(part_motor, nanoamperes); },
              [this] {
                if (!valve_.moving()) valve_known_open_ = !valve_.at_closed_end();
                if (air_) air_->valve_moved();
              }}),
      uart_(clock, {[this](const cjt188::Frame& frame) { return addressed(frame); },
                    [this](const cjt188::Frame& frame) { return execute(frame, false); },
                    [this](bool awake) { draw(part_uart, awake ? traits_.current.uart : 0); }}),
      power_timer_(clock, [this] { power_step(); }),
      boot_timer_(clock, [this] { boot_step(); }),
      floor_timer_(clock, [this] { draw(part_floor, traits_.current.late_floor); }),
      sample_timer_(clock, [this] { sample_supply(); }),
      display_timer_(clock, [this] { display_step(); }),
      opening_timer_(clock, [this] { open_now(); }),
      listen_timer_(clock, [this] { listen(); }),
      radio_timer_(clock, [this] { radio_step(); }),
      report_timer_(clock, [this] { send_report(); }),
      execution_timer_(clock, [this] { command_close(); }) {
  off_since_ = clock.now();
  boot_time_ = seconds(to_seconds(traits_.current.boot_time) * (0.97 + 0.06 * seeded(seed, 2)));
  listen_phase_ = seconds(std::floor(to_seconds(traits_.radio.listen_period) * 1e3 * seeded(seed, 3)) * 1e-3);
  report_time_of_day_ = std::chrono::seconds(static_cast<std::int64_t>(86400 * seeded(seed, 4)));
  pulse_volume_nl_ = std::llround(sample_.pulse_volume_m3 * 1e12);
  const double fraction = traits_.conversion.start_fraction >= 0 ? traits_.conversion.start_fraction : seeded(seed, 5);
  const auto pulses = static_cast<std::int64_t>((10 + 80 * seeded(seed, 6)) * 1e12) / pulse_volume_nl_;
  drum_nl_ = pulses * pulse_volume_nl_ + static_cast<std::int64_t>(fraction * static_cast<double>(pulse_volume_nl_));
  MeterContent& content = memory_.working();
  content.pulses = pulses;
  content.settled_hundredths = register_hundredths() * 9 / 10;
  for (std::size_t i = 0; i < content.history.size(); ++i)
    content.history[i] = content.settled_hundredths * static_cast<std::int64_t>(content.history.size() - i) / 12;
  memory_.save_all(clock.now());
}

GasMeter::~GasMeter() { detach(); }

void GasMeter::attach(SupplyPath& supply, AirLine& air, RadioChannel& radio) {
  supply_ = &supply;
  air_ = &air;
  radio_ = &radio;
  radio.subscribe(*this);
  next_settlement_ = following_settlement(meter_time());
  supply_changed(supply.terminals());
}

void GasMeter::detach() {
  if (radio_) radio_->unsubscribe(*this);
  radio_ = nullptr;
  supply_ = nullptr;
  air_ = nullptr;
}

void GasMeter::draw(Part part, std::int64_t nanoamperes) {
  if (parts_[part] == nanoamperes) return;
  parts_[part] = nanoamperes;
  draw_sum();
}

void GasMeter::draw_sum() {
  if (!supply_) return;
  const std::int64_t sum = std::accumulate(parts_.begin(), parts_.end(), std::int64_t{0});
  supply_->set_meter_current(uart_.connected() ? std::max<std::int64_t>(0, sum - traits_.current.uart_feed) : sum);
}

void GasMeter::draw_nothing() {
  parts_.fill(0);
  draw_sum();
}

void GasMeter::supply_changed(const VoltageSignal& terminals) {
  const auto next = power_ == Power::off ? terminals.first_at_or_above(clock_.now(), starts_above_volts)
                                         : terminals.first_at_or_below(clock_.now(), dies_below_volts);
  if (next) {
    power_timer_.at(std::max(*next, clock_.now()));
  } else {
    power_timer_.cancel();
  }
  arm_sampling();
}

void GasMeter::power_step() {
  const double volts = supply_->terminals().at(clock_.now());
  if (power_ == Power::off) {
    if (volts >= starts_above_volts - crossing_volts) begin_boot();
  } else if (volts <= dies_below_volts + crossing_volts) {
    lose_power();
  }
  supply_changed(supply_->terminals());
}

void GasMeter::stop_timers() {
  for (Timer* timer : {&boot_timer_, &floor_timer_, &sample_timer_, &display_timer_, &opening_timer_, &listen_timer_,
                       &radio_timer_, &report_timer_, &execution_timer_})
    timer->cancel();
}

void GasMeter::lose_power() {
  const Instant now = clock_.now();
  const bool was_running = power_ == Power::running || power_ == Power::hung;
  const bool reserve = was_running && now - started_ >= reserve_charged_after;
  memory_.power_lost(now, supply_->terminals().at(now - slow_fall) < starts_above_volts);
  power_ = Power::off;
  off_since_ = now;
  stop_timers();
  uart_.stop();
  radio_state_ = RadioState::asleep;
  authorised_until_ = Instant::min();
  battery_low_ = below_minimum_ = false;
  valve_.cut();
  draw_nothing();
  if (!reserve || !traits_.valve.close_on_power_loss) return;
  if (traits_.valve.close_at_start_instead) {
    closing_owed_ = valve_.opening() > 0;
  } else {
    valve_.close_on_reserve();
  }
}

void GasMeter::begin_boot() {
  power_ = Power::booting;
  started_ = clock_.now();
  cut_lasted_ = started_ - off_since_;
  inrush_over_ = false;
  valve_.count_start();
  draw(part_inrush, traits_.current.inrush);
  boot_timer_.at(started_ + traits_.current.inrush_time);
}

void GasMeter::boot_step() {
  if (inrush_over_) {
    begin_running();
    return;
  }
  inrush_over_ = true;
  parts_[part_inrush] = 0;
  draw(part_boot, traits_.current.boot);
  boot_timer_.at(started_ + boot_time_);
}

void GasMeter::begin_running() {
  const Instant now = clock_.now();
  parts_[part_boot] = 0;
  draw(part_floor, traits_.current.floor);
  memory_.start();
  running_since_ = now;
  const MemoryTraits& memory = traits_.memory;
  if (memory.hangs_after_cut_to > 0s && cut_lasted_ >= memory.hangs_after_cut_from &&
      cut_lasted_ < memory.hangs_after_cut_to) {
    power_ = Power::hung;
    return;
  }
  power_ = Power::running;
  if (cut_lasted_ > memory.clock_holds && memory_.starts() > 1) set_meter_time(clock_of_a_new_battery);
  low_samples_ = ok_samples_ = minimum_samples_ = run_pulses_ = 0;
  radio_requests_ = 0;
  valve_known_open_ = !valve_.at_closed_end();
  stale_hundredths_ = register_hundredths();
  if (traits_.current.late_floor_after > 0s) floor_timer_.at(now + traits_.current.late_floor_after);
  if (traits_.current.display_burst > 0) display_timer_.at(now + sample_period);
  if (traits_.radio.host_wakes) listen_timer_.at(now + listen_phase_);
  schedule_report();
  arm_sampling();
  if (std::exchange(closing_owed_, false)) valve_.close();
}

void GasMeter::display_step() {
  const bool begins = parts_[part_display] == 0;
  draw(part_display, begins ? traits_.current.display_burst : 0);
  display_timer_.at(clock_.now() +
                    (begins ? traits_.current.display_burst_time : sample_period - traits_.current.display_burst_time));
}

// The detector samples once a second. While nothing moves and it has made up its mind, its samples change nothing and
// are left out.
void GasMeter::arm_sampling() {
  if (power_ != Power::running || sample_timer_.armed()) return;
  const auto samples = (clock_.now() - running_since_) / sample_period;
  sample_timer_.at(running_since_ + (samples + 1) * sample_period);
}

void GasMeter::sample_supply() {
  const UndervoltageTraits& traits = traits_.undervoltage;
  const double warns = sample_.undervoltage_v + traits.warn_above_declared;
  const double closes = sample_.minimum_voltage_v + traits.close_above_declared;
  const double volts = supply_->terminals().at(clock_.now());
  const bool low = volts <= warns + rounding_volts, ok = volts > warns + traits.hysteresis;
  const bool minimum = volts <= closes + rounding_volts;
  low_samples_ = low ? low_samples_ + 1 : 0;
  ok_samples_ = ok ? ok_samples_ + 1 : 0;
  minimum_samples_ = minimum ? minimum_samples_ + 1 : 0;
  if (low_samples_ >= traits.warn_samples) battery_low_ = !traits.never_warns;
  if (ok_samples_ >= ok_samples_to_clear) battery_low_ = false;
  if (minimum_samples_ >= traits.close_samples && !below_minimum_) {
    below_minimum_ = true;
    memory_.save_all(clock_.now());
    opening_timer_.cancel();
    authorised_until_ = Instant::min();
    valve_.close();
  }
  if (volts > closes + traits.hysteresis) below_minimum_ = false;
  const bool settled = (!low || low_samples_ >= traits.warn_samples) && (!ok || !battery_low_) &&
                       (!minimum || below_minimum_) && supply_->terminals().steady_after(clock_.now());
  if (!settled) arm_sampling();
}

void GasMeter::uart_connected(bool connected) {
  if (connected == uart_.connected()) return;
  uart_.connect(connected);
  draw_sum();
}

void GasMeter::manual_action() {
  if (!running() || opening_timer_.armed()) return;
  if (!authorised() && !traits_.conduct.key_needs_no_authorisation) return;
  if (valve_known_open_ && !valve_.closing()) return;
  authorised_until_ = Instant::min();
  opening_timer_.at(clock_.now() + traits_.valve.key_delay);
}

bool GasMeter::authorised() const { return clock_.now() < authorised_until_; }

void GasMeter::open_now() {
  authorised_until_ = Instant::min();
  if (running() && !below_minimum_) valve_.open();
}

bool GasMeter::command_close() {
  authorised_until_ = Instant::min();
  opening_timer_.cancel();
  ++close_commands_;
  const int drops = traits_.valve.drop_every_close;
  if (drops > 0 && close_commands_ % drops == 0) return false;
  return valve_.close();
}

double GasMeter::body_leak_l_per_h_at_15_kpa(bool with_valve_open) const {
  return traits_.body.body_leak + (with_valve_open ? traits_.body.joint_leak : 0);
}

double GasMeter::mechanical_reading() {
  constexpr double readable_m3 = 0.002;
  return std::floor(exact_mechanical_volume() / readable_m3 + 1e-9) * readable_m3;
}

double GasMeter::exact_mechanical_volume() {
  if (air_) air_->passed_m3();
  return static_cast<double>(drum_nl_) * 1e-12;
}

ShownValve GasMeter::shown_valve_state() const {
  if (!running()) return ShownValve::blank;
  if (traits_.conduct.shows_open_always) return ShownValve::open;
  if (valve_.dead()) return ShownValve::fault;
  return valve_known_open_ ? ShownValve::open : ShownValve::closed;
}

std::optional<std::string> GasMeter::observe(const std::string& kind) {
  if (kind == "read_counter") return fmt::format("{:.3f}", mechanical_reading());
  if (kind == "observe_status") return shown(shown_valve_state());
  if (kind == "observe_battery") {
    if (shown_valve_state() == ShownValve::blank) return "blank";
    return shown_battery_low() ? "low" : "ok";
  }
  if (kind == "observe_waiting") return shown_waiting_for_key() ? "yes" : "no";
  if (kind == "work_opener") {
    manual_action();
    return "done";
  }
  if (kind == "confirm" || kind.starts_with("inspect:")) return "yes";
  return std::nullopt;
}

}  // namespace meterrig::bench
