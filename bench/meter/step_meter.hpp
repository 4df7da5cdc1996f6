#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "bench/bench.hpp"
#include "bench/meter/cjt_slave.hpp"
#include "bench/meter/defects.hpp"
#include "bench/meter/meter_clock.hpp"
#include "bench/meter/meter_uart.hpp"
#include "bench/meter/station_meter.hpp"
#include "bench/meter/step_register.hpp"

namespace meterrig::bench {

// A step-tariff water meter (CJ/T 484): a small firmware on its hardware. Itself the peer of its UART (2400 8E1, CJ/T
// 188 type 10H; identifiers of the profile cjt188_step_water). What the clock runs across happens when it does: asked
// or not, the meter says the same. Seeds vary its first reading.
//
// A clock that is set past a settlement does not settle it; a standby table becomes current as soon as the clock is
// past its enable hour, however it came there. What a supply gap held up is made up for at the start, each settlement
// with its own mark, when the clock went on (Sample::clock_backup).
class StepMeter final : public StationMeter, private CjtSlave {
 public:
  StepMeter(Clock& clock, const Sample& sample, const MeterDefect& defect, std::uint64_t seed);
  ~StepMeter() override { detach(); }

  // StationMeter
  void attach(SupplyPath& supply, AirLine& air, RadioChannel& radio) override;
  void detach() override;
  // read_display:PAGE of balance, cumulative, step_and_price, period, clock, step, purchase; "blank" without supply.
  // Those that have to do with money are none of a meter that settles none. read_counter: m3 of the wheels, four
  // decimals. confirm, confirm:DEED of a person: filled, drained; mains_on, mains_off, mains_high, mains_low,
  // mains_dips of a mains meter. inspect:REQUIREMENT; it has neither card nor public network. treat:REQUIREMENT,
  // pass_water:REQUIREMENT: it is taken to other equipment and comes back, on its own battery meanwhile; 0.250 m3 of a
  // water bench.
  std::optional<std::string> observe(const std::string& kind) override;
  nlohmann::json kept() const override;
  void take_up(const nlohmann::json& kept) override;
  void sensor_pulse() override;
  void set_ambient(double celsius) override;

  // Looking inside, for tests.
  bool running() const { return power_ == Power::running; }
  Utc time() const { return clock_.now(); }

  // MeterBody
  void supply_changed(const VoltageSignal& terminals) override;
  void uart_connected(bool connected) override;
  void manual_action() override {}
  double valve_opening() const override { return 1; }
  double seat_leak_l_per_h_at_15_kpa() const override { return 0; }
  double body_leak_l_per_h_at_15_kpa(bool) const override { return 0; }
  void volume_passed(double cubic_metres) override;
  double volume_to_next_pulse() const override;
  std::uint32_t pulse_output() const override { return pulse_output_; }

  // LinkPeer: the UART.
  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void disconnected(Port& port) noexcept override { uart_.disconnected(port); }

 private:
  enum class Power { off, booting, running };
  enum Part { part_floor, part_boot, part_uart, part_count };

  // step_meter.cpp: power, clock, what a person sees
  void draw(Part part, std::int64_t nanoamperes);
  void power_step();
  void boot();
  void lose_power();
  void begin_running();
  void catch_up();
  void arm_event();
  void set_clock(Utc time);
  Utc read_clock() const { return clock_.now() - step_.clock_reads_behind; }
  void keep_rate();
  void clock_fault();
  std::string page(const std::string& name) const;
  // False: nothing that a person can do to this meter.
  bool undergo(const std::string& deed);
  void set_mains(bool on);
  bool sees_pulses() const;
  std::string seen(const std::string& requirement) const;
  void treated(const std::string& requirement, std::int64_t litres);

  // step_commands.cpp: CJ/T 188
  bool serve(std::uint8_t function, unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) override;
  bool is_sensitive(unsigned identifier) const override;
  std::uint16_t status() const override;
  bool read_item(unsigned identifier, Bytes& out) const;
  // What it says of it: a direct reading is that of the wheels.
  std::int64_t told_cumulative() const;
  bool read_money(unsigned identifier, Bytes& out) const;
  bool read_settlement(unsigned identifier, Bytes& out) const;
  bool read_record(std::size_t back, Bytes& out) const;
  void append_settlement_time(Bytes& out) const;
  void append_standby(Bytes& out) const;
  bool write_item(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out);
  bool write_cycle(std::span<const std::uint8_t> content);
  bool write_settlement_time(std::span<const std::uint8_t> content);
  bool write_custom_days(std::span<const std::uint8_t> content);
  bool write_table(std::span<const std::uint8_t> content);
  bool write_standby(std::span<const std::uint8_t> content);
  bool write_clock(std::span<const std::uint8_t> content);
  bool write_purchase(std::span<const std::uint8_t> content, Bytes& out);
  bool write_base(std::span<const std::uint8_t> content, Bytes& out);

  Clock& bench_;
  Sample sample_;
  MeterTraits traits_;
  const StepTraits& step_ = traits_.step;
  MeterClock clock_;
  StepRegister register_;
  MeterUart uart_;
  SupplyPath* supply_ = nullptr;

  Power power_ = Power::off;
  std::array<std::int64_t, part_count> parts_{};
  bool started_before_ = false;
  bool factory_enabled_ = false;
  double ambient_ = 23;
  bool clock_stands_ = false;
  Utc leap_day_;  // the next one, for a meter that knows of none
  Instant display_awake_until_ = Instant::min();
  std::int64_t wheels_nl_ = 0;
  bool mains_ = false;
  Instant died_at_{};
  std::uint32_t pulse_output_ = 0;

  Timer power_timer_, boot_timer_, event_timer_, clock_timer_, noise_timer_;
};

}  // namespace meterrig::bench
