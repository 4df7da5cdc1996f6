#pragma once

#include <optional>
#include <vector>

namespace meterrig {

// One point of a calibration certificate: at this indication, what has to be added to it.
struct CalibrationPoint {
  double indication = 0;
  double correction = 0;
  double standard_uncertainty = 0;  // U/k
};

// The calibration data of one measuring function, in the function's unit. Linear between the points, nothing outside.
class Calibration {
 public:
  // `drift`: how far the instrument may have moved since then, either way. Throws std::invalid_argument unless there
  // are two points at least, their indications rise, and no uncertainty is negative.
  explicit Calibration(std::vector<CalibrationPoint> points, std::optional<double> drift = std::nullopt);
  bool covers(double indication) const noexcept;
  double correction(double indication) const;            // of what it covers
  double standard_uncertainty(double indication) const;  // the same
  const std::optional<double>& drift() const noexcept { return drift_; }
  const std::vector<CalibrationPoint>& points() const noexcept { return points_; }

 private:
  double between(double indication, double CalibrationPoint::*what) const;
  std::vector<CalibrationPoint> points_;
  std::optional<double> drift_;
};

}  // namespace meterrig
