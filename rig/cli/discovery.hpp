#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rig/cli/command.hpp"
#include "rig/plan/loader.hpp"

namespace meterrig::cli {

// Something that may be a member of a rig.
struct Found {
  std::string address;   // as a rig file writes it
  std::string identity;  // what it says of itself; empty: it was not asked, or did not say
  std::string about;     // a port's own words: adapter, USB identity, announced service
};

// Profiles whose identity fits what was found. A board that only tells its firmware's number fits several.
std::vector<std::string> fitting_profiles(plan::Loader& loader, const Found& found);

// What a rig file says of one found; null unless exactly one profile fits.
nlohmann::ordered_json proposed_entry(plan::Loader& loader, const Found& found);

// `meterrig instruments discover`.
void add_discover(CLI::App& parent, Action& action);

}  // namespace meterrig::cli
