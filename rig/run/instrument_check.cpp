#include "rig/run/instrument_check.hpp"

#include <cmath>
#include <regex>

#include <fmt/format.h>

#include "rig/plan/dates.hpp"

namespace meterrig::rig {
namespace {

constexpr double first_limit_a = 0.5;
constexpr Duration settle = 500ms;
constexpr Duration start_of_a_meter = 3s;
// Leads and contacts, with a meter at rest behind them.
constexpr double lead_drop_v = 0.01;
// A dummy load's own tolerance; the rig file gives its nominal value.
constexpr double dummy_tolerance = 0.01;

Task<std::string> self_test(std::shared_ptr<ScpiSession> session, const Profile& profile) {
  const auto test = profile.document().find("self_test");
  if (test == profile.document().end()) co_return "";
  const std::string asked = test->at("query");
  const std::string answer = co_await session->query(asked, seconds(test->value("timeout_s", 60.0)));
  const bool good = std::regex_search(answer, std::regex(test->at("passes").get<std::string>()));
  co_return good ? "passed" : fmt::format("{} gave {:?}", asked, answer);
}

Task<> ask(Instruments& instruments, const std::string& name, MemberReport& report) {
  const Profile& profile = instruments.profile(name);
  const std::string kind = profile.document().at("kind");
  if (kind == "scpi") {
    auto session = co_await instruments.scpi(name);
    const Identity identity = co_await session->identify();
    report.model = identity.model;
    report.serial = identity.serial;
    report.firmware = identity.firmware;
    co_await instruments.identify(name);
    report.self_test = co_await self_test(session, profile);
    if (!report.self_test.empty() && report.self_test != "passed")
      report.problems.push_back("self-test: " + report.self_test);
  } else if (kind == "modbus") {
    auto device = co_await instruments.modbus(name);
    const std::string text = co_await device->identify();
    const auto comma = text.find(',');
    report.model = text.substr(0, comma);
    if (comma != std::string::npos) report.serial = text.substr(comma + 1);
    co_await instruments.identify(name);
  } else {
    (void)co_await instruments.line_port(name);
  }
}

void check_calibration(std::chrono::sys_days today, MemberReport& report) {
  const auto due = plan::parse_day(report.due);
  const auto calibrated = plan::parse_day(report.calibrated);
  if (!due || !calibrated) return;
  report.days_left = static_cast<int>((*due - today).count());
  if (report.days_left < 0)
    report.problems.push_back(
        fmt::format("its calibration (certificate {}) ended on {}", report.certificate, report.due));
  if (*calibrated > today)
    report.problems.push_back(fmt::format("its calibration is dated {}, which is to come", report.calibrated));
}

// A station under check: what every comparison needs, and how it ends.
class Comparison {
 public:
  Comparison(Station& station, double volts) : station_(station), volts_(volts) {}

  Task<DriftReport> voltage(DriftReport report) {
    co_await power(PathSwitch::Position::ammeter);
    co_await sleep_for(start_of_a_meter);
    const Reading own = co_await station_.supply().voltage();
    const Reading there = co_await station_.voltmeter().voltage();
    report.reference = there.value;
    report.reading = own.value;
    report.allowed = own.half_width + there.half_width + lead_drop_v;
    co_return report;
  }

  Task<DriftReport> current(DriftReport report, PathSwitch::Position path, double ohms) {
    CurrentMeter& meter = path == PathSwitch::Position::ammeter ? station_.ammeter() : station_.microammeter();
    co_await power(PathSwitch::Position::off);
    co_await station_.path().dummy(path, true);
    co_await sleep_for(settle);
    const Reading volts = co_await station_.supply().voltage();
    const Reading amperes = co_await meter.current();
    co_await station_.path().dummy(path, false);
    report.reference = volts.value / ohms;
    report.reading = amperes.value;
    report.allowed = amperes.half_width + volts.half_width / ohms + dummy_tolerance * report.reference;
    co_return report;
  }

 private:
  Task<> power(PathSwitch::Position path) {
    co_await station_.path().select(path);
    co_await station_.supply().set(volts_, first_limit_a);
    co_await station_.supply().output(true);
    co_await sleep_for(settle);
  }
  Station& station_;
  double volts_;
};

Task<DriftReport> concluded(Task<DriftReport> comparison, DriftReport about) {
  try {
    DriftReport report = co_await std::move(comparison);
    if (!(std::abs(report.reading - report.reference) <= report.allowed))
      report.problem = fmt::format("{:.6g} {} beside {:.6g} {}: more than {:.2g} {} apart", report.reading, report.unit,
                                   report.reference, report.unit, report.allowed, report.unit);
    co_return report;
  } catch (const Error& error) {
    about.problem = error.what();
  }
  co_return about;
}

}  // namespace

Task<MemberReport> check_member(Instruments& instruments, std::string name, std::chrono::sys_days today) {
  const plan::RigInstrument& member = instruments.rig().instruments.at(name);
  MemberReport report;
  report.name = name;
  report.profile = member.profile;
  report.address = member.address.text();
  const CalibratedInstrument& instrument = instruments.instrument(name);
  report.calibrated = instrument.date;
  report.due = instrument.due;
  report.certificate = instrument.certificate;
  check_calibration(today, report);
  try {
    co_await ask(instruments, name, report);
  } catch (const Error& error) {
    report.problems.push_back(error.what());
  }
  co_return report;
}

Task<std::vector<DriftReport>> check_drift(Station& station, Instruments& instruments, double volts) {
  std::vector<DriftReport> reports;
  const auto about = [&](const char* role, const char* quantity, const char* unit) {
    DriftReport report;
    report.station = station.name();
    report.instrument = instruments.rig().binding(*instruments.rig().station(station.name()), role)->instrument;
    report.quantity = quantity;
    report.unit = unit;
    return report;
  };
  std::string closed;
  try {
    for (const std::string& role : station.output_roles()) co_await station.open(role, instruments);
    for (const char* const role : {"voltmeter", "ammeter", "microammeter"}) co_await station.open(role, instruments);
  } catch (const Error& error) {
    closed = error.what();
  }
  if (!closed.empty()) {
    DriftReport report = about("power_supply", "supply_voltage", "V");
    report.problem = "nothing is switched on here: " + closed;
    reports.push_back(std::move(report));
    co_return reports;
  }
  (void)co_await station.make_safe(station.output_roles());
  std::vector<std::string> routed{"voltmeter", "ammeter", "microammeter"};
  co_await station.route(std::move(routed), true);
  Comparison comparison(station, volts);
  if (station.has("voltmeter")) {
    DriftReport report = about("voltmeter", "supply_voltage", "V");
    reports.push_back(co_await concluded(comparison.voltage(report), report));
  }
  if (station.has("ammeter") && station.rig().dummy_heavy_ohm > 0) {
    DriftReport report = about("ammeter", "ammeter_into_dummy_heavy", "A");
    auto current = comparison.current(report, PathSwitch::Position::ammeter, station.rig().dummy_heavy_ohm);
    reports.push_back(co_await concluded(std::move(current), report));
  }
  if (station.has("microammeter") && station.rig().dummy_light_ohm > 0) {
    DriftReport report = about("microammeter", "microammeter_into_dummy_light", "A");
    auto current = comparison.current(report, PathSwitch::Position::microammeter, station.rig().dummy_light_ohm);
    reports.push_back(co_await concluded(std::move(current), report));
  }
  for (const OutputState& state : co_await station.make_safe(station.output_roles())) {
    if (state.ok) continue;
    DriftReport report = about("power_supply", "safe_state", "");
    report.instrument = state.instrument;
    report.problem = fmt::format("{} does not read back: {:?}", state.setting, state.read_back);
    reports.push_back(std::move(report));
  }
  co_return reports;
}

}  // namespace meterrig::rig
