#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "bench/meter/defects.hpp"
#include "bench/meter/memory.hpp"
#include "bench/meter/meter_clock.hpp"
#include "bench/meter/meter_uart.hpp"
#include "bench/meter/radio_channel.hpp"
#include "bench/meter/station_meter.hpp"
#include "bench/meter/valve.hpp"
#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"
#include "core/io/memory_link.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {

// What the display shows of the valve.
enum class ShownValve { blank, open, closed, fault };

// A wireless gas meter with built-in valve (CJ/T 503-2016): a small firmware on its hardware. Itself the peer of its
// UART (2400 8E1, CJ/T 188). Seeds vary boot time, wake phase, report time, leak and drum, never a current.
class GasMeter final : public StationMeter, private RadioListener {
 public:
  GasMeter(Clock& clock, const Sample& sample, const MeterDefect& defect, std::uint64_t seed);
  ~GasMeter() override;
  // StationMeter. The destructor detaches from the radio only.
  void attach(SupplyPath& supply, AirLine& air, RadioChannel& radio) override;
  void detach() override;
  std::optional<std::string> observe(const std::string& kind) override;
  nlohmann::json kept() const override;
  void take_up(const nlohmann::json& kept) override;

  // What a person sees. The drum counter in cubic metres, as far as it can be read (0.002 m3).
  double mechanical_reading();
  ShownValve shown_valve_state() const;
  bool shown_battery_low() const { return running() && battery_low_; }
  bool shown_waiting_for_key() const { return running() && authorised(); }

  // Looking inside, for tests.
  bool running() const { return power_ == Power::running; }
  int starts() const { return memory_.starts(); }
  const Valve& valve() const { return valve_; }
  const MeterTraits& traits() const { return traits_; }
  double cumulative_volume() const;  // of the electronic register, cubic metres
  double exact_mechanical_volume();
  bool receiving() const { return radio_state_ == RadioState::receiving; }

  // MeterBody
  void supply_changed(const VoltageSignal& terminals) override;
  void uart_connected(bool connected) override;
  void manual_action() override;
  double valve_opening() const override { return valve_.opening(); }
  double seat_leak_l_per_h_at_15_kpa() const override { return valve_.seat_leak(); }
  double body_leak_l_per_h_at_15_kpa(bool with_valve_open) const override;
  void volume_passed(double cubic_metres) override;
  double volume_to_next_pulse() const override;
  std::uint32_t pulse_output() const override { return pulse_output_; }
  void pressure_set(double kpa) override { valve_.pressure_set(kpa); }

  // LinkPeer: the UART.
  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void disconnected(Port& port) noexcept override;

 private:
  enum class Power { off, booting, running, hung };
  enum class RadioState { asleep, listening, receiving, answering, transmitting };
  enum Part {
    part_floor,
    part_receive,
    part_inrush,
    part_boot,
    part_uart,
    part_display,
    part_transmit,
    part_motor,
    part_count
  };

  // gas_meter.cpp: power, currents, valve
  void draw(Part part, std::int64_t nanoamperes);
  void draw_sum();
  void draw_nothing();
  void power_step();
  void lose_power();
  void begin_boot();
  void boot_step();
  void begin_running();
  void stop_timers();
  void sample_supply();
  void arm_sampling();
  void display_step();
  void open_now();
  bool command_close();
  bool authorised() const;

  // gas_meter_register.cpp: clock, register, settlement
  Utc meter_time() const;
  void set_meter_time(Utc time);
  Utc following_settlement(Utc time) const;
  void pulse();
  void settle_month();
  std::int64_t register_hundredths() const;
  std::int64_t wheels_read() const;

  // gas_meter_radio.cpp
  void burst_begins(Instant end) override;
  void frame_on_air(std::span<const std::uint8_t> frame) override;
  void listen();
  void radio_step();
  void begin_receiving(Instant burst_end);
  void radio_sleeps();
  void answer_by_radio(const cjt188::Frame& request);
  void begin_transmitting(bool stay);
  void transmit_step();
  void send_report();
  void schedule_report();
  bool radio_misses();

  // gas_meter_commands.cpp: CJ/T 188
  bool addressed(const cjt188::Frame& frame) const;
  std::optional<cjt188::Frame> execute(const cjt188::Frame& request, bool by_radio);
  bool read_item(unsigned di, std::vector<std::uint8_t>& data, bool by_radio);
  bool write_item(unsigned di, std::span<const std::uint8_t> content, std::vector<std::uint8_t>& data, bool by_radio);
  bool write_valve(std::uint8_t word, std::vector<std::uint8_t>& data, bool by_radio);
  bool write_purchase(std::span<const std::uint8_t> content, std::vector<std::uint8_t>& data);
  bool write_clock(std::span<const std::uint8_t> content);
  bool write_base(std::span<const std::uint8_t> content, std::vector<std::uint8_t>& data);
  void put_current_data(std::vector<std::uint8_t>& data, bool by_radio);
  void put_status(std::vector<std::uint8_t>& data) const;

  Clock& clock_;
  Sample sample_;
  MeterTraits traits_;
  MeterMemory memory_;
  Valve valve_;
  SupplyPath* supply_ = nullptr;
  AirLine* air_ = nullptr;
  RadioChannel* radio_ = nullptr;

  Power power_ = Power::off;
  std::array<std::int64_t, part_count> parts_{};
  bool inrush_over_ = false;
  Instant running_since_{};
  Instant started_{};
  Instant off_since_{};
  Duration cut_lasted_{};
  bool closing_owed_ = false;  // close_at_start_instead
  Duration boot_time_{};

  bool battery_low_ = false;
  bool below_minimum_ = false;
  int low_samples_ = 0, ok_samples_ = 0, minimum_samples_ = 0;

  bool valve_known_open_ = false;  // what the firmware believes, from the end switch
  Instant authorised_until_ = Instant::min();
  int close_commands_ = 0;

  Duration clock_offset_{};
  Utc next_settlement_{};
  std::int64_t drum_nl_ = 0;  // nanolitres: a whole number at every pulse volume
  std::int64_t pulse_volume_nl_ = 0;
  std::uint32_t pulse_output_ = 0;
  int run_pulses_ = 0;
  Instant last_pulse_ = Instant::min();
  std::int64_t stale_hundredths_ = 0;

  RadioState radio_state_ = RadioState::asleep;
  Duration listen_phase_{};
  Duration report_time_of_day_{};
  unsigned radio_requests_ = 0;
  cjt188::Frame radio_request_;
  std::vector<std::uint8_t> on_air_;
  int bursts_left_ = 0;
  bool bursting_ = false;
  bool stay_after_transmit_ = false;

  MeterUart uart_;

  Timer power_timer_, boot_timer_, floor_timer_, sample_timer_, display_timer_, opening_timer_, listen_timer_,
      radio_timer_, report_timer_, execution_timer_;
};

}  // namespace meterrig::bench
