#include "bench/meter/defect_table.hpp"

// Rows leave out what stays as it is.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

// Step-tariff water meters (CJ/T 484): money, price tables, the security of the link.
namespace meterrig::bench::defect_table {

using namespace step_clause;

std::vector<MeterDefect> step_money() {
  using Segment = StepTraits::Segment;
  return {
      {.name = "cjt484-5.4.8.2-d2",
       .changes = {[](MeterTraits& t) { t.step.segment = Segment::cut; }},
       .expected = {{r5_4_8_2, fail}, {error, fail}},
       .what = "what is below a cent is gone when the water stops"},
      {.name = "cjt484-5.4.8.2-d3",
       .changes = {[](MeterTraits& t) { t.step.segment = Segment::rounded_up; }},
       .expected = {{r5_4_8_2, fail}, {error, fail}, {r5_4_8_3a, fail}},
       .what = "what is below a cent is made a whole one when the water stops"},
      {.name = "cjt484-5.4.8.2-g1", .borderline = true, .what = "charges whole cents and carries the remainder"},
      {.name = "cjt484-a.price-d2",
       .changes = {[](MeterTraits& t) { t.step.price_by_cumulative = true; }},
       .expected = {{price, fail}, {error, fail}, {r5_4_8_2, fail}, {r5_4_8_3a, fail}},
       .what = "the price goes by the cumulative usage"},
      {.name = "cjt484-a.price-d3",
       .changes = {[](MeterTraits& t) { t.step.price_changes_at_midnight = true; }},
       .expected = {{price, fail}, {error, fail}},
       .what = "the price changes at midnight only"},
      {.name = "cjt484-a.price-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.shows_next_step_at_boundary = true; }},
       .what = "shows the next price at exactly a step volume"},
      {.name = "cjt484-a.error-d1",
       .changes = {[](MeterTraits& t) { t.step.whole_at_last_price = true; }},
       .expected = {{error, fail}},
       .what = "charges the whole period usage at the price of its last step"},
      {.name = "cjt484-a.error-d4",
       .changes = {[](MeterTraits& t) { t.step.litres_held_back = 500; }},
       .expected = {{error, fail}, {r5_4_8_2, fail}, {r5_4_8_3a, fail}},
       .what = "charges the last 0.5 m3 when water flows again"},
      {.name = "cjt484-a.error-x1",
       .changes = {[](MeterTraits& t) { t.step.purchase_clears_remainder = true; }},
       .expected = {{error, fail}},
       .what = "what is below a cent is gone with a purchase"},
      {.name = "cjt484-a.error-x2",
       .changes = {[](MeterTraits& t) { t.step.takes_purchase_again = true; }},
       .expected = {{error, fail}},
       .what = "counts a purchase again that is said twice"},
      {.name = "cjt484-a.error-x3",
       .changes = {[](MeterTraits& t) { t.step.loses_purchase_in_credit = true; }},
       // Its balance stays below 0: nothing that is bought pays for more water.
       .expected = {{error, fail}, {r5_4_8_2, inconclusive}},
       .what = "a purchase while the balance is below 0 is lost"},
      {.name = "cjt484-a.error-g2",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.charges_begun_cents = true; }},
       .what = "charges a cent when it is begun"},
  };
}

std::vector<MeterDefect> step_tables() {
  return {
      {.name = "cjt484-5.4.8.3a-d1",
       .changes = {[](MeterTraits& t) { t.step.standby_never_enabled = true; }},
       .expected = {{r5_4_8_3a, fail}, {error, fail}},
       .what = "the standby table never becomes current"},
      {.name = "cjt484-5.4.8.3a-d4",
       .changes = {[](MeterTraits& t) { t.step.recharges_period = true; }},
       .expected = {{r5_4_8_3a, fail}, {error, fail}},
       .what = "with the standby table the usage before it is charged again, at the new prices"},
      {.name = "cjt484-5.4.8.3a-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.enabling_takes = 5s; }},
       .what = "the standby table becomes current 5 s late"},
      {.name = "cjt484-5.4.8.3b-d1",
       .changes = {[](MeterTraits& t) {
         t.step.step_volumes = t.step.most_step_volumes = t.step.least_step_volumes = 1;
       }},
       // It refuses every table with two, also that of the clauses' own.
       .expected = {{r5_4_8_3b, fail},
                    {r5_4_7, fail},
                    {price, fail},
                    {error, fail},
                    {r5_4_8_2, fail},
                    {r5_4_8_3a, fail},
                    {r5_4_8_3c, fail},
                    {r5_4_9_1, inconclusive},
                    {r5_4_9_2b, recorded}},
       .what = "has one step volume and two prices only"},
      {.name = "cjt484-5.4.8.3b-d2",
       .changes = {[](MeterTraits& t) { t.step.hides_enable_date = true; }},
       .expected = {{r5_4_8_3b, fail}, {r5_4_8_3c, fail}, {r5_4_9_2b, recorded}},
       .what = "the standby table reads without its enable date"},
      {.name = "cjt484-5.4.8.3b-g1",
       .borderline = true,
       .changes = {[](MeterTraits& t) { t.step.step_volumes = 4; }},
       .what = "comes with four step volumes and five prices"},
      {.name = "cjt484-5.4.8.3c-d1",
       .changes = {[](MeterTraits& t) { t.step.price_of_16_bits = true; }},
       .expected = {{r5_4_8_3c, fail}},
       .what = "keeps prices in 16 bits: 9999.99 reads 169.59"},
      {.name = "cjt484-5.4.8.3c-d2",
       .changes = {[](MeterTraits& t) { t.step.each_february_has_29 = true; }},
       .expected = {{r5_4_8_3c, fail}},
       .what = "takes 29 February of any year for an enable date"},
      {.name = "cjt484-5.4.8.3c-g1",
       .borderline = true,
       .what = "shows prices without leading zeros, and sends all digits"},
  };
}

std::vector<MeterDefect> step_security() {
  return {
      {.name = "cjt484-5.4.9.1-d2",
       .changes = {[](MeterTraits& t) { t.step.ignores_check = true; }},
       .expected = {{r5_4_9_1, fail}},
       .what = "does not look at the check value of an enciphered message"},
      {.name = "cjt484-5.4.9.1-d4",
       .changes = {[](MeterTraits& t) { t.step.forgets_sequence = true; }},
       .expected = {{r5_4_9_1, fail}},
       .what = "forgets the sequence of enciphered messages with the supply"},
      {.name = "cjt484-5.4.9.1-g1", .borderline = true, .what = "usage reads in plain, writes are enciphered"},
      {.name = "cjt484-5.4.9.2b-d1",
       .changes = {[](MeterTraits& t) { t.step.xors = true; }},
       // Nothing that the rig enciphers is understood.
       .expected = {{r5_4_9_2b, recorded},
                    {r5_4_9_1, inconclusive},
                    {r5_4_2a, fail},
                    {r5_4_2b, fail},
                    {r5_4_2c, fail},
                    {r5_4_3, fail},
                    {r5_4_4, fail},
                    {r5_4_5, fail},
                    {r5_4_6b, fail},
                    {r5_4_7, fail},
                    {price, fail},
                    {error, fail},
                    {r5_4_8_2, fail},
                    {r5_4_8_3a, fail},
                    {r5_4_8_3b, fail},
                    {r5_4_8_3c, fail}},
       .what = "XOR with the key in place of SM4"},
      {.name = "cjt484-5.4.9.2b-d2",
       .changes = {[](MeterTraits& t) { t.step.takes_plain = true; }},
       .expected = {{r5_4_9_2b, recorded}},
       .what = "takes writes in plain, from anybody"},
      {.name = "cjt484-5.4.9.2b-g1",
       .borderline = true,
       .conditions = {.optional_functions = "[]"},
       .what = "claims nothing of CJ/T 188-2018 clause 7"},
  };
}

}  // namespace meterrig::bench::defect_table
