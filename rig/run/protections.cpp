#include "rig/run/protections.hpp"

#include <cmath>

#include <fmt/format.h>

namespace meterrig::rig {
namespace {

// Rig defaults (docs/interlocks.md): above what regulation and accuracy can do, far below what harms a meter.
constexpr double voltage_margin = 1.2;
constexpr double current_margin = 1.1;

double whole_thousandths(double value) { return std::round(value * 1000) / 1000; }

const plan::Protections& told_of(const Station& station) { return station.rig().station(station.name())->protections; }

struct Levels {
  double volts;
  double amperes;
};

// No procedure goes above the meter's nominal voltage, or above the supply's largest current limit.
Levels levels_of(Station& station) {
  const plan::Protections& told = told_of(station);
  return {told.over_voltage_v.value_or(whole_thousandths(voltage_margin * station.dut().nominal_voltage_v)),
          told.over_current_a.value_or(whole_thousandths(current_margin * station.supply().current_max()))};
}

// A tripped protection stays tripped until a person has looked why and cleared it at the instrument.
Task<> tell(Station& station, Levels levels, std::optional<Cause>& refused) {
  co_await find_tripped_protection(station, refused);
  if (!refused) co_await station.supply().protect(levels.volts, levels.amperes);
}

}  // namespace

Task<std::optional<Cause>> set_protections(Station& station, record::Journal& journal) {
  if (!station.is_open("power_supply")) co_return std::nullopt;
  const Levels levels = levels_of(station);
  const plan::Protections& told = told_of(station);
  const bool asked_for = told.over_voltage_v || told.over_current_a;
  std::optional<Cause> refused;
  std::string without;
  try {
    co_await tell(station, levels, refused);
  } catch (const UserError& error) {
    if (asked_for) refused = Cause::of(error);
    without = printable(error.what());
  } catch (const Error& error) {
    refused = Cause::of(error);
  }
  if (!refused && !without.empty())
    journal.append("note", {{"station", station.name()},
                            {"text",
                             {{"zh", "电源自身的保护未设置：" + without},
                              {"en", "the supply's own protections are not set: " + without}}}});
  if (!refused && without.empty())
    journal.append("protection", {{"station", station.name()},
                                  {"role", "power_supply"},
                                  {"instrument", station.instrument_of("power_supply")},
                                  {"over_voltage_v", levels.volts},
                                  {"over_current_a", levels.amperes}});
  co_return refused;
}

Task<> find_tripped_protection(Station& station, std::optional<Cause>& tripped) {
  if (!station.is_open("power_supply")) co_return;
  const PowerSupply::Protection which = co_await station.supply().tripped();
  if (which == PowerSupply::Protection::none) co_return;
  const char* const name = which == PowerSupply::Protection::over_voltage ? "over-voltage" : "over-current";
  const std::string instrument = station.instrument_of("power_supply");
  tripped = Cause{instrument, fmt::format("{} protection", name), "tripped", 0,
                  fmt::format("the {} protection of {} has tripped and switched it off; find out why, then clear it at "
                              "the instrument",
                              name, instrument)};
}

}  // namespace meterrig::rig
