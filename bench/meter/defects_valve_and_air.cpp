#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace meterrig::bench::defect_table {

using namespace clause;

namespace {
// Out of 2 litres at 15 kPa, reference L/h: 15 kPa fall to 14.94 in 180 s.
constexpr double leak_of_60_pa_in_180_s = 0.0237341;
}  // namespace

std::vector<MeterDefect> valve_tightness() {
  return {
      {.name = "cjt503-5.3.5-d2",
       .changes = {[](MeterTraits& t) { t.valve.closed_short_leak = 35; }},
       .expected = {{r5_3_5, fail},
                    {r5_3_6, fail},
                    {r5_3_12, fail},
                    {r5_3_13, fail},
                    {r5_3_14, fail},
                    {r5_3_15, fail},
                    {r5_3_18, fail}},
       .what = "the ball stops at 95 %: status says closed, 35 L/h pass"},
      {.name = "cjt503-5.3.5-d4",
       .changes = {[](MeterTraits& t) {
         t.valve.seat_leak = 0.28;
         t.valve.seat_leak_spread = 0;
         t.valve.slipped_leak = 0.50;
       }},
       .expected = {{r5_3_5, fail}, {r5_3_6, fail}, {r5_3_12, fail}},
       .what = "0.28 L/h for 70 s of pressure, then the seal slips to 0.50 L/h"},
      {.name = "cjt503-5.3.5-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.valve.seat_leak = 0.28;
         t.valve.seat_leak_spread = 0;
       }},
       .conditions = {.barometer_kpa = 96, .ambient_c = 30},
       .what = "0.28 L/h at reference conditions, 0.306 L/h as it comes at 96 kPa and 30 C"},
      {.name = "cjt503-5.3.5-x1",
       .changes = {[](MeterTraits& t) {
         t.valve.leak_per_start = 0.2;
         t.valve.leak_per_start_limit = 2;
       }},
       .expected = {{r5_3_5, fail}, {r5_3_6, fail}, {r5_3_12, fail}},
       .what = "the seat leaks 0.2 L/h more after each power-up, up to 2 L/h"},
  };
}

std::vector<MeterDefect> valve_durability() {
  return {
      {.name = "cjt503-5.3.6-d1",
       .changes = {[](MeterTraits& t) {
         t.valve.wear_from_cycle = 3100;
         t.valve.wear_to_cycle = 5000;
         t.valve.worn_leak = 0.65;
       }},
       .expected = {{r5_3_6, fail}},
       .what = "from cycle 3100 on the seat wears: 0.65 L/h at 5000"},
      {.name = "cjt503-5.3.6-d2",
       .changes = {[](MeterTraits& t) { t.valve.dead_at_cycle = 4217; }},
       .expected = {{r5_3_6, fail}},
       .what = "the motor does not start any more at cycle 4217"},
      {.name = "cjt503-5.3.6-d3",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.valve.drop_every_close = 50; }},
       .what = "every 50th close command is acknowledged and forgotten; a repeated one is carried out"},
      {.name = "cjt503-5.3.6-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.valve.wear_to_cycle = 5000;
         t.valve.worn_leak = 0.29;
         t.valve.wear_goes_on = false;
       }},
       .what = "0.02 L/h new, 0.29 L/h after 5000 cycles"},
  };
}

std::vector<MeterDefect> body_tightness() {
  return {
      {.name = "cjt503-5.3.7-d2",
       .changes = {[](MeterTraits& t) { t.body.body_leak = leak_of_60_pa_in_180_s; }},
       .expected = {{r5_3_7, fail}},
       .what = "the body loses 60 Pa in 180 s"},
      {.name = "cjt503-5.3.7-d3",
       .changes = {[](MeterTraits& t) { t.body.joint_leak = 0.05; }},
       .expected = {{r5_3_7, fail}},
       .what = "the joint behind the valve leaks; a closed valve hides it"},
      {.name = "cjt503-5.3.7-g1",
       .borderline = true,
       .conditions = {.gas_temperature_rate_k_per_h = -5.8},
       .what = "a tight meter whose gas cools 0.3 K during each hold: the raw drop is all temperature"},
      {.name = "cjt503-5.3.7-x1",
       .changes = {[](MeterTraits& t) { t.body.body_leak = 4000; }},
       .expected = {{r5_3_5, fail}, {r5_3_6, fail}, {r5_3_7, fail}, {r5_3_12, fail}},
       .what = "the body lets out more than the source gives: 15 kPa can't be held, 2 kPa can"},
  };
}

std::vector<MeterDefect> power_loss_close() {
  return {
      {.name = "cjt503-5.3.12-d2",
       .changes = {[](MeterTraits& t) { t.valve.close_at_start_instead = true; }},
       .expected = {{r5_3_12, fail}},
       .what = "closes only when power returns"},
      {.name = "cjt503-5.3.12-d3",
       .changes = {[](MeterTraits& t) { t.valve.reserve_stops_at = 0.4; }},
       .expected = {{r5_3_12, fail}},
       .what = "the reserve capacitor closes 60 % of the way"},
      {.name = "cjt503-5.3.12-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.valve.reserve_close = 4800ms; }},
       .conditions = {.valve_close_time_s = 5},
       .what = "closes in 4.8 s, declared 5 s"},
      {.name = "cjt503-5.3.12-x1",
       .changes = {[](MeterTraits& t) { t.valve.reserve_close = 12s; }},
       .expected = {{r5_3_12, fail}},
       .what = "closes in 12 s"},
  };
}

std::vector<MeterDefect> opening() {
  return {
      {.name = "cjt503-5.3.14-d1",
       .changes = {[](MeterTraits& t) { t.conduct.opens_itself_after = 5s; }},
       .expected = {{r5_3_14, fail}, {r5_3_18, fail}},
       .what = "opens by itself 5 s after the authorisation"},
      {.name = "cjt503-5.3.14-d2",
       .changes = {[](MeterTraits& t) { t.conduct.key_needs_no_authorisation = true; }},
       .expected = {{r5_3_14, fail}},
       .what = "the key opens without authorisation"},
      {.name = "cjt503-5.3.14-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.conduct.authorisation_lasts = 48h;
         t.valve.key_delay = 8s;
       }},
       .what = "waits a day for the key, opens 8 s after it"},
      {.name = "cjt503-5.3.15-d1",
       .changes = {[](MeterTraits& t) { t.conduct.shows_open_always = true; }},
       .expected = {{r5_3_15, fail}},
       .what = "the display shows open while closed"},
  };
}

}  // namespace meterrig::bench::defect_table
