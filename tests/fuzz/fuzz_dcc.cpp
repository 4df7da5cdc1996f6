#include <cmath>

#include "core/errors.hpp"
#include "instruments/dcc.hpp"
#include "tests/fuzz/support.hpp"

// A calibration certificate from anywhere: it ends in curves that can be interpolated, or in a complaint with its
// place.

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig;
  using namespace meterrig::fuzz;
  try {
    const DigitalCertificate certificate = parse_dcc(text_of(data, size), "c.xml");
    hold(!certificate.curves.empty() && !certificate.identifications.empty(), "what is taken says what it is of");
    for (const DigitalCertificate::Curve& curve : certificate.curves) {
      const Calibration calibration(curve.points);
      const double middle = (curve.points.front().indication + curve.points.back().indication) / 2;
      hold(!calibration.covers(middle) || std::isfinite(calibration.standard_uncertainty(middle)), "and gives numbers");
    }
  } catch (const UserError& refused) {
    hold(std::string_view(refused.what()).starts_with("c.xml:"), "a complaint names file and line", refused.what());
  }
  return 0;
}
