#include "instruments/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace meterrig {

Calibration::Calibration(std::vector<CalibrationPoint> points, std::optional<double> drift)
    : points_(std::move(points)), drift_(drift) {
  if (points_.size() < 2) throw std::invalid_argument("calibration: two points at least, to lie between");
  if (drift_ && !(*drift_ >= 0)) throw std::invalid_argument("calibration: negative drift");
  for (std::size_t i = 0; i < points_.size(); ++i) {
    const CalibrationPoint& point = points_[i];
    if (!std::isfinite(point.indication) || !std::isfinite(point.correction) || !(point.standard_uncertainty >= 0))
      throw std::invalid_argument("calibration: a point that is no number, or with a negative uncertainty");
    if (i > 0 && !(point.indication > points_[i - 1].indication))
      throw std::invalid_argument("calibration: indications must rise");
  }
}

bool Calibration::covers(double indication) const noexcept {
  return indication >= points_.front().indication && indication <= points_.back().indication;
}

double Calibration::correction(double indication) const { return between(indication, &CalibrationPoint::correction); }

double Calibration::standard_uncertainty(double indication) const {
  return between(indication, &CalibrationPoint::standard_uncertainty);
}

double Calibration::between(double indication, double CalibrationPoint::*what) const {
  const auto above = std::upper_bound(points_.begin() + 1, points_.end() - 1, indication,
                                      [](double value, const CalibrationPoint& p) { return value < p.indication; });
  const CalibrationPoint& high = *above;
  const CalibrationPoint& low = *(above - 1);
  const double part = (indication - low.indication) / (high.indication - low.indication);
  return low.*what + part * (high.*what - low.*what);
}

}  // namespace meterrig
