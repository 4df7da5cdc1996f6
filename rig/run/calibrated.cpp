#include "rig/run/calibrated.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "instruments/dcc.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;

std::vector<std::string> functions_of(const Profile& profile) {
  std::vector<std::string> names;
  const json tables = profile.document().value("accuracy", json::object());
  for (const auto& [name, lines] : tables.items()) names.push_back(name);
  return names;
}

// Words as people compare them: case and the width of gaps do not count.
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isspace(byte) == 0)
      result += static_cast<char>(std::tolower(byte));
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

class Reader {
 public:
  Reader(const plan::RigFile& rig, const plan::RigInstrument& member, const Profile& profile)
      : rig_(rig), member_(member), profile_(profile) {}

  std::map<std::string, Calibration> tables() const {
    std::map<std::string, Calibration> result;
    for (const plan::CalibrationTable& table : member_.calibration->tables) {
      check_function(table.function, fmt::format("{}:{}", rig_.file, table.line));
      std::vector<CalibrationPoint> points;
      for (const auto& point : table.points)
        points.push_back({point.indication, point.correction, point.expanded_uncertainty / table.coverage_factor});
      result.emplace(table.function, Calibration(std::move(points), table.drift));
    }
    return result;
  }

  void check_identity(const DigitalCertificate& certificate) const {
    const json& model = profile_.document();
    const auto expect = [&](const char* what, const std::string& has, const std::string& found) {
      if (plain(has) != plain(found))
        fail(fmt::format("{}: the certificate is of {} {:?}, {} is of {} {:?}; name the certificate of this instrument",
                         certificate.file, what, found, member_.name, what, has));
    };
    expect("manufacturer", model.at("manufacturer"), certificate.manufacturer);
    expect("model", model.at("model"), certificate.model);
    const auto& numbers = certificate.identifications;
    if (member_.serial.empty())
      fail(fmt::format("{} has a certificate, but no serial number to hold against it; add \"serial\"", member_.name));
    if (std::none_of(numbers.begin(), numbers.end(),
                     [&](const auto& one) { return plain(one) == plain(member_.serial); }))
      fail(fmt::format("{}: the certificate is of serial number {}; {} has {}", certificate.file,
                       fmt::join(numbers, ", "), member_.name, member_.serial));
  }

  std::map<std::string, Calibration> curves(const DigitalCertificate& certificate) const {
    std::map<std::string, Calibration> result;
    for (const DigitalCertificate::Curve& curve : certificate.curves) {
      const std::string function = function_for(curve, certificate);
      const auto drift = member_.calibration->drifts.find(function);
      const auto end = member_.calibration->drifts.end();
      result.emplace(function, Calibration(in_unit_of(function, curve),
                                           drift == end ? std::nullopt : std::optional(drift->second)));
    }
    for (const auto& [function, drift] : member_.calibration->drifts)
      if (!result.contains(function))
        fail(fmt::format("{}: a drift of {:?}, of which the certificate says nothing", member_.name, function));
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw UserError(fmt::format("{}: {}", rig_.file, what)); }

  void check_function(const std::string& function, const std::string& where) const {
    const std::vector<std::string> known = functions_of(profile_);
    if (std::find(known.begin(), known.end(), function) == known.end())
      throw UserError(fmt::format("{}: the profile {} has no function {:?} in its accuracy table; expected {}{}", where,
                                  profile_.id(), function, meterrig::json::choice(known),
                                  meterrig::json::did_you_mean(function, known)));
  }

  // The function that the rig file names for the unit, or the only one that is measured in it.
  std::string function_for(const DigitalCertificate::Curve& curve, const DigitalCertificate& certificate) const {
    const std::string where = fmt::format("{}:{}", certificate.file, curve.line);
    for (const auto& [unit, function] : member_.calibration->functions) {
      const auto known = ucum_unit(unit);
      if (!known || known->dimension != curve.unit.dimension) continue;
      check_function(function, rig_.file);
      return function;
    }
    std::vector<std::string> fitting;
    for (const std::string& function : functions_of(profile_)) {
      const auto unit = ucum_unit(function_unit(profile_, function));
      if (unit && unit->dimension == curve.unit.dimension) fitting.push_back(function);
    }
    if (fitting.empty())
      throw UserError(fmt::format("{}: a result in {}, in which the profile {} measures nothing", where,
                                  curve.unit_text, profile_.id()));
    if (fitting.size() > 1)
      throw UserError(
          fmt::format("{}: a result in {}, which may be of {}; name one under \"functions\" of the "
                      "calibration of {} in {}",
                      where, curve.unit_text, fmt::join(fitting, " or "), member_.name, rig_.file));
    return fitting.front();
  }

  std::vector<CalibrationPoint> in_unit_of(const std::string& function, const DigitalCertificate::Curve& curve) const {
    const auto unit = ucum_unit(function_unit(profile_, function));
    if (!unit || unit->dimension != curve.unit.dimension)
      fail(fmt::format("{}: the function {} is not measured in {}", member_.name, function, curve.unit_text));
    std::vector<CalibrationPoint> points;
    for (const CalibrationPoint& p : curve.points)
      points.push_back({(p.indication - unit->offset) / unit->factor, p.correction / unit->factor,
                        p.standard_uncertainty / unit->factor});
    return points;
  }

  const plan::RigFile& rig_;
  const plan::RigInstrument& member_;
  const Profile& profile_;
};

json functions_json(const std::map<std::string, Calibration>& calibrations) {
  json all = json::object();
  for (const auto& [function, calibration] : calibrations) {
    all[function] = {{"from", calibration.points().front().indication},
                     {"to", calibration.points().back().indication},
                     {"points", calibration.points().size()}};
    if (calibration.drift()) all[function]["drift"] = *calibration.drift();
  }
  return all;
}

}  // namespace

std::string function_unit(const Profile& profile, const std::string& function) {
  const json registers = profile.document().value("registers", json::object());
  if (const auto found = registers.find(function); found != registers.end()) return found->value("unit", "");
  if (function.find("current") != std::string::npos) return "A";
  if (function.find("voltage") != std::string::npos || function == "read") return "V";
  return function.ends_with("_m3") ? "m3" : "";
}

std::filesystem::path certificate_file(const plan::RigFile& rig, const plan::CalibrationData& calibration) {
  return std::filesystem::path(rig.file).parent_path() / calibration.dcc;
}

CalibratedInstrument load_instrument(plan::Loader& loader, const plan::RigFile& rig, const std::string& name) {
  const auto found = rig.instruments.find(name);
  if (found == rig.instruments.end())
    throw UserError(fmt::format("{}: the rig has no instrument {:?}", rig.file, name));
  const plan::RigInstrument& member = found->second;
  json document = meterrig::json::to_json(loader.instrument(member.profile));
  CalibratedInstrument result{Profile(document), "", "", "", nullptr};
  if (!member.calibration) return result;
  const Reader reader(rig, member, result.profile);
  std::map<std::string, Calibration> calibrations = reader.tables();
  result.date = member.calibration->date;
  result.due = member.calibration->due;
  result.certificate = member.calibration->certificate;
  if (!member.calibration->dcc.empty()) {
    const DigitalCertificate certificate = read_dcc(certificate_file(rig, *member.calibration));
    reader.check_identity(certificate);
    calibrations = reader.curves(certificate);
    result.date = certificate.end;
    result.certificate = certificate.id;
    if (result.due < result.date)
      throw UserError(fmt::format("{}: the calibration of {} is due on {}, before it was made on {}", rig.file, name,
                                  result.due, result.date));
  }
  result.facts = {{"date", result.date}, {"due", result.due}, {"certificate", result.certificate}};
  if (!member.calibration->dcc.empty())
    result.facts.update({{"dcc", member.calibration->dcc}, {"signature", "not verified"}});
  if (!calibrations.empty()) result.facts["functions"] = functions_json(calibrations);
  result.profile = Profile(std::move(document), std::move(calibrations));
  return result;
}

}  // namespace meterrig::rig
