#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "instruments/profile.hpp"
#include "rig/plan/loader.hpp"

namespace meterrig::rig {

// One instrument of a rig: its model's profile with its own calibration data.
struct CalibratedInstrument {
  Profile profile;
  std::string date;  // days; empty: the rig file has no calibration of it
  std::string due;
  std::string certificate;
  nlohmann::json facts;  // for the record; null without calibration
};

// Throws UserError when the rig file's tables or the certificate that it names do not fit the instrument: another
// maker, model or serial number, a function that its profile does not have, a unit that is none of its functions'.
CalibratedInstrument load_instrument(plan::Loader& loader, const plan::RigFile& rig, const std::string& name);

// Where the certificate that a rig file names lies: from the rig file's folder.
std::filesystem::path certificate_file(const plan::RigFile& rig, const plan::CalibrationData& calibration);

// UCUM unit of a function of a profile's accuracy table; empty: not known.
std::string function_unit(const Profile& profile, const std::string& function);

}  // namespace meterrig::rig
