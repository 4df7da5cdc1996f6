#pragma once

#include <chrono>
#include <cstdint>

#include "core/time.hpp"

namespace meterrig::bench {

// When a step-tariff meter settles (CJ/T 484 5.4.3, 5.4.4): by natural day, month, quarter or year, or every so many
// days. Of the settlement time MMDDhh a cycle uses what it needs: the year all of it, the quarter MM as the month that
// it counts from, the month DD and hh, the day and the custom cycle hh.
struct SettlementRule {
  enum class Cycle { day = 1, month, quarter, year, custom };
  Cycle cycle = Cycle::month;
  unsigned month = 1, day = 1, hour = 0;
  int custom_days = 30;
  std::chrono::sys_days custom_from{};  // the day that the custom cycle counts from
};

// The first settlement after `time`.
Utc next_settlement(const SettlementRule& rule, Utc time);

}  // namespace meterrig::bench
