#pragma once

#include <optional>
#include <string>
#include <vector>

#include "instruments/calibration.hpp"
#include "instruments/uncertainty.hpp"

namespace meterrig {

// What is known of the error of one indication.
struct ErrorBounds {
  double accuracy = 0;     // the specification's limits of error, rectangular; 0 where calibration data replace them
  double resolution = 0;   // of the display: half a digit either way, rectangular
  double calibration = 0;  // standard uncertainty of the certificate's correction, normal
  double drift = 0;        // since the calibration, either way, rectangular
  // The largest error that is still admissible, for comparisons with a tolerance.
  double half_width() const;
  Budget budget(const std::string& unit) const;
};

// A measured value with what is known of its error. Units are those of the quantity's name: V, A, Pa, degC, L/h, m3.
struct Reading {
  double value = 0;
  double half_width = 0;  // the true value lies within +- this
  ErrorBounds errors = {};
  std::optional<double> correction = {};  // added to the indication, from calibration data
  Budget budget(const std::string& unit) const;
};

// One line of an accuracy table: |error| <= of_reading * |x| + offset, for |x| up to `up_to`, and the digits.
struct AccuracyLine {
  double up_to = 0;
  double of_reading = 0;
  double offset = 0;
  double resolution = 0;
};

// The accuracy of one measuring function over its ranges, smallest range first, and its calibration data.
class Accuracy {
 public:
  Accuracy() = default;
  // Throws std::invalid_argument unless ranges rise and every number is >= 0.
  explicit Accuracy(std::vector<AccuracyLine> lines, std::optional<Calibration> calibration = std::nullopt);
  bool empty() const noexcept { return lines_.empty(); }
  const std::vector<AccuracyLine>& lines() const noexcept { return lines_; }
  const AccuracyLine& line_for(double value) const;
  // That of one range alone, for an instrument that stays in it. Throws std::invalid_argument when there is none such.
  Accuracy of_range(double up_to) const;
  // Of an indication. Within the calibrated range the certificate's uncertainty and the drift replace the
  // specification, or come beside it when no drift is given; outside, the specification alone holds.
  ErrorBounds errors(double indication) const { return errors(indication, line_for(indication)); }
  // The same for an indication of the range that `line` describes, whatever its value.
  ErrorBounds errors(double indication, const AccuracyLine& line) const;
  double half_width(double indication) const { return errors(indication).half_width(); }
  // To be added to an indication; none outside the calibrated range.
  std::optional<double> correction(double indication) const;
  bool corrects() const noexcept { return calibration_.has_value(); }
  // The indication corrected.
  Reading reading(double indication) const { return reading(indication, line_for(indication)); }
  Reading reading(double indication, const AccuracyLine& line) const;
  double resolution(double value) const { return line_for(value).resolution; }

 private:
  std::vector<AccuracyLine> lines_;
  std::optional<Calibration> calibration_;
};

}  // namespace meterrig
