#ifndef __clang__
// GCC 12 sees uninitialised memory inside std::regex when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "rig/plan/instrument_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "core/json/text.hpp"
#include "rig/plan/loader.hpp"

namespace meterrig::plan {

namespace {

void check_range(const json::Node& range) {
  const json::Node min = range.at("min"), max = range.at("max");
  if (max.number() < min.number()) max.expected("at least min, " + min.number_text());
}

void check_table(const json::Node& lines) {
  double previous = 0;
  for (const json::Node& line : lines.elements()) {
    const json::Node up_to = line.at("up_to");
    if (up_to.number() <= previous) up_to.expected(fmt::format("a range above the one before it, {:g}", previous));
    previous = up_to.number();
  }
}

void check_ranges(const json::Node& profile) {
  if (const auto registers = profile.optional("registers"))
    for (const json::Member& member : registers->members()) check_range(member.value);
  if (const auto accuracy = profile.optional("accuracy"))
    for (const json::Member& member : accuracy->members()) check_table(member.value);
  for (const json::Member& role : profile.at("roles").members()) {
    const auto channels = role.value.optional("channels");
    if (!channels) continue;
    for (const json::Node& channel : channels->elements()) {
      for (const json::Member& member : channel.members())
        if (member.value.is_object() && member.key != "accuracy") check_range(member.value);
      if (const auto accuracy = channel.optional("accuracy"))
        for (const json::Member& member : accuracy->members()) check_table(member.value);
    }
  }
}

// A profile recognises the instrument that it names.
void check_identity(const json::Node& profile) {
  const json::Node pattern = profile.at("identity");
  const std::string own = profile.at("manufacturer").string() + "," + profile.at("model").string() + ",1,1";
  bool recognised = false;
  try {
    recognised = std::regex_search(own, std::regex(pattern.string()));
  } catch (const std::regex_error&) {
    pattern.expected("a regular expression");
  }
  if (!recognised) pattern.expected(fmt::format("a pattern that {} matches", json::in_quotes(own)));
}

}  // namespace

void check_instrument(const json::Node& profile) {
  check_ranges(profile);
  const std::string kind = profile.at("kind").string();
  if (kind == "modbus") return check_registers(profile);
  if (kind != "scpi") return;
  check_identity(profile);
  if (profile.at("roles").has("power_supply")) check_supply(profile);
}

void check_supplies_fit(Loader& loader, const RigFile& rig, const std::vector<DutFile>& duts) {
  for (std::size_t i = 0; i < std::min(duts.size(), rig.stations.size()); ++i) {
    const RigStation& station = rig.stations[i];
    const RoleBinding* const binding = rig.binding(station, "power_supply");
    if (binding == nullptr || binding->instrument.empty()) continue;
    const json::Node profile = loader.instrument(rig.instruments.at(binding->instrument).profile);
    const auto channel = static_cast<std::size_t>(std::max(1, binding->channel)) - 1;
    const json::Node range = profile.at("roles").at("power_supply").at("channels")[channel].at("voltage_v");
    const double nominal_v = duts[i].nominal_voltage_v;
    const bool low = nominal_v < range.at("min").number();
    if (!low && nominal_v <= range.at("max").number()) continue;
    range.at(low ? "min" : "max")
        .fail(range.at(low ? "min" : "max").describe(),
              fmt::format("{:g} V, the nominal voltage of {}, to be within the range", nominal_v, duts[i].file),
              fmt::format("; bind the power_supply of station {} in {} to a channel that reaches it", station.name,
                          rig.file));
  }
}

}  // namespace meterrig::plan
