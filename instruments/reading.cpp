#include "instruments/reading.hpp"

#include <cmath>
#include <stdexcept>

namespace meterrig {

double ErrorBounds::half_width() const {
  return accuracy + resolution / 2 + Budget::coverage_factor * calibration + drift;
}

Budget ErrorBounds::budget(const std::string& unit) const {
  Budget all(unit);
  all.half_width("accuracy", accuracy).half_width("resolution", resolution / 2);
  return all.standard("calibration", calibration).half_width("drift", drift);
}

Budget Reading::budget(const std::string& unit) const {
  Budget all = errors.budget(unit);
  if (correction) all.corrected(*correction);
  return all;
}

Accuracy::Accuracy(std::vector<AccuracyLine> lines, std::optional<Calibration> calibration)
    : lines_(std::move(lines)), calibration_(std::move(calibration)) {
  double previous = 0;
  for (const AccuracyLine& line : lines_) {
    if (!(line.up_to > previous)) throw std::invalid_argument("accuracy: ranges must rise");
    if (line.of_reading < 0 || line.offset < 0 || line.resolution < 0)
      throw std::invalid_argument("accuracy: negative entry");
    previous = line.up_to;
  }
}

const AccuracyLine& Accuracy::line_for(double value) const {
  if (lines_.empty()) throw std::logic_error("this function has no accuracy table");
  for (const AccuracyLine& line : lines_)
    if (std::abs(value) <= line.up_to) return line;
  return lines_.back();
}

Accuracy Accuracy::of_range(double up_to) const {
  for (const AccuracyLine& line : lines_)
    if (std::abs(line.up_to - up_to) <= 1e-9 * up_to) return Accuracy({line}, calibration_);
  throw std::invalid_argument("accuracy: no range up to " + std::to_string(up_to));
}

ErrorBounds Accuracy::errors(double indication, const AccuracyLine& line) const {
  ErrorBounds bounds;
  bounds.resolution = line.resolution;
  const bool calibrated = calibration_ && calibration_->covers(indication);
  if (calibrated) bounds.calibration = calibration_->standard_uncertainty(indication);
  if (calibrated) bounds.drift = calibration_->drift().value_or(0);
  // A certificate says how it was on one day: only with the drift since then does it take the specification's place.
  if (!calibrated || !calibration_->drift()) bounds.accuracy = line.of_reading * std::abs(indication) + line.offset;
  return bounds;
}

std::optional<double> Accuracy::correction(double indication) const {
  if (!calibration_ || !calibration_->covers(indication)) return std::nullopt;
  return calibration_->correction(indication);
}

Reading Accuracy::reading(double indication, const AccuracyLine& line) const {
  const ErrorBounds bounds = errors(indication, line);
  const std::optional<double> added = correction(indication);
  return {indication + added.value_or(0), bounds.half_width(), bounds, added};
}

}  // namespace meterrig
