#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/meter/gas_meter.hpp"
#include "bench/meter/meter_clock.hpp"

namespace meterrig::bench {

namespace {
constexpr std::int64_t nl_per_hundredth = 10'000'000'000;  // 0.01 m3
constexpr Duration run_ends_after = 30s;
}  // namespace

Utc GasMeter::meter_time() const { return clock_.utc() + clock_offset_; }

void GasMeter::set_meter_time(Utc time) {
  const Utc before = meter_time();
  clock_offset_ += time - before;
  if (time < before) next_settlement_ = following_settlement(time);
  settle_month();
  schedule_report();
}

// Settlement at 00:00 of the settlement day (CJ/T 188 8103).
Utc GasMeter::following_settlement(Utc time) const {
  return next_monthly(time, static_cast<unsigned>(memory_.working().settlement_day), 0);
}

// Looked at whenever the register is read or about to change: nothing can be told apart from freezing in time.
void GasMeter::settle_month() {
  const Utc now = meter_time();
  if (now < next_settlement_) return;
  MeterContent& content = memory_.working();
  content.settled_hundredths = register_hundredths();
  std::rotate(content.history.rbegin(), content.history.rbegin() + 1, content.history.rend());
  content.history.front() = content.settled_hundredths;
  next_settlement_ = following_settlement(now);
  memory_.save_parameters(clock_.now());
}

double GasMeter::volume_to_next_pulse() const {
  if (traits_.conversion.direct_reading) return std::numeric_limits<double>::infinity();
  return static_cast<double>(pulse_volume_nl_ - drum_nl_ % pulse_volume_nl_) * 1e-12;
}

void GasMeter::volume_passed(double cubic_metres) {
  const std::int64_t before = drum_nl_ / pulse_volume_nl_;
  drum_nl_ += std::llround(cubic_metres * 1e12);
  if (traits_.conversion.direct_reading) return;
  for (std::int64_t n = drum_nl_ / pulse_volume_nl_ - before; n > 0; --n) pulse();
}

void GasMeter::pulse() {
  ++pulse_output_;
  if (!running()) return;
  settle_month();
  const Instant now = clock_.now();
  if (run_pulses_ > 0 && now - last_pulse_ > run_ends_after) run_pulses_ = 0;
  last_pulse_ = now;
  ++run_pulses_;
  const ConversionTraits& conversion = traits_.conversion;
  if (conversion.lose_every > 0 && run_pulses_ % conversion.lose_every == 0) return;
  memory_.pulse_counted(now);
  const bool bounced = conversion.double_from > 0 && run_pulses_ >= conversion.double_from &&
                       (run_pulses_ - conversion.double_from) % 2 == 0;
  if (bounced) memory_.pulse_counted(now);
}

// What the encoder sees of the wheels, in smallest divisions.
std::int64_t GasMeter::wheels_read() const {
  std::int64_t divisions = drum_nl_ / pulse_volume_nl_;
  const double fraction = static_cast<double>(drum_nl_ % pulse_volume_nl_) / static_cast<double>(pulse_volume_nl_);
  if (traits_.conversion.carry_error && divisions % 10 == 9) divisions += 10;
  if (traits_.conversion.low_in_transition && divisions % 10 == 0 && fraction < 0.3) divisions -= 1;
  return divisions;
}

std::int64_t GasMeter::register_hundredths() const {
  const std::int64_t units = traits_.conversion.direct_reading ? wheels_read() : memory_.working().pulses;
  return units * (pulse_volume_nl_ / 1000) / (nl_per_hundredth / 1000);
}

nlohmann::json GasMeter::kept() const {
  return {{"memory", memory_.kept()},
          {"valve", valve_.kept()},
          {"clock_ahead_ns", clock_offset_.count()},
          {"drum_nl", drum_nl_},
          {"close_commands", close_commands_},
          {"closing_owed", closing_owed_},
          {"pulse_output", pulse_output_}};
}

void GasMeter::take_up(const nlohmann::json& kept) {
  memory_.take_up(kept.at("memory"));
  valve_.take_up(kept.at("valve"));
  clock_offset_ = Duration{kept.at("clock_ahead_ns").get<std::int64_t>()};
  kept.at("drum_nl").get_to(drum_nl_);
  kept.at("close_commands").get_to(close_commands_);
  kept.at("closing_owed").get_to(closing_owed_);
  kept.at("pulse_output").get_to(pulse_output_);
  valve_known_open_ = !valve_.at_closed_end();
  next_settlement_ = following_settlement(meter_time());
}

double GasMeter::cumulative_volume() const {
  if (air_) air_->passed_m3();
  return static_cast<double>(register_hundredths()) / 100;
}

}  // namespace meterrig::bench
