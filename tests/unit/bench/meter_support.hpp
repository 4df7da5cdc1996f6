#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/meter/gas_meter.hpp"
#include "bench/physics/air_line.hpp"
#include "bench/physics/supply_path.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

inline void elapse(Clock& clock, Duration duration) {
  bool over = false;
  Timer timer(clock, [&] { over = true; });
  timer.at(clock.now() + duration);
  clock.run_until([&] { return over; });
}

inline Sample sample_of(const std::string& address = "00000025000101") {
  Sample sample;
  sample.serial = "25R000101";
  sample.address = address;
  return sample;
}

// The far end of the UART's wire.
struct Wire final : LinkPeer::Port {
  std::vector<std::uint8_t> heard;
  void send(std::span<const std::uint8_t> bytes, Instant) override {
    heard.insert(heard.end(), bytes.begin(), bytes.end());
  }
  void hang_up() override {}
};

// One meter on its supply, its air and its radio channel.
struct MeterStation {
  MeterStation(Clock& shared_clock, RadioChannel& channel, const std::string& defect = "", std::uint64_t seed = 1,
               Sample sample = sample_of())
      : clock(shared_clock),
        radio(channel),
        address(cjt188::address_from_hex(sample.address)),
        meter(clock, sample, defect.empty() ? MeterDefect{} : *find_meter_defect(defect), seed),
        supply(make_supply_path(clock, meter, seed)),
        air(make_air_line(clock, meter, seed)) {
    meter.attach(*supply, *air, radio);
  }

  void power(double volts = 6.0) {
    supply->set_supply(volts, 3.0, true);
    supply->set_contact(Contact::k2, true);
  }
  void cut() { supply->set_contact(Contact::k2, false); }
  void power_and_settle() {
    power();
    elapse(clock, 60s);
  }

  // Null: silence within a second.
  std::optional<cjt188::Frame> ask(const cjt188::Frame& frame) {
    wire.heard.clear();
    supply->set_contact(Contact::uart, true);
    meter.receive(wire, cjt188::encode(frame));
    elapse(clock, 1s);
    cjt188::Scanner scanner;
    scanner.feed(wire.heard);
    return scanner.next();
  }
  cjt188::Frame request(std::uint8_t control, std::vector<std::uint8_t> data) const {
    return {cjt188::gas_meter, address, control, std::move(data)};
  }
  std::optional<cjt188::Frame> read(unsigned di) {
    return ask(request(0x01, {static_cast<std::uint8_t>(di >> 8), static_cast<std::uint8_t>(di & 0xFF), 7}));
  }
  std::optional<cjt188::Frame> valve(std::uint8_t word) { return ask(request(0x04, {0xA0, 0x17, 8, word})); }
  void press_key() {
    supply->set_contact(Contact::opener, true);
    elapse(clock, 3s);
    supply->set_contact(Contact::opener, false);
  }
  void open_valve() {
    valve(0x55);
    press_key();
    elapse(clock, 12s);
  }
  unsigned status() { return read(0x901F)->data[20]; }
  std::uint64_t volume_hundredths() {
    const auto frame = read(0x901F);
    return *cjt188::from_bcd(std::span(frame->data).subspan(3, 4));
  }
  // Flows until so many pulses more have come.
  void flow_pulses(unsigned count, double cubic_metres_per_hour = 4.0) {
    const std::uint32_t until = meter.pulse_output() + count;
    air->set_flow(cubic_metres_per_hour, true);
    clock.run_until([&] { return meter.pulse_output() >= until; });
    air->set_flow(0, false);
  }
  // Mean through the ammeter path over whole seconds, in nA as an exact fraction: charge / time.
  std::pair<Charge, std::int64_t> charge(Duration window) {
    const Instant from = clock.now();
    const auto held = supply->retain_from(from);
    elapse(clock, window);
    return {supply->current(Path::k2_ammeter).charge(from, from + window), window.count()};
  }

  Clock& clock;
  RadioChannel& radio;
  cjt188::Address address;
  Wire wire;
  GasMeter meter;
  std::unique_ptr<SupplyPath> supply;
  std::unique_ptr<AirLine> air;
};

// A station on a clock and a channel of its own.
struct LoneStation {
  explicit LoneStation(const std::string& defect = "", std::uint64_t seed = 1, Sample sample = sample_of())
      : channel(clock), station(clock, channel, defect, seed, std::move(sample)) {}
  MeterStation* operator->() { return &station; }
  VirtualClock clock{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  RadioChannel channel;
  MeterStation station;
};

}  // namespace meterrig::bench
