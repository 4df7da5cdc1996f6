#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/desk/exact_sum.hpp"
#include "bench/meter/meter_clock.hpp"
#include "core/json/node.hpp"

namespace meterrig::bench {

// Water on its way through a meter, and the heat that it leaves behind. Flow and temperatures stay as they were set;
// volume, heat and working time are their exact integrals.
class FlowModel {
 public:
  struct Reading {
    Utc at{};
    std::int64_t volume = 0;  // 0.1 L
    std::int64_t heat = 0;    // 1e-9 kW.h
  };
  static constexpr std::size_t settlements = 12;

  // Keys of the rig file: volume, heat, flow, supply_temperature, return_temperature, pressure_kpa,
  // working_time_h.
  FlowModel(const Clock& bench, const json::Node& meter);

  // Brings volume, heat and settlements up to the bench's now; all readings below do so first.
  Reading now();
  // That of the last settlement but `back`.
  const Reading& settled(std::size_t back);
  std::int64_t working_hours();
  std::int64_t flow() const { return open_ ? flow_ : 0; }      // 0.1 L/h
  std::int64_t supply_temperature() const { return supply_; }  // 0.01 Cel
  std::int64_t return_temperature() const { return return_; }  // 0.01 Cel
  std::int64_t pressure() const { return pressure_; }          // 1 kPa
  std::int64_t power() const;                                  // 1e-9 kW; cold is not counted

  void set_flow(std::int64_t flow);
  void open_valve(bool open);
  bool valve_open() const { return open_; }
  void set_volume(std::int64_t volume);

  Utc time() const { return clock_.now(); }
  // Settlements that the clock jumps over happen at the jump.
  void set_time(Utc time);
  unsigned settlement_day() const { return settlement_day_; }
  void set_settlement_day(unsigned day);

 private:
  void advance();
  void run(Utc until);
  void settle(Utc at);

  // Of 0.1 L that cools by 0.01 K, in 1e-9 kW.h: water of 4.1868 kJ/(kg.K) and 1000 kg/m3 leaves 1.163 kW.h/(m3.K).
  static constexpr std::int64_t heat_of_a_step = 1163;

  MeterClock clock_;
  std::int64_t flow_, supply_, return_, pressure_;
  ExactSum volume_, heat_, working_;
  bool open_ = true;
  unsigned settlement_day_ = 1;
  Utc upto_;
  Utc next_settlement_;
  std::array<Reading, settlements> history_{};  // latest first
};

}  // namespace meterrig::bench
