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
  Duration clock_moves_at_most{};  // zero: anywhere

  // Volumes.
  std::int64_t period_resolution = 1;  // litres
  bool period_needs_display = false;
  bool period_lost_at_start = false;
  bool period_from_hourly_backup = false;
  bool period_keeps_remainder = false;  // of its resolution, at a settlement

  // The sensor and its supply.
  int wheels_lose_every = 0;             // litres of the wheels of which one gives no pulse; 0: none
  bool carry_error = false;              // direct reading: the next wheel has moved too early
  Duration counts_when_drained_every{};  // noise of a dry sensor; zero: none
  double blind_below_volts = 0;          // counts nothing
  Duration short_gap_clears_period{};    // a supply gap of at most that; zero: none
  bool dips_of_the_mains_clear_period = false;

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
  bool purchase_clears_remainder = false;
  bool takes_purchase_again = false;      // the same number
  bool loses_purchase_in_credit = false;  // while the balance is below 0
  std::int64_t litres_held_back = 0;      // charged when water flows again

  // Display.
  bool shows_credit_without_sign = false;
  bool shows_leading_zeros = false;
  std::int64_t shows_prices_below = 1'000'000;  // 0.01 yuan/m3; higher digits are missing
  bool purchase_in_ram = false;

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

  // What a person sees, and what happens to it elsewhere: a requirement, "5.2.8"; empty: none.
  const char* unmet_at_sight = "";
  const char* cleared_by_treatment = "";     // all that it has counted
  std::int64_t bench_percent_counted = 100;  // of what a water bench passes

  // Link.
  bool silent_refusal = false;
  bool ignores_check = false;
  bool forgets_sequence = false;
  bool xors = false;
  bool takes_plain = false;
};

}  // namespace meterrig::bench
