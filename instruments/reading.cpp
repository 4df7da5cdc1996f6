#include "instruments/reading.hpp"

#include <cmath>
#include <stdexcept>

namespace meterrig {

double Reading::expanded_uncertainty() const { return 2 * half_width / std::sqrt(3.0); }

double combined_uncertainty(const std::vector<double>& expanded) {
  double sum = 0;
  for (const double u : expanded) sum += u * u;
  return std::sqrt(sum);
}

Accuracy::Accuracy(std::vector<AccuracyLine> lines) : lines_(std::move(lines)) {
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
    if (std::abs(line.up_to - up_to) <= 1e-9 * up_to) return Accuracy({line});
  throw std::invalid_argument("accuracy: no range up to " + std::to_string(up_to));
}

double Accuracy::half_width(double value) const {
  const AccuracyLine& line = line_for(value);
  return line.of_reading * std::abs(value) + line.offset + line.resolution / 2;
}

}  // namespace meterrig
