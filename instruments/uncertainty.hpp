#pragma once

#include <optional>
#include <string>
#include <vector>

namespace meterrig {

// How the values that a quantity may have are spread (GUM 4.3, JJF 1059.1).
enum class Distribution { rectangular, normal };
const char* word(Distribution distribution);

// One contribution to the uncertainty of a measured quantity.
struct BudgetTerm {
  std::string name;  // accuracy, resolution, repeatability, zero, window, polling, calibration, drift ...
  Distribution distribution = Distribution::rectangular;
  double spread = 0;       // half width of a rectangle, standard deviation of a normal distribution; in `unit`
  std::string unit;        // UCUM
  double sensitivity = 1;  // of the measured quantity to this one
  // Of the term's own quantity: a/sqrt(3), or s.
  double standard_uncertainty() const;
  // To the measured quantity, in its unit.
  double contribution() const;
};

// The uncertainty of one measured quantity: independent terms, combined as GUM 5.1.2 says, expanded with k = 2.
// Without terms the quantity is exact or counted.
class Budget {
 public:
  static constexpr double coverage_factor = 2;

  explicit Budget(std::string unit = "1") : unit_(std::move(unit)) {}
  // Terms without any spread are left out. Throws std::invalid_argument for a spread that is negative or no number.
  Budget& add(BudgetTerm term);
  Budget& half_width(std::string name, double half_width) {
    return half_width_of(std::move(name), half_width, unit_, 1);
  }
  Budget& half_width_of(std::string name, double half_width, std::string unit, double sensitivity);
  Budget& standard(std::string name, double standard_deviation);
  // The terms of a budget of another quantity, with the measured quantity's sensitivity to it. `prefix` stands before
  // their names. Their correction is taken over as well.
  Budget& add(const Budget& other, double sensitivity = 1, const std::string& prefix = {});

  // The same in another unit of the same quantity.
  Budget in(const std::string& unit, double factor) const;

  const std::string& unit() const noexcept { return unit_; }
  const std::vector<BudgetTerm>& terms() const noexcept { return terms_; }
  bool exact() const noexcept { return terms_.empty(); }
  double combined() const;                                          // u_c
  double expanded() const { return coverage_factor * combined(); }  // U
  // The rectangular term that makes at least 90 % of u_c^2. A rectangle holds 95 % within 1.65 u: k = 2 is then more
  // than 95 %. Null: none does.
  const BudgetTerm* dominant() const;
  // What was added to the indication, from calibration data, in the measured quantity's unit. None: nothing applied.
  const std::optional<double>& correction() const noexcept { return correction_; }
  void corrected(double correction) { correction_ = correction_.value_or(0) + correction; }

 private:
  std::string unit_;
  std::vector<BudgetTerm> terms_;
  std::optional<double> correction_;
};

// s/sqrt(n) of the mean of repeated values; 0 for less than two.
double standard_deviation_of_mean(const std::vector<double>& values);

}  // namespace meterrig
