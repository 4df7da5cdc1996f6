#pragma once

#include <optional>
#include <string>

#include "core/tariff/account.hpp"
#include "core/tariff/decimal_text.hpp"
#include "testcases/steps/water.hpp"

// Steps of CJ/T 484 (revision) 5.4.8 and annex A: price tables, the balance and what water must have cost. Money is
// exact: cents, and costs in 1e-5 yuan.
namespace meterrig::testcases {

// A table as it goes over the line: number of step volumes n, n volumes of three bytes (m3), n + 1 prices of three
// bytes (0.01 yuan/m3), BCD, low byte first. The standby table has its enable date behind it, hh DD MM YY.
struct MeterTable {
  tariff::PriceTable table;
  std::string enabled;  // YYMMDDhh; empty: the current table
  bool operator==(const MeterTable&) const = default;
};
cjt188::Bytes bytes_of(const MeterTable& table);
// None: these are no table. `standby`: with the date.
std::optional<MeterTable> table_from(const cjt188::Bytes& bytes, bool standby);

Task<MeterTable> current_table(Trial& trial);
Task<MeterTable> standby_table(Trial& trial);
// Written so that it is put back when the clause ends.
Task<> write_current_table(Trial& trial, tariff::PriceTable table);
Task<> write_standby_table(Trial& trial, tariff::PriceTable table, std::string enabled);

// As the meter tells it; below 0: a credit.
Task<tariff::Cents> balance(Trial& trial);
// What the usage may be off by without anybody seeing it, litres: the clause's resolution_l, or the resolution that the
// maker declares of the period's usage where it is coarser than a litre.
tariff::Litres unseen_litres(const Trial& trial);

// A period that begins: runs across a daily settlement at the clause's `settlement_time`. The period's usage is 0 then,
// else void.
Task<> begin_period(Trial& trial);

// What a run is called in notes and figures.
struct RunName {
  std::string zh;
  std::string en;
};
// Holds E of the account against the clause's limit `settlement_error`, yuan, and puts it into the figure of that name.
// What lies between 0.01 yuan and the price of unseen_litres() more is inconclusive.
void measure_settlement_error(Trial& trial, const tariff::Account& account, tariff::Cents shown, RunName run);

struct Shown {
  std::int64_t step = 0;
  tariff::Price price = 0;
};
// The step and the price that the meter tells. Void when they are no numbers.
Task<Shown> shown_price(Trial& trial);
// Puts it into the figure A.1, at this usage of the period; what the table asks for is drawn by expect_prices().
void mark_price(Trial& trial, tariff::Litres usage, tariff::Price price);
void expect_prices(Trial& trial, const tariff::Staircase& prices, tariff::Litres to);

// Of a table that does not climb(): what the meter makes of it, in water and money, is recorded, and the clause ends
// so.
Task<> observe_table(Trial& trial, tariff::PriceTable table);

}  // namespace meterrig::testcases
