#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

// Step-tariff water meters (CJ/T 484): usage, clock, settlement, what is stored and set.
namespace meterrig::bench::defect_table {

using namespace step_clause;

namespace {

// Parts in 1e12 that make a clock wrong by so many seconds a day.
constexpr std::int64_t seconds_a_day(double seconds) {
  return static_cast<std::int64_t>(seconds / 86400 * 1e12 + (seconds < 0 ? -0.5 : 0.5));
}

}  // namespace

std::vector<MeterDefect> step_usage() {
  return {
      {.name = "cjt484-5.4.1-d1",
       .changes = {[](MeterTraits& t) { t.step.period_resolution = 1000; }},
       .expected =
           with_all_treatments({{r5_4_1, fail}, {r5_4_3, fail}, {r5_4_5, fail}, {r5_4_6a, fail}, {r5_3_4, fail}}),
       .what = "the period usage counts in whole cubic metres"},
      {.name = "cjt484-5.4.1-d3",
       .changes = {[](MeterTraits& t) { t.step.period_needs_display = true; }},
       .expected = with_all_treatments({{r5_4_1, fail},
                                        {r5_4_3, fail},
                                        {r5_4_5, fail},
                                        {r5_4_6a, fail},
                                        {price, fail},
                                        {error, fail},
                                        {r5_3_4, fail}}),
       .what = "the period usage counts only for 30 s after someone looked at the display"},
      {.name = "cjt484-5.4.1-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.period_resolution = 100; }},
       .conditions = {.period_resolution_m3 = 0.1},
       .what = "cumulative usage to 0.001 m3, period usage to 0.1 m3"},
  };
}

std::vector<MeterDefect> step_clock() {
  return {
      {.name = "cjt484-5.4.2a-d1",
       .changes = {[](MeterTraits& t) { t.step.knows_no_leap_day = true; }},
       .expected = {{r5_4_2a, fail}},
       .what = "the clock goes from 28 February to 1 March in every year"},
      {.name = "cjt484-5.4.2a-d4",
       .changes = {[](MeterTraits& t) { t.step.loses_clock = true; }},
       .expected = with_treatments_here({{r5_4_2a, fail}}),
       .what = "the clock begins at 2000-01-01 at power-up, though its backup is declared"},
      {.name = "cjt484-5.4.2a-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.clock_reads_behind = 1s; }},
       .what = "the clock reads 1 s behind"},
      // What would take months of waiting for real is not tested unless somebody wants to wait.
      {.name = "cjt484-held-clock",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.clock_moves_at_most = 25h; }},
       // What it was moved by in several steps can't be taken back in one.
       .expected = {{r5_4_2a, not_tested}, {r5_4_2b, inconclusive}, {r5_4_2c, inconclusive}},
       .what = "lets its clock be moved by a day at most"},
      {.name = "cjt484-5.4.2b-d2",
       .changes = {[](MeterTraits& t) {
         t.step.clock_rate = 136'000;  // right at 23 degrees
         t.step.clock_stops_each_hour = 3s;
       }},
       .expected = {{r5_4_2b, fail}},
       .what = "the clock stands still for 3 s an hour, while the meter transmits: -72 s a day"},
      {.name = "cjt484-5.4.2b-d3",
       .changes = {[](MeterTraits& t) {
         t.step.clock_rate = seconds_a_day(20);
         t.step.network_corrects_clock_every = 6h;
       }},
       // At 55 degrees 4.3 s in six hours.
       .expected = {{r5_4_2b, "void"}, {r5_4_2c, "void"}},
       .what = "20 s a day fast, and set right by the network every six hours"},
      {.name = "cjt484-5.4.2b-g2",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.step.clock_rate = seconds_a_day(10);
         t.step.clock_rate_per_square_kelvin = 0;
       }},
       .what = "10.0 s a day fast"},
      {.name = "cjt484-5.4.2c-d1",
       .changes = {[](MeterTraits& t) { t.step.clock_rate_below_zero = -1'317'913'778; }},
       .expected = {{r5_4_2c, fail}},
       .what = "a crystal that fails in the cold: -120 s a day at -25 degrees"},
      {.name = "cjt484-5.4.2c-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.clock_rate_below_zero = -1'040'136'000; }},
       .what = "-96 s a day at -25 degrees"},
  };
}

std::vector<MeterDefect> step_settlement() {
  return {
      {.name = "cjt484-5.4.3-d4",
       .changes = {[](MeterTraits& t) { t.step.settles_late = 1h; }},
       // Without a period that begins, annex A has no start.
       .expected = {{r5_4_3, fail},
                    {r5_4_5, fail},
                    {r5_4_6b, fail},
                    {price, inconclusive},
                    {error, inconclusive},
                    {r5_4_8_2, inconclusive},
                    {r5_4_8_3a, inconclusive}},
       .what = "settles one hour late"},
      {.name = "cjt484-5.4.3-d5",
       .changes = {[](MeterTraits& t) { t.step.quarter_is_month = true; }},
       .expected = {{r5_4_3, fail}},
       .what = "takes the code of the quarter and settles every month"},
      {.name = "cjt484-5.4.3-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.freeze_takes = 6s; }},
       .what = "freezes 6 s after the settlement, with its values"},
      {.name = "cjt484-5.4.4-d2",
       .changes = {[](MeterTraits& t) { t.step.hour_24_accepted = true; }},
       .expected = {{r5_4_4, fail}, {r5_4_7, fail}},
       .what = "takes hour 24 for a settlement time"},
      {.name = "cjt484-5.4.4-d3",
       .changes = {[](MeterTraits& t) { t.step.settlement_time_in_binary = true; }},
       .expected = {{r5_4_4, fail}, {r5_4_7, fail}},
       .what = "keeps the settlement time in binary: day 28 reads 1CH"},
      {.name = "cjt484-5.4.4-g3",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.month_of_settlement_unused = true; }},
       .what = "with the month as its cycle the month of the settlement time reads 01"},
      {.name = "cjt484-5.4.5-d3",
       .changes = {[](MeterTraits& t) { t.step.freezes_period = true; }},
       .expected = {{r5_4_5, fail}, {r5_4_3, fail}, {r5_4_6b, fail}},
       .what = "freezes the period usage in place of the cumulative one"},
      {.name = "cjt484-5.4.5-d4",
       .changes = {[](MeterTraits& t) { t.step.settles_early = 59s; }},
       .expected = {{r5_4_5, fail}},
       .what = "freezes up to 59 s before the settlement"},
      {.name = "cjt484-5.4.5-g2",
       .borderline = true,
       .changes = {[](MeterTraits& t) {
         t.step.period_resolution = 10;
         t.step.period_keeps_remainder = true;
       }},
       // Resolution-limited (annex A): where the period began is known to 10 L.
       .expected = {{error, inconclusive}},
       .conditions = {.period_resolution_m3 = 0.01},
       .what = "what is below the resolution of the period usage goes over into the next period"},
  };
}

std::vector<MeterDefect> step_storage() {
  return {
      {.name = "cjt484-5.4.6a-d1",
       .changes = {[](MeterTraits& t) { t.step.period_lost_at_start = true; }},
       .expected = with_treatments_here({{r5_4_6a, fail}}),
       .what = "the period usage is gone after a supply gap"},
      {.name = "cjt484-5.4.6a-d2",
       .changes = {[](MeterTraits& t) { t.step.period_from_hourly_backup = true; }},
       // It charges by the usage of the period.
       .expected = with_treatments_here({{r5_4_6a, fail}, {r5_4_8_2, fail}}),
       .what = "after a supply gap the period usage is that of the last full hour"},
      {.name = "cjt484-5.4.6a-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.boot_time = 15s; }},
       .conditions = {.boot_time_s = 15},
       .what = "takes 15 s to start"},
      {.name = "cjt484-5.4.6b-d3",
       .changes = {[](MeterTraits& t) { t.step.marks_time_of_reading = true; }},
       .expected = {{r5_4_6b, fail}},
       .what = "the time mark of a record is the time of reading it"},
      {.name = "cjt484-5.4.6b-d4",
       .changes = {[](MeterTraits& t) { t.step.records_in_ram = true; }},
       .expected = {{r5_4_6b, fail}},
       .what = "the records are gone after a supply gap"},
      {.name = "cjt484-5.4.6b-g1", .borderline = true, .what = "keeps 24 records"},
      {.name = "cjt484-5.4.7-d3",
       .changes = {[](MeterTraits& t) { t.step.table_taken_in_part = true; }},
       .expected = {{r5_4_7, fail}},
       .what = "takes a price table up to its first illegal price"},
      {.name = "cjt484-5.4.7-d4",
       .changes = {[](MeterTraits& t) { t.step.refuses_leap_day = true; }},
       .expected = {{r5_4_7, fail}, {r5_4_2a, fail}},
       .what = "refuses a clock of 29 February"},
      {.name = "cjt484-5.4.7-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.silent_refusal = true; }},
       .what = "is silent to what it refuses"},
  };
}

}  // namespace meterrig::bench::defect_table
