#pragma once

#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "instruments/reading.hpp"

namespace meterrig {

// One file of config/instruments/: what an instrument model is, understands and guarantees. Files are checked against
// config/schemas/instrument.json when they are loaded; this class only gives access.
class Profile {
 public:
  // `calibrations`: of one instrument of this model, by the function of the accuracy table.
  explicit Profile(nlohmann::json document, std::map<std::string, Calibration> calibrations = {})
      : document_(std::move(document)), calibrations_(std::move(calibrations)) {}
  const nlohmann::json& document() const noexcept { return document_; }
  std::string id() const { return document_.at("id"); }
  bool scpi() const { return document_.at("kind") == "scpi"; }
  double answer_timeout_s() const { return document_.value("answer_timeout_s", 2.0); }
  bool has_role(const std::string& role) const { return document_.at("roles").contains(role); }
  // Throws UserError naming the profile and what it has instead.
  const nlohmann::json& role(const std::string& role) const;
  // The template of a command of a role. Throws UserError when the profile lacks it.
  const std::string& command(const std::string& role, const std::string& command) const;
  // The table of a function; that of a supply's channel (from 1) where it has its own. Empty when there is none.
  Accuracy accuracy(const std::string& function, int channel = 0) const;
  const std::map<std::string, Calibration>& calibrations() const noexcept { return calibrations_; }

 private:
  nlohmann::json document_;
  std::map<std::string, Calibration> calibrations_;
};

// What an output is set to and what it says it is. `ok`: the read-back agrees with the safe state.
struct OutputState {
  std::string instrument;
  std::string role;
  std::string setting;
  std::string read_back;
  bool ok = false;
};

}  // namespace meterrig
