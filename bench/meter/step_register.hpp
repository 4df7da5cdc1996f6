#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "bench/meter/step_calendar.hpp"
#include "bench/meter/step_tables.hpp"
#include "bench/meter/step_traits.hpp"
#include "core/time.hpp"

namespace meterrig::bench {

inline constexpr std::int64_t cumulative_range = 100'000 * litres_per_cubic_metre;  // table 3: up to 99999.9 m3

// What a step-tariff meter counts, charges and keeps. All of it stands in FRAM and is saved with every pulse: a supply
// that goes away takes nothing with it that the traits don't say. Times are those of the meter's clock, and they go
// forward: run_to() comes before everything that reads or changes.
class StepRegister {
 public:
  struct Record {
    Utc mark{};
    std::int64_t litres = 0;
  };
  struct Standby {
    PriceTable table;
    std::array<std::uint8_t, 4> enable_bytes{};  // hh DD MM YY; zeros: none set
    std::optional<Utc> enable;                   // still to come
  };
  struct Purchase {
    int sequence = 1;
    std::int64_t amount = 500'00, total = 500'00;  // 0.01 yuan
  };

  StepRegister(const StepTraits& traits, std::int64_t litres, std::size_t capacity, Utc time);

  // Settles, enables and freezes what is due up to `time`, in its order.
  void run_to(Utc time, Instant now);
  // When it has to be run_to() next, whatever else happens.
  Utc next_event() const;
  // The clock was set: what lies between was not lived through and is not settled. Earlier: nothing is cleared.
  void clock_set(Utc time);
  // The meter starts, with the time that its clock shows now.
  void start(Utc time);

  // One litre.
  void pulse(Instant now, bool period_counts);

  std::int64_t cumulative() const { return cumulative_; }
  std::int64_t period() const { return period_ - period_ % traits_.period_resolution; }
  void clear_period() { period_ = 0; }
  // A new cumulative volume, litres; the period keeps its own.
  void set_cumulative(std::int64_t litres) { cumulative_ = litres; }
  // All that was counted is gone.
  void forget() { cumulative_ = period_ = 0; }
  const SettlementRule& rule() const { return rule_; }
  void set_rule(const SettlementRule& rule, Utc time);
  std::size_t capacity() const { return capacity_; }
  // The last settled record but `back`; null: none yet.
  std::optional<Record> record(std::size_t back) const;

  const PriceTable& table() const { return table_; }
  void set_table(const PriceTable& table);
  const Standby& standby() const { return standby_; }
  void set_standby(const Standby& standby) { standby_ = standby; }
  std::size_t current_step() const;  // from 0
  std::int64_t current_price() const;
  std::int64_t balance() const;  // 0.01 yuan; below zero: credit
  const Purchase& purchase() const { return purchase_; }
  void buy(int sequence, std::int64_t cents);

  // All of it, as FRAM holds it; a start() follows.
  nlohmann::json kept() const;
  void take_up(const nlohmann::json& kept);

 private:
  struct Frozen {
    Utc at;
    std::int64_t cumulative, period;
  };
  Utc fires() const;
  Utc enables() const;
  Utc freezes() const;
  SettlementRule rule_in_force() const;
  void settle(Utc time);
  void freeze();
  void enable();
  std::int64_t position() const;
  std::int64_t price_of_litre() const;
  void charge(std::int64_t before);
  void end_segment();

  StepTraits traits_;
  std::size_t capacity_;
  std::int64_t cumulative_ = 0, period_ = 0;
  std::int64_t credited_ = 500'00;  // 0.01 yuan
  std::int64_t cost_ = 0;           // 1e-5 yuan, since the balance was set up
  Purchase purchase_;
  PriceTable table_;
  Standby standby_;
  SettlementRule rule_;
  std::deque<Record> records_;  // latest first
  std::optional<Frozen> frozen_;
  Utc next_settlement_;
  Utc set_at_;  // the clock, last

  std::int64_t period_backup_ = 0;
  Utc backup_due_;
  std::size_t latched_step_ = 0;
  Utc next_midnight_;
  bool segment_open_ = false;
  Instant last_pulse_{};
  std::deque<std::int64_t> held_back_;  // costs
};

}  // namespace meterrig::bench
