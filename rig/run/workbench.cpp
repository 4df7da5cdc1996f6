#include "rig/run/workbench.hpp"

#include <fmt/format.h>

#include "core/json/node.hpp"
#include "rig/run/protections.hpp"
#include "rig/run/shared_equipment.hpp"

namespace meterrig::rig {
namespace {

const plan::DutFile& first_of(const plan::RigFile& rig, const std::vector<plan::DutFile>& duts) {
  if (duts.empty()) throw UserError(fmt::format("{}: found no DUT; expected one for each station in use", rig.file));
  if (duts.size() > rig.stations.size())
    throw UserError(fmt::format("{}: found {} DUTs; expected {} at most, one a station", rig.file, duts.size(),
                                rig.stations.size()));
  return duts.front();
}

void expect_safe(const std::vector<OutputState>& states) {
  for (const OutputState& state : states)
    if (!state.ok)
      throw InstrumentError(
          fmt::format("{} of {} is not safe: {:?} reads back {:?}; look at the instrument before you switch it on",
                      state.role, state.instrument, state.setting, state.read_back),
          {state.instrument, state.setting, state.read_back, {}});
}

}  // namespace

Workbench::Workbench(Clock& clock, plan::Loader& loader, const plan::RigFile& rig,
                     const std::vector<plan::DutFile>& duts, Connector& connector)
    : rig_(rig),
      duts_(duts),
      meter_profile_(json::to_json(loader.meter(first_of(rig, duts).profile))),
      instruments_(clock, loader, rig, connector),
      journal_(scratch_, clock, "script") {}

Task<> Workbench::open() {
  const Station::Shared shared = co_await open_shared_equipment(instruments_);
  for (std::size_t i = 0; i < duts_.size(); ++i)
    stations_.push_back(std::make_unique<Station>(rig_.stations[i].name, static_cast<int>(i) + 1, duts_[i], rig_,
                                                  meter_profile_, shared));
  for (const auto& station : stations_) co_await open_station(*station);
  const std::vector<OutputState> states = co_await make_safe();
  expect_safe(states);
  for (const auto& station : stations_) {
    const std::optional<Cause> refused = co_await set_protections(*station, journal_);
    if (refused) throw InstrumentError(refused->text, {refused->instrument, refused->command, refused->got, {}});
  }
}

Task<> Workbench::open_station(Station& station) {
  std::vector<std::string> roles = station.roles();
  for (std::string& role : station.output_roles()) roles.push_back(std::move(role));
  for (const std::string& role : roles) co_await station.open(role, instruments_);
}

Task<std::vector<OutputState>> Workbench::make_safe() {
  std::vector<OutputState> all;
  for (const auto& station : stations_)
    for (OutputState& state : co_await station->make_safe(station->output_roles())) all.push_back(std::move(state));
  co_return all;
}

}  // namespace meterrig::rig
