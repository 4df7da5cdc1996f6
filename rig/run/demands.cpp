#include "rig/run/demands.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "rig/plan/roles.hpp"
#include "rig/record/canonical.hpp"
#include "rig/run/calibrated.hpp"
#include "rig/run/run_facts.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;

// One quantity that a standard demands of a role: the upper end of its range, and its class.
struct Demanded {
  double end = 0;
  double class_percent = 0;
  const char* unit = "";
  const char* key = "";       // of channels and ranges of the profile's role
  const char* function = "";  // of the accuracy table; else the first that is measured in the unit
};

std::vector<Demanded> demanded_of(const plan::Demand& demand) {
  const bool supply = demand.role == "power_supply";
  std::vector<Demanded> all;
  if (demand.voltage_v > 0)
    all.push_back({demand.voltage_v, demand.class_percent, "V", "voltage_v", supply ? "set_voltage" : "read"});
  if (demand.current_a > 0)
    all.push_back({demand.current_a, demand.class_percent, "A", "current_a", supply ? "set_current" : "current"});
  return all;
}

// The upper end of what a channel gives, or of the largest range.
double end_of(const json& role, const char* key, int channel) {
  double most = 0;
  const json channels = role.value("channels", json::array());
  if (const json ranges = role.value("ranges", json::array()); !ranges.empty()) {
    for (const json& range : ranges) most = std::max(most, range.value(key, 0.0));
    return most;
  }
  if (channel < 1 || static_cast<std::size_t>(channel) > channels.size()) return 0;
  const json limits = channels[static_cast<std::size_t>(channel - 1)].value(key, json::object());
  return limits.value("max", 0.0);
}

Accuracy accuracy_for(const Profile& profile, const Demanded& demanded) {
  const json table = profile.document().value("accuracy", json::object());
  if (table.contains(demanded.function)) return profile.accuracy(demanded.function);
  for (const auto& [function, lines] : table.items())
    if (function_unit(profile, function) == demanded.unit) return profile.accuracy(function);
  return {};
}

// The largest error over the demanded range: within one range of the instrument it grows with the value.
double largest_error(const Accuracy& accuracy, double end) {
  double most = 0;
  double from = 0;
  for (const AccuracyLine& line : accuracy.lines()) {
    if (from >= end) break;
    most = std::max(most, accuracy.half_width(std::min(line.up_to, end)));
    from = line.up_to;
  }
  return std::max(most, accuracy.half_width(end));
}

class Examination {
 public:
  explicit Examination(const RunSetup& setup)
      : setup_(setup), standard_(setup.loader.catalogue().standard(setup.plan.standard)), today_(local_day(setup)) {}

  std::vector<Shortfall> all() {
    for (std::size_t i = 0; i < setup_.duts.size() && i < setup_.rig.stations.size(); ++i)
      for (const plan::RoleInfo& role : plan::roles())
        if (needed(setup_.duts[i], role.name)) examine(setup_.rig.stations[i], role);
    return std::move(found_);
  }

 private:
  bool needed(const plan::DutFile& dut, const std::string& role) const {
    return std::any_of(setup_.plan.clauses.begin(), setup_.plan.clauses.end(), [&](const plan::PlannedClause& planned) {
      const Procedure* const procedure = find_procedure(setup_.procedures, planned.clause.procedure);
      if (!procedure || !planned.clause.applies.to(dut)) return false;
      const std::vector<std::string> roles = roles_read(*procedure);
      return std::find(roles.begin(), roles.end(), role) != roles.end();
    });
  }

  void examine(const plan::RigStation& station, const plan::RoleInfo& role) {
    const plan::RoleBinding* const binding = setup_.rig.binding(station, role.name);
    if (!binding || binding->instrument.empty()) return;
    const CalibratedInstrument& instrument = load(binding->instrument);
    const auto add = [&](const std::string& zh, const std::string& en) {
      found_.push_back({station.name, role.name, binding->instrument,
                        fmt::format("工位 {} 的 {}（{}，作 {}）{}", station.name, binding->instrument,
                                    instrument.profile.id(), role.name, zh),
                        fmt::format("station {}: {} ({}) as {} {}", station.name, binding->instrument,
                                    instrument.profile.id(), role.name, en)});
    };
    if (instrument.due.empty()) {
      if (role.judged)
        add("没有校准数据，而判定以其读数为依据", "has no calibration data, and verdicts rest on what it reads");
    } else if (instrument.due < today_) {
      add(fmt::format("的校准（证书 {}）已于 {} 到期", instrument.certificate, instrument.due),
          fmt::format("has a calibration (certificate {}) that ended on {}", instrument.certificate, instrument.due));
    } else if (instrument.date > today_) {
      add(fmt::format("的校准（证书 {}）日期为 {}，晚于今天", instrument.certificate, instrument.date),
          fmt::format("has a calibration (certificate {}) of {}, which is still to come", instrument.certificate,
                      instrument.date));
    }
    for (const plan::Demand& demand : standard_.demands)
      if (demand.role == role.name)
        for (const Demanded& one : demanded_of(demand)) hold(one, instrument.profile, *binding, add);
  }

  template <typename Add>
  void hold(const Demanded& demanded, const Profile& profile, const plan::RoleBinding& binding, const Add& add) {
    const std::string asks_zh = fmt::format("，{} 要求 0～{:g} {}、{:g} 级", standard_.edition, demanded.end,
                                            demanded.unit, demanded.class_percent);
    const std::string asks_en = fmt::format("; {} demands 0 to {:g} {}, class {:g}", standard_.edition, demanded.end,
                                            demanded.unit, demanded.class_percent);
    const double end = end_of(profile.role(binding.role), demanded.key, std::max(1, binding.channel));
    if (end < demanded.end)
      add(fmt::format("只到 {:g} {}", end, demanded.unit) + asks_zh,
          fmt::format("goes up to {:g} {} only", end, demanded.unit) + asks_en);
    const Accuracy accuracy = accuracy_for(profile, demanded);
    if (accuracy.empty()) return add("未说明准确度" + asks_zh, "states no accuracy" + asks_en);
    // Class: the fiducial error, in percent of the upper limit of the range.
    const double error = largest_error(accuracy, std::min(end, demanded.end));
    const double allowed = demanded.class_percent / 100 * demanded.end;
    if (error > allowed)
      add(fmt::format("误差可达 {:.3g} {}，允许 {:.3g} {}", error, demanded.unit, allowed, demanded.unit) + asks_zh,
          fmt::format("may be wrong by {:.3g} {}, of {:.3g} {} allowed", error, demanded.unit, allowed, demanded.unit) +
              asks_en);
  }

  const CalibratedInstrument& load(const std::string& name) {
    const auto known = instruments_.find(name);
    if (known != instruments_.end()) return known->second;
    return instruments_.emplace(name, load_instrument(setup_.loader, setup_.rig, name)).first->second;
  }

  const RunSetup& setup_;
  const plan::Standard& standard_;
  std::string today_;
  std::map<std::string, CalibratedInstrument> instruments_;
  std::vector<Shortfall> found_;
};

}  // namespace

std::vector<Shortfall> shortfalls(const RunSetup& setup) { return Examination(setup).all(); }

void check_demands(const RunSetup& setup) {
  const std::vector<Shortfall> all = shortfalls(setup);
  if (all.empty() || !setup.override_by.empty()) return;
  std::string text = fmt::format("{}: instruments that may not be used for this plan:", setup.rig.file);
  for (const Shortfall& one : all) text += "\n  " + one.en;
  throw UserError(text +
                  "\nuse others, have them calibrated, or name who answers for them with --override WHO:WHY: the "
                  "clauses that use them are then recorded at best");
}

std::vector<std::string> roles_read(const Procedure& procedure) {
  std::vector<std::string> roles = procedure.needs;
  if (std::find(roles.begin(), roles.end(), "ambient") != roles.end()) roles.push_back("barometer");
  return roles;
}

bool concerns(const Shortfall& shortfall, const std::string& station, const Procedure& procedure) {
  const std::vector<std::string> roles = roles_read(procedure);
  return shortfall.station == station && std::find(roles.begin(), roles.end(), shortfall.role) != roles.end();
}

json shortfalls_json(const std::vector<Shortfall>& all) {
  json list = json::array();
  for (const Shortfall& one : all)
    list.push_back({{"station", one.station},
                    {"role", one.role},
                    {"instrument", one.instrument},
                    {"text", {{"zh", one.zh}, {"en", one.en}}}});
  return list;
}

std::string local_day(const RunSetup& setup) {
  const std::string& offset = setup.rig.utc_offset;
  const auto ahead =
      std::chrono::hours(std::stoi(offset.substr(1, 2))) + std::chrono::minutes(std::stoi(offset.substr(4, 2)));
  const Utc now = setup.clock.utc();
  return record::utc_text(offset.front() == '-' ? now - ahead : now + ahead).substr(0, 10);
}

}  // namespace meterrig::rig
