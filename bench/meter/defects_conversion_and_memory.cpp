#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace meterrig::bench::defect_table {

using namespace clause;

std::vector<MeterDefect> conversion() {
  return {
      {.name = "cjt503-5.3.10a-d1",
       .changes = {[](MeterTraits& t) { t.conversion.lose_every = 4; }},
       .expected = {{r5_3_10a, fail}},
       .what = "every fourth pulse of a run is lost"},
      {.name = "cjt503-5.3.10a-d2",
       .changes = {[](MeterTraits& t) { t.conversion.double_from = 6; }},
       .expected = {{r5_3_10a, fail}},
       .what = "the reed bounces from the sixth pulse of a run on: every second one counts twice"},
      {.name = "cjt503-5.3.10a-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.conversion.start_fraction = 0.4; }},
       .what = "stops with a pulse not yet given: 0.6 equivalents short"},
      {.name = "cjt503-5.3.10b-d1",
       .changes = {[](MeterTraits& t) { t.conversion.carry_error = true; }},
       .expected = {{r5_3_10b, fail}},
       .conditions = {.direct_reading = true},
       .what = "the next wheel moves while the last shows 9: ten divisions too much"},
      {.name = "cjt503-5.3.10b-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.conversion.low_in_transition = true; }},
       .conditions = {.direct_reading = true},
       .what = "one division low during a transition"},
  };
}

std::vector<MeterDefect> retention() {
  return {
      {.name = "cjt503-5.3.11-d1",
       .changes = {[](MeterTraits& t) { t.memory.save_every = 10; }},
       .expected = {{r5_3_11, fail}},
       .what = "the register is saved every ten pulses"},
      {.name = "cjt503-5.3.11-d3",
       .changes = {[](MeterTraits& t) {
         t.memory.two_torn_copies = true;
         t.memory.write_after = 500ms;
         t.memory.write_time = 1s;
       }},
       .expected = {{r5_3_11, fail}},
       .what = "both copies in the EEPROM are torn by a cut 1 s after a pulse; restarts from zero"},
      {.name = "cjt503-5.3.11-g3",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.memory.clock_holds = 50s; }},
       .what = "the clock is back at 2000-01-01 after 60 s without supply"},
      {.name = "cjt503-5.3.11-x1",
       .changes = {[](MeterTraits& t) { t.memory.settlement_day_in_ram = true; }},
       .expected = {{r5_3_11, fail}},
       .what = "the settlement day is kept in RAM alone: back at its default after a cut"},
      {.name = "cjt503-5.3.11-x2",
       .changes = {[](MeterTraits& t) {
         t.memory.hangs_after_cut_from = 55s;
         t.memory.hangs_after_cut_to = 75s;
       }},
       .expected = {{r5_3_11, fail}},
       .what = "a cut of a minute leaves the reset circuit in its dead band: silent until the next power-up"},
  };
}

std::vector<MeterDefect> undervoltage() {
  return {
      {.name = "cjt503-5.3.13-d2",
       .changes = {[](MeterTraits& t) { t.undervoltage.close_above_declared = -0.25; }},
       .expected = {{r5_3_13, fail}},
       .what = "closes 0.25 V below the declared minimum voltage"},
      {.name = "cjt503-5.3.13-d3",
       .changes = {[](MeterTraits& t) { t.memory.brown_out_corrupts = true; }},
       .expected = {{r5_3_13, fail}},
       .what = "a slow fall to 0 V spoils the register"},
      {.name = "cjt503-5.3.13-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.undervoltage.warn_above_declared = 0.02;
         t.undervoltage.close_above_declared = 0.03;
       }},
       .what = "warns 0.02 V and closes 0.03 V early"},
      {.name = "cjt503-5.3.13-x1",
       .changes = {[](MeterTraits& t) { t.undervoltage.close_samples = 40; }},
       .expected = {{r5_3_13, fail}},
       .what = "closes 40 s after the minimum voltage, declared 10 s"},
      {.name = "cjt503-5.3.13-x2",
       .changes = {[](MeterTraits& t) { t.undervoltage.never_warns = true; }},
       .expected = {{r5_3_13, fail}},
       .what = "the battery-low bit is stuck at clear"},
  };
}

}  // namespace meterrig::bench::defect_table
