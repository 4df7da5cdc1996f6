#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace meterrig::bench::defect_table {

using namespace clause;

std::vector<MeterDefect> quiescent_current() {
  return {
      {.name = "cjt503-5.3.8-d3",
       .changes = {[](MeterTraits& t) {
         t.current.floor = 31'600;
         t.current.display_burst = 2 * milliampere;
         t.current.display_burst_time = 5ms;
       }},
       .expected = {{r5_3_8, fail}},
       .what = "46 uA with its listening, and display bursts of 2 mA for 5 ms each second: 56 uA"},
      {.name = "cjt503-5.3.8-d5",
       .changes = {[](MeterTraits& t) {
         t.current.floor = 42'600;
         t.current.uart_feed = 9 * microampere;
       }},
       .expected = {{r5_3_8, fail}},
       .what = "57 uA, of which 9 uA come through the UART's TX pin while it is connected"},
      {.name = "cjt503-5.3.8-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.current.floor = 29'200; }},
       .conditions = {.communication = 'S', .wake_period_s = 15},
       .what = "mode S: 29.2 uA and 15 mA for 20 ms every 15 s make 49.2 uA"},
      {.name = "cjt503-5.3.8-g2",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.current.floor = 35'600; }},
       .what = "exactly 50.0 uA"},
      {.name = "cjt503-5.3.8-g4",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.current.floor = 7'200;
         t.current.listen_time = 2ms;
       }},
       .what = "12 uA"},
      {.name = "cjt503-5.3.8-x1",
       .changes = {[](MeterTraits& t) {
         t.current.late_floor = 48 * microampere;
         t.current.late_floor_after = 2min;
       }},
       .expected = {{r5_3_8, fail}},
       .what = "32.4 uA for two minutes, then the reserve capacitor leaks: 62.4 uA"},
      {.name = "cjt503-5.3.8-x2",
       .changes = {[](MeterTraits& t) { t.current.floor = 900 * microampere; }},
       .expected = {{r5_3_8, fail}},
       .what = "0.9 mA: beyond a range of 100 uA"},
  };
}

std::vector<MeterDefect> maximum_current() {
  return {
      {.name = "cjt503-5.3.9-d2",
       .changes = {[](MeterTraits& t) {
         t.valve.run = 90 * milliampere;
         t.valve.stall = 430 * milliampere;
         t.valve.stall_time = 150ms;
       }},
       .expected = {{r5_3_9, fail}},
       .what = "430 mA for 150 ms when the valve reaches its end"},
      {.name = "cjt503-5.3.9-d4",
       .changes = {[](MeterTraits& t) {
         t.current.uart = 12 * milliampere;
         t.current.transmit = 260 * milliampere;
       }},
       .expected = {{r5_3_9, fail}},
       .what = "260 mA on the air, 12 mA on the UART"},
      {.name = "cjt503-5.3.9-g2",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.valve.start_spike = 1400 * milliampere;
         t.valve.start_spike_time = 40us;
       }},
       .what = "1.4 A for 40 us when the valve driver switches on"},
      {.name = "cjt503-5.3.9-g3",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.current.transmit = 190 * milliampere;
         t.valve.stall = 385 * milliampere;
       }},
       .what = "190 mA on the air, 385 mA at the end of the valve's travel"},
      {.name = "cjt503-5.3.9-x1",
       .changes = {[](MeterTraits& t) {
         t.valve.stall = 3500 * milliampere;
         t.valve.stall_time = 3ms;
       }},
       .expected = {{r5_3_9, fail}},
       .what = "3.5 A for 3 ms at the end of travel: a supply of 3 A goes into its limit"},
  };
}

std::vector<MeterDefect> remote_transmission() {
  return {
      {.name = "cjt503-5.3.17-d2",
       .changes = {[](MeterTraits& t) { t.radio.deaf_to = 0b01'0100'1010; }},
       .expected = {{r5_3_17, fail}},
       .what = "answers six of ten wake-ups"},
      {.name = "cjt503-5.3.17-d3",
       .changes = {[](MeterTraits& t) { t.radio.default_address = true; }},
       .expected = {{r5_3_17, fail}},
       .what = "answers the radio with the default address"},
      {.name = "cjt503-5.3.17-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.radio.deaf_to = 0b00'0001'0000; }},
       .what = "answers nine of ten wake-ups"},
      {.name = "cjt503-5.3.17-x1",
       .changes = {[](MeterTraits& t) { t.radio.bad_checksum = true; }},
       .expected = {{r5_3_17, fail}},
       .what = "every radio frame it sends has a wrong checksum"},
      {.name = "cjt503-5.3.17-x2",
       .changes = {[](MeterTraits& t) { t.radio.stale_reading = true; }},
       .expected = {{r5_3_17, fail}},
       .what = "the radio gives the reading of the last power-up"},
  };
}

std::vector<MeterDefect> control() {
  return {
      {.name = "cjt503-5.3.18-d1",
       .changes = {[](MeterTraits& t) { t.radio.close_not_executed = true; }},
       .expected = {{r5_3_9, inconclusive}, {r5_3_18, fail}},
       .what = "a close command by radio is acknowledged, the valve stays"},
      {.name = "cjt503-5.3.18-d3",
       .changes = {[](MeterTraits& t) { t.radio.close_compares_three_bytes = true; }},
       .expected = {{r5_3_18, fail}},
       .what = "closes on its neighbour's command: three bytes of the address compared"},
      {.name = "cjt503-5.3.18-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.radio.execution_delay = 18s; }},
       .what = "closes 27 s after the command"},
  };
}

}  // namespace meterrig::bench::defect_table
