#include <array>

#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

// Step-tariff water meters (CJ/T 484): what people see of them, and what treatments on other equipment do to them.
namespace meterrig::bench::defect_table {

using namespace step_clause;

namespace {

constexpr std::array treated_here = {r5_1_4, r5_2_9, r5_2_10, r5_2_11, r5_3_13, r5_3_14};
constexpr std::array treated_elsewhere = {"CJT484-5.1.1/6.2.7",   "CJT484-5.1.2/6.2.4",   "CJT484-5.1.6/6.2.2",
                                          "CJT484-5.1.8/6.2.5",   "CJT484-5.1.9/6.2.11",  "CJT484-5.3.1/6.3.1",
                                          "CJT484-5.3.2/6.3.2",   "CJT484-5.3.3/6.3.3",   "CJT484-5.3.6/6.3.8",
                                          "CJT484-5.3.7/6.3.9",   "CJT484-5.3.8/6.3.10",  "CJT484-5.3.9/6.3.11",
                                          "CJT484-5.3.10/6.3.12", "CJT484-5.3.11/6.3.13", "CJT484-5.3.12/6.3.14"};

}  // namespace

Expected with_treatments_here(Expected others) {
  for (const char* clause : treated_here) others.emplace_back(clause, fail);
  return others;
}

Expected with_all_treatments(Expected others) {
  for (const char* clause : treated_elsewhere) others.emplace_back(clause, fail);
  return with_treatments_here(std::move(others));
}

std::vector<MeterDefect> step_sights() {
  return {
      {.name = "cjt484-8.1-d1",
       .changes = {[](MeterTraits& t) { t.step.unmet_at_sight = "8.1"; }},
       .expected = {{r8_1, fail}},
       .what = "bears no mark of its step-tariff function"},
      {.name = "cjt484-5.2.8-d1",
       .changes = {[](MeterTraits& t) { t.step.unmet_at_sight = "5.2.8"; }},
       .expected = {{r5_2_8, fail}},
       .what = "its seal is broken"},
      {.name = "cjt484-5.2.9-d1",
       .changes = {[](MeterTraits& t) { t.step.bench_percent_counted = 92; }},
       .expected = {{r5_2_9, fail}},
       .what = "worn by its endurance run: it counts 92 of 100 litres"},
      {.name = "cjt484-5.2.9-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.bench_percent_counted = 96; }},
       .what = "after its endurance run it counts 96 of 100 litres"},
      {.name = "cjt484-5.2.10-d1",
       .changes = {[](MeterTraits& t) { t.step.cleared_by_treatment = "5.2.10"; }},
       .expected = {{r5_2_10, fail}},
       .what = "the bumps of its transport clear what it has counted"},
      {.name = "cjt484-5.4.8.4-d1",
       .changes = {[](MeterTraits& t) { t.step.shows_credit_without_sign = true; }},
       .expected = {{r5_4_8_4, fail}},
       .what = "shows a credit without its minus"},
      {.name = "cjt484-5.4.8.4-d2",
       .changes = {[](MeterTraits& t) { t.step.shows_prices_below = 100'000; }},
       .expected = {{r5_4_8_4, fail}},
       .what = "shows prices with three integer digits: 9999.99 as 999.99"},
      {.name = "cjt484-5.4.8.4-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.shows_leading_zeros = true; }},
       .what = "shows the balance with leading zeros"},
      {.name = "cjt484-5.4.8.3.0-d1",
       .changes = {[](MeterTraits& t) { t.step.purchase_in_ram = true; }},
       .expected = {{r5_4_8_3_0, fail}},
       .what = "what was bought last is gone after a supply gap"},
  };
}

}  // namespace meterrig::bench::defect_table
