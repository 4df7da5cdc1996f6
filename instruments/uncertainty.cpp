#include "instruments/uncertainty.hpp"

#include <cmath>
#include <stdexcept>

namespace meterrig {

const char* word(Distribution distribution) {
  return distribution == Distribution::rectangular ? "rectangular" : "normal";
}

double BudgetTerm::standard_uncertainty() const {
  return distribution == Distribution::rectangular ? spread / std::sqrt(3.0) : spread;
}

double BudgetTerm::contribution() const { return std::abs(sensitivity) * standard_uncertainty(); }

Budget& Budget::add(BudgetTerm term) {
  if (!(term.spread >= 0) || !std::isfinite(term.spread) || !std::isfinite(term.sensitivity))
    throw std::invalid_argument("uncertainty budget: the term " + term.name + " has no spread that is a number");
  if (term.contribution() > 0) terms_.push_back(std::move(term));
  return *this;
}

Budget& Budget::half_width_of(std::string name, double half_width, std::string unit, double sensitivity) {
  return add({std::move(name), Distribution::rectangular, half_width, std::move(unit), sensitivity});
}

Budget& Budget::standard(std::string name, double standard_deviation) {
  return add({std::move(name), Distribution::normal, standard_deviation, unit_, 1});
}

Budget& Budget::add(const Budget& other, double sensitivity, const std::string& prefix) {
  for (BudgetTerm term : other.terms_) {
    if (!prefix.empty()) term.name = prefix + " " + term.name;
    term.sensitivity *= sensitivity;
    add(std::move(term));
  }
  if (other.correction_) corrected(*other.correction_ * sensitivity);
  return *this;
}

Budget Budget::in(const std::string& unit, double factor) const {
  Budget result(unit);
  for (BudgetTerm term : terms_) {
    if (term.unit == unit_ && term.sensitivity == 1) {
      term.unit = unit;
      term.spread *= factor;
    } else {
      term.sensitivity *= factor;
    }
    result.add(std::move(term));
  }
  if (correction_) result.corrected(*correction_ * factor);
  return result;
}

double Budget::combined() const {
  double sum = 0;
  for (const BudgetTerm& term : terms_) sum += term.contribution() * term.contribution();
  return std::sqrt(sum);
}

const BudgetTerm* Budget::dominant() const {
  const double all = combined();
  for (const BudgetTerm& term : terms_)
    if (term.distribution == Distribution::rectangular && term.contribution() * term.contribution() >= 0.9 * all * all)
      return &term;
  return nullptr;
}

double standard_deviation_of_mean(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  if (values.size() < 2) return 0;
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1) / n);
}

}  // namespace meterrig
