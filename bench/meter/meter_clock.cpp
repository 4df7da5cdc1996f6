#include "bench/meter/meter_clock.hpp"

namespace meterrig::bench {

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

Utc next_monthly(Utc time, unsigned day, unsigned hour) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(time)};
  const std::chrono::year_month month{today.year(), today.month()};
  const auto in = [&](std::chrono::year_month of) {
    return Utc{std::chrono::sys_days{of / std::chrono::day{day}} + std::chrono::hours{hour}};
  };
  return in(month) > time ? in(month) : in(month + std::chrono::months{1});
}

}  // namespace meterrig::bench
