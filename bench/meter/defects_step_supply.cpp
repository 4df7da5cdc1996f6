#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

// Step-tariff water meters (CJ/T 484): wheels and sensor, supply.
namespace meterrig::bench::defect_table {

using namespace step_clause;

std::vector<MeterDefect> step_bench() {
  return {
      {.name = "cjt484-5.1.3-d1",
       .changes = {[](MeterTraits& t) { t.step.counts_when_drained_every = 4min; }},
       .expected = {{r5_1_3, fail}},
       .what = "the sensor is noisy when it is dry: a litre every four minutes"},
      {.name = "cjt484-5.1.3-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.counts_when_drained_every = 10min; }},
       .what = "one litre in a quarter of an hour without water: one verification scale interval"},
      {.name = "cjt484-5.2.12-d1",
       .changes = {[](MeterTraits& t) { t.step.wheels_lose_every = 4; }},
       .expected = {{r5_2_12, fail}},
       .what = "every fourth litre of the wheels gives no pulse"},
      {.name = "cjt484-5.2.12-d2",
       .changes = {[](MeterTraits& t) { t.step.carry_error = true; }},
       .expected = {{r5_2_12, fail}},
       .conditions = {.direct_reading = true},
       .what = "the next wheel moves while the last shows 9: ten divisions too much"},
  };
}

std::vector<MeterDefect> step_supply() {
  return {
      {.name = "cjt484-5.3.4-d1",
       .changes = {[](MeterTraits& t) { t.step.blind_below_volts = 2.8; }},
       .expected = {{r5_3_4, fail}},
       .what = "counts nothing below 2.8 V, though it is declared down to 2.6 V"},
      {.name = "cjt484-5.3.4-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.blind_below_volts = 2.55; }},
       .what = "counts nothing below 2.55 V, declared down to 2.6 V"},
      {.name = "cjt484-5.3.5-d1",
       .changes = {[](MeterTraits& t) { t.step.short_gap_clears_period = 200ms; }},
       .expected = {{r5_3_5, fail}},
       .conditions = {.supply = "dc"},
       .what = "a supply gap of 200 ms at most clears the usage of the period"},
      {.name = "cjt484-5.3.5-d2",
       .changes = {[](MeterTraits& t) { t.step.dips_of_the_mains_clear_period = true; }},
       .expected = {{r5_3_5, fail}},
       .conditions = {.supply = "mains"},
       .what = "dips of the mains clear the usage of the period"},
      {.name = "cjt484-5.3.5-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.boot_time = 15s; }},
       .conditions = {.boot_time_s = 15, .supply = "dc"},
       .what = "starts anew with each dip, for longer than they are apart, and keeps everything"},
  };
}

}  // namespace meterrig::bench::defect_table
