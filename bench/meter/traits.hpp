#pragma once

#include <cstdint>

#include "bench/bench.hpp"
#include "bench/meter/step_traits.hpp"
#include "core/time.hpp"

namespace meterrig::bench {

inline constexpr std::int64_t microampere = 1'000;  // in nanoamperes
inline constexpr std::int64_t milliampere = 1'000'000;
inline constexpr std::int64_t ampere = 1'000'000'000;

// Currents of the meter, nanoamperes; what is on at the same time adds up.
struct CurrentTraits {
  std::int64_t floor = 18 * microampere;
  std::int64_t late_floor = 18 * microampere;  // from late_floor_after on after each start
  Duration late_floor_after{};                 // zero: never
  std::int64_t receive = 12 * milliampere;
  Duration listen_time = 6ms;
  std::int64_t inrush = 300 * milliampere;
  Duration inrush_time = 1ms;
  std::int64_t boot = 5 * milliampere;
  Duration boot_time = 800ms;
  std::int64_t uart = 3 * milliampere;
  std::int64_t uart_feed = 0;  // taken from the UART's TX pin instead of the terminals
  std::int64_t display_burst = 0;
  Duration display_burst_time{};
  std::int64_t transmit = 120 * milliampere;
  Duration transmit_time = 60ms;
  int transmit_bursts = 1;  // mode G: several short ones
  Duration transmit_spacing{};
};

struct ValveTraits {
  Duration travel = 3s;
  std::int64_t run = 80 * milliampere;
  std::int64_t stall = 250 * milliampere;
  Duration stall_time = 80ms;
  std::int64_t start_spike = 0;
  Duration start_spike_time{};
  // Seat leak at 15 kPa, reference L/h.
  double seat_leak = 0.02;
  double seat_leak_spread = 0.1;  // +- of seat_leak, by seed
  double closed_short_leak = 0;   // the ball stops short of the seat, the end switch says closed
  double slipped_leak = 0;        // 70 s after the pressure came, the seal slips
  double leak_per_start = 0;      // added at each power-up
  double leak_per_start_limit = 0;
  int wear_from_cycle = 0;
  int wear_to_cycle = 0;     // 0: no wear
  double worn_leak = 0;      // at wear_to_cycle
  bool wear_goes_on = true;  // past wear_to_cycle, at the same rate
  int dead_at_cycle = 0;     // 0: never; from the opening that would begin this cycle on nothing moves
  int drop_every_close = 0;  // every n-th close command is answered and forgotten
  Duration reserve_close = 2200ms;
  double reserve_stops_at = 0;  // opening that is left when the reserve is used up
  bool close_on_power_loss = true;
  bool close_at_start_instead = false;
  Duration key_delay = 500ms;  // from the key to the opening
};

struct BodyTraits {
  double body_leak = 0;   // reference L/h at 15 kPa, upstream of the valve
  double joint_leak = 0;  // downstream of the valve
};

struct MemoryTraits {
  int save_every = 1;            // pulses
  bool two_torn_copies = false;  // EEPROM, not atomic: a cut in the write costs both
  Duration write_after = 1ms;    // FRAM
  Duration write_time = 100us;
  bool brown_out_corrupts = false;  // a slow fall through 2 V writes rubbish
  Duration clock_holds = 50s;       // without supply; then 2000-01-01
  bool settlement_day_in_ram = false;
  Duration hangs_after_cut_from{};  // a cut in this band leaves it hanging until the next start; zero: never
  Duration hangs_after_cut_to{};
};

struct UndervoltageTraits {
  double warn_above_declared = 0;  // V; the detector trips at declared + this
  double close_above_declared = 0;
  int warn_samples = 3;  // one a second
  int close_samples = 3;
  bool never_warns = false;
  double hysteresis = 0.1;
};

struct RadioTraits {
  bool on = true;
  bool host_wakes = true;       // modes R and S
  Duration listen_period = 5s;  // T2
  Duration receive_wait = 4s;   // T1, after the end of a wake burst
  // Of ten requests those with a set bit are not heard, bit 0 first.
  unsigned deaf_to = 0;
  bool default_address = false;
  bool bad_checksum = false;
  bool stale_reading = false;  // of the last start
  bool close_not_executed = false;
  bool close_compares_three_bytes = false;
  bool refuses_authorisation = false;
  Duration execution_delay{};
};

struct ConversionTraits {
  bool direct_reading = false;
  int lose_every = 0;          // of a run without a pause of 30 s
  int double_from = 0;         // from this pulse of a run on, every second one counts twice
  double start_fraction = -1;  // of a pulse volume, where the drum stands at the start; negative: by seed
  bool carry_error = false;    // direct reading: the next wheel has moved too early
  bool low_in_transition = false;
};

struct ConductTraits {
  Duration opens_itself_after{};  // after an authorisation; zero: never
  bool key_needs_no_authorisation = false;
  Duration authorisation_lasts = 10min;
  bool shows_open_always = false;
};

struct MeterTraits {
  CurrentTraits current;
  ValveTraits valve;
  BodyTraits body;
  MemoryTraits memory;
  UndervoltageTraits undervoltage;
  RadioTraits radio;
  ConversionTraits conversion;
  ConductTraits conduct;
  StepTraits step;  // of water meters
};

// A meter that passes its standard in full, built as declared.
MeterTraits healthy_traits(const Sample& sample);

}  // namespace meterrig::bench
