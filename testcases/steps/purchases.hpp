#pragma once

#include "testcases/steps/money.hpp"

namespace meterrig::testcases {

// Purchases of one clause by the meter's item (A013 of CJ/T 188: a number, and an amount; a number counts once). None
// can be taken back: the record says what the sample is left with.
class Purchases {
 public:
  explicit Purchases(Trial& trial) : trial_(trial) {}

  // Under the number that follows the meter's last one. Throws MeterRefused when the meter takes none.
  Task<> buy(tariff::Cents amount);
  // Says the last purchase once more. True when the balance rose by it; no water may flow meanwhile.
  Task<bool> counted_again();
  // Brings the balance to `least` at least (annex A: Ms pays for the water), and gives it. Inconclusive when what was
  // bought does not show in the balance.
  Task<tariff::Cents> fill_up(tariff::Cents least);

 private:
  void count(tariff::Cents amount, int times);
  Trial& trial_;
  int number_ = 0;  // of the last one
  tariff::Cents amount_ = 0;
  int count_ = 0;
  tariff::Cents sum_ = 0;
};

}  // namespace meterrig::testcases
