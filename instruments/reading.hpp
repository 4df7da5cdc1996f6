#pragma once

#include <string>
#include <vector>

namespace meterrig {

// A measured value with the limits of its error. Units are those of the quantity's name: V, A, Pa, degC, L/h, m3.
struct Reading {
  double value = 0;
  double half_width = 0;  // the true value lies within +- this, rectangular (the instrument's specification)
  // GUM, JJF 1059.1: u = a/sqrt(3), U = k u, k = 2.
  double expanded_uncertainty() const;
};

// U of a sum or difference of independent readings with sensitivities 1.
double combined_uncertainty(const std::vector<double>& expanded);

// One line of an accuracy table: |error| <= of_reading * |x| + offset, for |x| up to `up_to`, and the digits.
struct AccuracyLine {
  double up_to = 0;
  double of_reading = 0;
  double offset = 0;
  double resolution = 0;
};

// The accuracy of one measuring function over its ranges, smallest range first.
class Accuracy {
 public:
  Accuracy() = default;
  // Throws std::invalid_argument unless ranges rise and every number is >= 0.
  explicit Accuracy(std::vector<AccuracyLine> lines);
  bool empty() const noexcept { return lines_.empty(); }
  const AccuracyLine& line_for(double value) const;
  double half_width(double value) const;
  // That of one range alone, for an instrument that stays in it. Throws std::invalid_argument when there is none such.
  Accuracy of_range(double up_to) const;
  Reading reading(double value) const { return {value, half_width(value)}; }
  double resolution(double value) const { return line_for(value).resolution; }

 private:
  std::vector<AccuracyLine> lines_;
};

}  // namespace meterrig
