#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "bench/desk/exact_sum.hpp"
#include "bench/meter/meter_clock.hpp"
#include "core/json/node.hpp"

namespace meterrig::bench {

// A three-phase meter's measuring part. Voltages, currents and power factors stay as they were set; energies are their
// exact integrals, demands the means of quarters of an hour.
class ElectricityModel {
 public:
  static constexpr std::size_t phases = 3, tariffs = 4, settlements = 12;
  // Active, reactive by quadrant, apparent while active power is forward or reverse.
  enum Energy : std::size_t {
    forward,
    reverse,
    quadrant_1,
    quadrant_2,
    quadrant_3,
    quadrant_4,
    apparent_forward,
    apparent_reverse,
    energies
  };
  struct Phase {
    std::int64_t voltage = 0;       // 0.1 V
    std::int64_t current = 0;       // 1 mA
    std::int64_t power_factor = 0;  // 0.001; negative: the energy goes the other way. Always inductive.
  };
  // Total first, then the phases.
  struct Powers {
    std::array<std::int64_t, 1 + phases> active{}, reactive{}, apparent{};  // 0.1 W, var, VA
  };
  struct Demand {
    std::int64_t value = 0;  // 0.1 W
    std::optional<Utc> at;
  };
  // All that a settlement or a freeze keeps.
  struct Registers {
    Utc at{};
    std::array<std::array<ExactSum, 1 + tariffs>, energies> energy{};  // 1e-7 W.h; total first
    std::array<std::array<Demand, 1 + tariffs>, 2> demand{};           // forward, reverse
    Powers powers;
    std::int64_t hundredths_kwh(Energy which, std::size_t tariff) const;
  };
  // The codes of DL/T 645-2007 for why a meter froze (DI2 of 05......).
  enum class Freeze : std::uint8_t { timed = 0, instant = 1, hourly = 4, daily = 6 };
  // When to freeze; what is missing is any.
  struct FreezeTime {
    unsigned minute = 0;
    std::optional<unsigned> hour, day, month;
  };

  // Keys of the rig file: voltage, current, power_factor (three each), frequency, energy.
  ElectricityModel(const Clock& bench, const json::Node& meter);

  const Registers& now();
  // `back` 1 is the last settlement.
  const Registers& settled(std::size_t back);
  // `back` 1 is the last freeze. Null: there is none.
  const Registers* frozen(Freeze kind, std::size_t back);
  Phase phase(std::size_t number) const;  // from 0, as measured: behind an open relay no current flows
  Powers powers() const;
  std::int64_t power_factor(std::size_t of) const;       // 0: of all phases; 0.001
  std::int64_t frequency() const { return frequency_; }  // 0.01 Hz

  void set_phase(std::size_t number, const Phase& phase);
  void set_relay(bool open);
  bool relay_open() const { return relay_open_; }
  void set_power(bool on);
  bool powered() const { return powered_; }
  void freeze();
  void set_freeze_time(const FreezeTime& time);
  void clear_demand();
  void clear_all();

  Utc time() const { return clock_.now(); }
  // Settlements that the clock jumps over happen at the jump.
  void set_time(Utc time);
  unsigned settlement_day() const { return settlement_day_; }
  unsigned settlement_hour() const { return settlement_hour_; }
  void set_settlement(unsigned day, unsigned hour);

 private:
  void advance();
  void run(Utc until);
  void close_demand();
  void settle(Utc at);
  void keep(Freeze kind, std::size_t most);
  void begin_at(Utc time);

  MeterClock clock_;
  std::array<Phase, phases> phases_;
  std::int64_t frequency_;
  bool relay_open_ = false, powered_ = true;
  Registers registers_;
  std::array<std::int64_t, 2> block_start_{};  // of the forward and reverse energy
  bool block_whole_ = false;                   // since a clock was set it may not be
  std::array<Registers, settlements> history_{};
  std::map<Freeze, std::deque<Registers>> frozen_;
  std::optional<FreezeTime> freeze_time_;
  unsigned settlement_day_ = 1, settlement_hour_ = 0;
  Utc upto_, next_quarter_, next_settlement_, next_freeze_ = Utc::max();
};

}  // namespace meterrig::bench
