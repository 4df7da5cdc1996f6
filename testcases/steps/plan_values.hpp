#pragma once

#include <string>
#include <vector>

#include "core/tariff/price_table.hpp"
#include "testcases/steps/water.hpp"

// Values of a plan as the procedures of CJ/T 484 need them, exact. Each throws UserError with the value's file and line
// when it is none that they can run with; so a plan is refused before anything is switched on.
namespace meterrig::testcases {

// A whole number of litres, `least` or more; `why` it can't be less.
std::int64_t litres_of(const plan::Clause& clause, const std::string& name, std::int64_t least = 1,
                       const std::string& why = "");
std::vector<std::int64_t> litres_list(const plan::Clause& clause, const std::string& name);
tariff::Cents money_of(const plan::Clause& clause, const std::string& name);  // 0.01 to 9999.99 yuan (table 3)
tariff::Price price_of(const plan::Clause& clause, const std::string& name);

// The parameters `step_volumes_m3` and `prices`, in the ranges of table 2, one price more than volumes. Falling volumes
// or a single one make a table that nobody forbids to try: see climbs().
tariff::PriceTable table_of(const plan::Clause& clause, const std::string& prices = "prices_yuan_per_m3");
// At least two step volumes, each above the last: what annex A prices.
bool climbs(const tariff::PriceTable& table);

// MMDDhh, day 1 to 28 (table 1); parameter `settlement_time`.
SettlementTime settlement_time_of(const plan::Clause& clause);
// YYMMDDhh, an hour that exists; parameter `enable_date`. "next_day" is the first full hour a day after the meter's
// `now`.
CivilTime enable_date_of(const plan::Clause& clause, CivilTime now = {});

// Litres of a pulse. Throws UserError when pulse_volume_m3 is no whole number of litres.
std::int64_t litres_a_pulse(const plan::DutFile& dut);
// A volume that follows from the parameter `name` is a whole number of the sample's pulses; null: none is known yet.
void check_pulses(const plan::Clause& clause, const std::string& name, std::int64_t litres, const plan::DutFile* dut);
// litres_of and check_pulses in one.
void check_volume(const plan::Clause& clause, const std::string& name, const plan::DutFile* dut);
// The parameter `balance_yuan` pays for what a clause's water costs (annex A: Ms is the cost at least).
void check_balance(const plan::Clause& clause, tariff::Cost cost);

}  // namespace meterrig::testcases
