#pragma once

#include <vector>

#include "core/tariff/price_table.hpp"
#include "core/tariff/units.hpp"

namespace meterrig::tariff {

// What a part of the usage cost in one step.
struct StepCost {
  int step;     // 1 is where the period begins
  Litres from;  // usage of the period
  Litres to;
  Price price;
  Cost cost;

  bool operator==(const StepCost&) const = default;
};

// Steps that a meter may show at a usage: one, or at exactly a step volume the one that ends there and the one that
// begins, because CJ/T 484 leaves open which it is. The cost does not depend on it.
struct StepsAt {
  int first;
  int last;

  bool operator==(const StepsAt&) const = default;
};

// The stepped price of CJ/T 484 annex A over the usage X of one settlement period:
//   C(X) = sum over the steps of price x (the part of X in that step), exact in 1e-5 yuan.
// A usage is 0 to volume_max litres; std::invalid_argument beyond.
class Staircase {
 public:
  // std::invalid_argument with all of faults_of(table).
  explicit Staircase(PriceTable table);

  Cost cost(Litres usage) const;                              // from the beginning of the period
  Cost cost_between(Litres from, Litres to) const;            // from <= to: std::invalid_argument else
  std::vector<StepCost> parts(Litres from, Litres to) const;  // what cost_between adds up, steps that took part
  StepsAt steps_at(Litres usage) const;
  bool price_fits(Litres usage, Price shown) const;  // is it the price of one of steps_at?
  Price highest_price() const;
  const PriceTable& table() const noexcept { return table_; }

 private:
  struct Step {
    Litres from;
    Litres to;
    Price price;
    Cost before;  // of all water below `from`
  };
  const Step& step_of(Litres usage) const;

  PriceTable table_;
  std::vector<Step> steps_;
};

}  // namespace meterrig::tariff
