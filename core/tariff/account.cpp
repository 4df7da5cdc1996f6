#include "core/tariff/account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/tariff/checked.hpp"
#include "core/tariff/decimal_text.hpp"

namespace meterrig::tariff {

Account::Account(Staircase prices, Cents opening_balance, Litres period_usage)
    : prices_(std::move(prices)),
      paid_in_(opening_balance),
      period_usage_(period_usage),
      highest_price_(prices_.highest_price()) {
  prices_.cost(period_usage);  // refuses a usage that is out of range
}

void Account::use(Litres volume) {
  if (volume < 0 || volume > volume_max - period_usage_)
    throw std::invalid_argument(fmt::format("volume {} m3 on a usage of {} m3: expected 0 to {}", volume_text(volume),
                                            volume_text(period_usage_), volume_text(volume_max - period_usage_)));
  cost_ = sum(cost_, prices_.cost_between(period_usage_, period_usage_ + volume));
  period_usage_ += volume;
}

void Account::settle() { period_usage_ = 0; }

void Account::switch_table(Staircase next) {
  prices_ = std::move(next);
  highest_price_ = std::max(highest_price_, prices_.highest_price());
}

void Account::purchase(Cents amount) { paid_in_ = sum(paid_in_, amount); }

Cost Account::balance() const { return difference(product(paid_in_, costs_per_cent), cost_); }

Cost Account::error(Cents shown_balance) const { return settlement_error(paid_in_, shown_balance, cost_); }

Zone Account::zone(Cents shown_balance, Litres resolution) const {
  return zone_of(error(shown_balance), highest_price_, resolution);
}

}  // namespace meterrig::tariff
