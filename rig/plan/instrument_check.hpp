#pragma once

#include <vector>

#include "core/json/node.hpp"

namespace meterrig::plan {

class DutFile;
class RigFile;
class Loader;

// What the schema can't say of an instrument profile: ranges the right way round, templates with the placeholders that
// their commands need, answers that can be told apart, accuracy tables that reach as far as the settings, registers of
// the unit that their role speaks in. Throws UserError with the place.
void check_instrument(const json::Node& profile);

// Its two halves.
void check_supply(const json::Node& profile);
void check_registers(const json::Node& profile);

// Every sample's nominal voltage is within the range of the supply channel that its station has. Throws UserError with
// the place of the range.
void check_supplies_fit(Loader& loader, const RigFile& rig, const std::vector<DutFile>& duts);

}  // namespace meterrig::plan
