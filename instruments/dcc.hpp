#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "instruments/calibration.hpp"
#include "instruments/si_unit.hpp"

namespace meterrig {

// What a digital calibration certificate (PTB DCC, schema 3; D-SI 1 or 2) says of one instrument.
struct DigitalCertificate {
  // One result with reference and measured values, or errors, point by point; in its own unit.
  struct Curve {
    SiUnit unit;
    std::string unit_text;  // as the certificate writes it
    std::vector<CalibrationPoint> points;
    std::size_t line = 0;
  };
  std::string file;
  std::string id;     // dcc:uniqueIdentifier
  std::string begin;  // days of the measurements
  std::string end;
  std::string manufacturer;
  std::string model;
  std::vector<std::string> identifications;  // serial number among them
  std::vector<Curve> curves;
  bool has_signature = false;  // which is not verified
};

// Reads the certificate's text. Everything that can't be used throws UserError `FILE:LINE: what is wrong`: text that is
// no well-formed XML, a document type declaration, foreign namespaces, lists of unequal length, units that are not
// known, values without an expanded uncertainty and its coverage factor. Results that are no calibration curve, by
// their refType, are left out; a certificate without any other is refused.
DigitalCertificate parse_dcc(std::string_view text, const std::string& file);
DigitalCertificate read_dcc(const std::filesystem::path& file);

}  // namespace meterrig
