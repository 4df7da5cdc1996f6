#pragma once

#include "core/tariff/settlement.hpp"
#include "core/tariff/staircase.hpp"

namespace meterrig::tariff {

// What a prepaid water meter must have charged over a chain of runs: water, ends of periods, changes of the price table
// and purchases in the order in which they happened. Exact, nothing is ever rounded or cleared.
// Each call that throws std::invalid_argument has changed nothing.
class Account {
 public:
  // The balance that the meter shows at the beginning, and the usage that its period had by then.
  Account(Staircase prices, Cents opening_balance, Litres period_usage = 0);

  void use(Litres volume);            // 0 or more; the period's usage stays within volume_max
  void settle();                      // the period ends: its usage is 0, the part of a cent that was not charged stays
  void switch_table(Staircase next);  // the usage is kept, and what it cost
  void purchase(Cents amount);        // below 0: money paid back

  Cost cost() const noexcept { return cost_; }  // of all water since the beginning
  Litres period_usage() const noexcept { return period_usage_; }
  Cents paid_in() const noexcept { return paid_in_; }  // opening balance and purchases
  Cost balance() const;                                // exact; below 0: a credit
  const Staircase& prices() const noexcept { return prices_; }

  // E of the whole chain, of the balance that the meter shows now, and its zone. The highest price is that of all
  // tables which were in use.
  Cost error(Cents shown_balance) const;
  Zone zone(Cents shown_balance, Litres resolution = 0) const;

 private:
  Staircase prices_;
  Cents paid_in_;
  Litres period_usage_;
  Cost cost_ = 0;
  Price highest_price_;
};

}  // namespace meterrig::tariff
