#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace meterrig::bench {

// What differs between step-tariff water meters; as it stands here, the meter is a good one.
struct StepTraits {
  Duration boot_time = 2s;

  // The clock: too fast by so many parts in 1e12 at 25 degrees, +1.2 s a day at 23; the parabola of a tuning fork.
  std::int64_t clock_rate = 14'024'889;
  std::int64_t clock_rate_per_square_kelvin = -34'000;
  std::int64_t clock_rate_below_zero = 0;  // added below 0 degrees
  Duration clock_stops_each_hour{};
  Duration network_corrects_clock_every{};  // zero: never
  bool knows_no_leap_day = false;
  bool loses_clock = false;  // at each start, whatever is declared
  Duration clock_reads_behind{};
  bool refuses_leap_day = false;

  // Volumes.
  std::int64_t period_resolution = 1;  // litres
  bool period_needs_display = false;
  bool period_lost_at_start = false;
  bool period_from_hourly_backup = false;
  bool period_keeps_remainder = false;  // of its resolution, at a settlement

  // Settlement.
  Duration settles_late{};
  Duration settles_early{};
  Duration freeze_takes{};
  bool quarter_is_month = false;
  bool freezes_period = false;
  bool marks_time_of_reading = false;
  bool records_in_ram = false;
  bool hour_24_accepted = false;
  bool settlement_time_in_binary = false;
  bool month_of_settlement_unused = false;  // reads 01

  // Money.
  enum class Segment { carried, cut, rounded_up };
  Segment segment = Segment::carried;  // what is below a cent when the water stops
  bool charges_begun_cents = false;
  bool price_by_cumulative = false;
  bool price_changes_at_midnight = false;
  bool shows_next_step_at_boundary = false;
  bool whole_at_last_price = false;
  std::int64_t litres_held_back = 0;  // charged when water flows again

  // Price tables.
  int step_volumes = 2;  // of the table it comes with
  int most_step_volumes = 9;
  int least_step_volumes = 2;  // 5.4.8.3b
  bool standby_never_enabled = false;
  Duration enabling_takes{};
  bool recharges_period = false;  // at the new prices when the standby table becomes current
  bool hides_enable_date = false;
  bool price_of_16_bits = false;
  bool each_february_has_29 = false;
  bool table_taken_in_part = false;

  // Link.
  bool silent_refusal = false;
  bool ignores_check = false;
  bool forgets_sequence = false;
  bool xors = false;
  bool takes_plain = false;
};

}  // namespace meterrig::bench
