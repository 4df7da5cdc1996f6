#include "bench/meter/meter_clock.hpp"

namespace meterrig::bench {

__extension__ using Wide = __int128;  // nanoseconds of years, times a rate

Civil civil(Utc time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(time - day)};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(clock.hours().count()),
          static_cast<unsigned>(clock.minutes().count()),
          static_cast<unsigned>(clock.seconds().count()),
          std::chrono::weekday{day}.c_encoding()};
}

std::optional<Utc> time_of(const Civil& civil) {
  const std::chrono::year_month_day date{std::chrono::year{civil.year}, std::chrono::month{civil.month},
                                         std::chrono::day{civil.day}};
  if (civil.year < 2000 || civil.year > 2099 || !date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 59)
    return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{civil.hour} + std::chrono::minutes{civil.minute} +
         std::chrono::seconds{civil.second};
}

Utc next_monthly(Utc time, unsigned day, unsigned hour, Months months) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(time)};
  std::chrono::year_month month{today.year(), today.month()};
  const auto found = [&] {
    return Utc{std::chrono::sys_days{month / std::chrono::day{day}} + std::chrono::hours{hour}};
  };
  while (static_cast<unsigned>(month.month()) % months.step != months.first % months.step || found() <= time)
    month += std::chrono::months{1};
  return found();
}

// Whole numbers: a clock that is asked often shows the same as one that is asked once.
Utc MeterClock::at(Instant instant) const {
  const Duration passed = instant - set_at_;
  const Wide wrong = static_cast<Wide>(passed.count()) * rate_;
  return shown_ + passed + Duration{static_cast<std::int64_t>(wrong / unit_of_rate)};
}

void MeterClock::set(Utc time) {
  set_at_ = bench_.now();
  shown_ = time;
}

void MeterClock::set_rate(std::int64_t parts) {
  if (parts == rate_) return;
  set(now());
  rate_ = parts;
}

Instant MeterClock::when(Utc time) const {
  if (time <= now()) return bench_.now();
  if (rate_ <= -unit_of_rate) return Instant::max();
  const Wide wanted = static_cast<Wide>((time - shown_).count()) * unit_of_rate;
  Instant instant = set_at_ + Duration{static_cast<std::int64_t>(wanted / (unit_of_rate + rate_))};
  while (at(instant) < time) instant += Duration{1};
  return instant;
}

}  // namespace meterrig::bench
