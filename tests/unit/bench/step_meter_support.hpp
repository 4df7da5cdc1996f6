#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/meter/step_meter.hpp"
#include "core/errors.hpp"
#include "core/task.hpp"
#include "meters/cjt188_security.hpp"
#include "tests/unit/bench/meter_support.hpp"
#include "tests/unit/meters/meter_line.hpp"

namespace meterrig::bench {

inline const std::string step_key = "0123456789ABCDEFFEDCBA9876543210";

inline Sample water_sample() {
  Sample sample;
  sample.kind = "water";
  sample.serial = "26W000001";
  sample.address = "00110026000101";
  return sample;
}

// As on the wire: n, volumes in m3, prices in 0.01 yuan.
inline std::string table_hex(const std::vector<int>& volumes, const std::vector<int>& prices) {
  cjt188::Bytes bytes = cjt188::to_bcd(volumes.size(), 1);
  for (const auto* numbers : {&volumes, &prices})
    for (const int number : *numbers) {
      const cjt188::Bytes three = cjt188::to_bcd(static_cast<std::uint64_t>(number), 3);
      bytes.insert(bytes.end(), three.begin(), three.end());
    }
  return to_hex(bytes);
}
inline const std::string table_a = table_hex({10, 20}, {250, 375, 750});
inline const std::string table_b = table_hex({1, 2}, {207, 414, 621});

// A water meter on its supply, and its driver at the other end of the UART.
struct StepStation {
  explicit StepStation(const std::string& defect = "", Sample sample = water_sample())
      : radio(clock),
        profile(shipped_profile("cjt188_step_water")),
        meter(clock, sample, defect.empty() ? MeterDefect{} : *find_meter_defect(defect), 1),
        supply(make_supply_path(clock, meter, 1)),
        air(make_air_line(clock, meter, 1)),
        address(cjt188::address_from_hex(sample.address)) {
    meter.attach(*supply, *air, radio);
    supply->set_supply(6.0, 3.0, true);
    supply->set_contact(Contact::uart, true);
    connect(sample.key);
    power();
    elapse(clock, 20s);
  }

  void connect(const std::string& key) {
    MeterPort port;
    port.stream = std::make_unique<MemoryLink>(clock, "virtual:uart1", meter, LineTiming::serial(2400));
    MeterAccess access;
    access.address = to_hex_reversed(address);
    access.key = key;
    driver = make_meter(clock, std::move(port), profile, access, "sample");
  }
  void power() { supply->set_contact(Contact::k2, true); }
  void cut() { supply->set_contact(Contact::k2, false); }
  void power_cycle() {
    cut();
    elapse(clock, 10s);
    power();
    elapse(clock, 16s);
  }

  std::string read(const std::string& item) { return value_of(run(clock, driver->readings({item})), item); }
  // "ok", "refused" or "silent".
  std::string write(const std::string& item, const std::string& value) {
    try {
      run(clock, driver->write(item, value));
    } catch (const MeterRefused&) {
      return "refused";
    } catch (const TimeoutError&) {
      return "silent";
    }
    return "ok";
  }
  std::int64_t balance() {
    std::string digits = read("balance");
    std::erase(digits, '.');
    return std::atoll(digits.c_str()) * (read("balance_sign") == "credit" ? -1 : 1);
  }
  std::string shown(const std::string& page) { return meter.observe("read_display:" + page).value_or("(none)"); }
  // Water, and time for it to come to rest.
  void litres(int count) {
    for (int i = 0; i < count; ++i) meter.sensor_pulse();
    elapse(clock, 6s);
  }
  // Runs the meter's clock across this time, from 10 s before it to about 10 s after.
  void run_across(const std::string& ten_seconds_before) {
    EXPECT_EQ(write("clock", ten_seconds_before), "ok");
    elapse(clock, 20s);
  }
  void settle_daily() {
    EXPECT_EQ(write("settlement_cycle", "01"), "ok");
    run_across("2026-12-24T23:59:50");
  }

  // A frame of our own; null: silence.
  std::optional<cjt188::Frame> ask(const cjt188::Frame& frame) {
    wire.heard.clear();
    meter.receive(wire, cjt188::encode(frame));
    elapse(clock, 1s);
    cjt188::Scanner scanner;
    scanner.feed(wire.heard);
    return scanner.next();
  }
  cjt188::Frame write_frame(unsigned identifier, std::uint8_t sequence, const cjt188::Bytes& content) const {
    cjt188::Bytes data{static_cast<std::uint8_t>(identifier >> 8), static_cast<std::uint8_t>(identifier), sequence};
    data.insert(data.end(), content.begin(), content.end());
    return {0x10, address, cjt188::control::write_data, data};
  }

  VirtualClock clock{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  RadioChannel radio;
  MeterProfile profile;
  StepMeter meter;
  std::unique_ptr<SupplyPath> supply;
  std::unique_ptr<AirLine> air;
  cjt188::Address address;
  Wire wire;
  std::unique_ptr<Meter> driver;
};

}  // namespace meterrig::bench
