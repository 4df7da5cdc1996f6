#include "rig/run/station.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "instruments/dmm_role.hpp"
#include "instruments/modbus_roles.hpp"
#include "instruments/people.hpp"
#include "instruments/scpi_drivers.hpp"
#include "rig/plan/roles.hpp"

namespace meterrig::rig {
namespace {

void expect_identity(const plan::RigInstrument& member, const Profile& profile, const std::string& pattern,
                     const std::string& answer, const std::string& asked) {
  const Exchange exchange{member.name, asked, answer, {}};
  if (!std::regex_search(answer, std::regex(pattern)))
    throw InstrumentError(
        fmt::format("{} says it is {:?}; the profile {} expects {:?}", member.name, answer, profile.id(), pattern),
        exchange);
}

// Another unit of the same model has another calibration.
void expect_serial(const plan::RigInstrument& member, const std::string& serial, const std::string& answer,
                   const std::string& asked) {
  if (member.serial.empty() || serial == member.serial) return;
  throw InstrumentError(
      fmt::format("{} has serial number {}; the rig file says {}", member.name, serial, member.serial),
      {member.name, asked, answer, {}});
}

}  // namespace

Instruments::Instruments(Clock& clock, plan::Loader& loader, const plan::RigFile& rig, Connector& connector)
    : clock_(clock), loader_(loader), rig_(rig), connector_(connector) {}

const CalibratedInstrument& Instruments::instrument(const std::string& name) {
  auto& member = members_[name];
  if (!member) member = std::make_unique<CalibratedInstrument>(load_instrument(loader_, rig_, name));
  return *member;
}

Task<std::shared_ptr<ScpiSession>> Instruments::scpi(const std::string& instrument) {
  const Profile& its_profile = profile(instrument);
  if (!sessions_[instrument]) {
    auto stream = co_await connector_.stream(rig_.instruments.at(instrument).address, instrument);
    sessions_[instrument] =
        std::make_shared<ScpiSession>(clock_, std::move(stream), scpi_options(instrument, its_profile));
  }
  co_return sessions_[instrument];
}

Task<std::shared_ptr<Ppk2>> Instruments::ppk2(const std::string& instrument) {
  if (!profilers_[instrument]) {
    auto stream = co_await connector_.stream(rig_.instruments.at(instrument).address, instrument);
    profilers_[instrument] = std::make_shared<Ppk2>(clock_, std::move(stream), profile(instrument), instrument);
  }
  co_return profilers_[instrument];
}

Task<std::shared_ptr<ModbusDevice>> Instruments::modbus(const std::string& instrument) {
  const Profile& its_profile = profile(instrument);
  if (!devices_[instrument]) {
    const plan::Address& address = rig_.instruments.at(instrument).address;
    int unit = address.unit.value_or(its_profile.document().value("unit", 1));
    auto bus = co_await connector_.bus(address, instrument, unit);
    devices_[instrument] = std::make_shared<ModbusDevice>(clock_, std::move(bus), its_profile, instrument, unit);
  }
  co_return devices_[instrument];
}

Task<std::unique_ptr<LinePort>> Instruments::line_port(const std::string& instrument) {
  auto stream = co_await connector_.stream(rig_.instruments.at(instrument).address, instrument);
  co_return std::make_unique<LinePort>(clock_, std::move(stream), instrument);
}

Task<> Instruments::identify(std::string name) {
  if (identities_.contains(name)) co_return;
  const plan::RigInstrument& member = rig_.instruments.at(name);
  const Profile& its_profile = profile(name);
  if (const auto session = sessions_.find(name); session != sessions_.end() && session->second) {
    const Identity identity = co_await session->second->identify();
    expect_identity(member, its_profile, its_profile.document().at("identity"), identity.text, "*IDN?");
    expect_serial(member, identity.serial, identity.text, "*IDN?");
    co_await check_state(session->second, its_profile);
    identities_[name] = identity.text;
  }
  if (const auto profiler = profilers_.find(name); profiler != profilers_.end() && profiler->second) {
    const std::string answer = co_await profiler->second->identify();
    expect_identity(member, its_profile, its_profile.document().at("identity"), answer, "metadata");
    identities_[name] = answer;
  }
  if (const auto device = devices_.find(name); device != devices_.end() && device->second) {
    const std::string answer = co_await device->second->identify();
    const auto& identity = its_profile.document().at("identity");
    expect_identity(member, its_profile, identity.at("pattern"), answer, "identity");
    // Model and serial number, where the device tells both.
    if (identity.contains("model_registers"))
      expect_serial(member, answer.substr(answer.find(',') + 1), answer, "identity");
    identities_[name] = answer;
  }
}

Task<> Instruments::take_leave() {
  for (const auto& [name, session] : sessions_) {
    if (!session) continue;
    const auto messages = profile(name).document().value("closing", std::vector<std::string>{});
    for (const std::string& message : messages) {
      try {
        co_await session->command(message);
      } catch (const Error&) {
        break;  // its outputs are safe, and more isn't asked of it
      }
    }
  }
}

std::vector<nlohmann::json> Instruments::list() {
  std::vector<nlohmann::json> all;
  for (const auto& [name, member] : rig_.instruments) {
    nlohmann::json entry{{"name", name},
                         {"profile", member.profile},
                         {"address", member.address.text()},
                         {"serial", member.serial},
                         {"simulated", rig_.bench_stations > 0 || plan::is_virtual(member.address)}};
    if (const auto identity = identities_.find(name); identity != identities_.end())
      entry["identity"] = identity->second;
    if (member.calibration) entry["calibration"] = instrument(name).facts;
    all.push_back(std::move(entry));
  }
  return all;
}

Station::Station(std::string name, int number, const plan::DutFile& dut, const plan::RigFile& rig,
                 const MeterProfile& meter_profile, Shared shared)
    : name_(std::move(name)),
      number_(number),
      dut_(dut),
      rig_(rig),
      place_(*rig.station(name_)),
      meter_profile_(meter_profile),
      shared_(std::move(shared)) {}

bool Station::has(const std::string& role) const { return rig_.binding(place_, role) != nullptr; }

std::string Station::instrument_of(const std::string& role) const {
  const plan::RoleBinding* const binding = rig_.binding(place_, role);
  return binding ? binding->instrument : "";
}

void Station::missing(const char* role) const {
  throw UserError(fmt::format("{}: station {} has nothing for the role {:?}", rig_.file, name_, role));
}

Task<> Station::open_scpi(const std::string& role, const plan::RoleBinding& b, Instruments& instruments) {
  Clock& clock = instruments.clock();
  auto session = co_await instruments.scpi(b.instrument);
  const Profile& profile = instruments.profile(b.instrument);
  const int channel = std::max(1, b.channel);
  if (role == "power_supply") supply_ = make_scpi_supply(clock, std::move(session), profile, channel);
  if (role == "voltmeter") voltmeter_ = make_scpi_voltmeter(clock, std::move(session), profile);
  if (role == "microammeter")
    microammeter_ = make_scpi_current_meter(clock, std::move(session), profile, channel, "microammeter");
  if (role == "ammeter") ammeter_ = make_scpi_current_meter(clock, std::move(session), profile, channel, "ammeter");
}

Task<> Station::open_ppk2(const std::string& role, const plan::RoleBinding& b, Instruments& instruments) {
  auto device = co_await instruments.ppk2(b.instrument);
  if (role == "microammeter") microammeter_ = make_ppk2_meter(std::move(device), role);
  if (role == "ammeter") ammeter_ = make_ppk2_meter(std::move(device), role);
}

Task<> Station::open_modbus(const std::string& role, const plan::RoleBinding& b, Instruments& instruments) {
  auto device = co_await instruments.modbus(b.instrument);
  if (role == "path_switch") path_ = make_relay_path_switch(std::move(device), b.coils);
  if (role == "opener") opener_ = make_relay_opener(std::move(device), b.coils);
  if (role == "air_source") air_source_ = make_air_source(std::move(device));
  if (role == "inlet_valve") inlet_valve_ = make_air_valve(std::move(device), "inlet_valve");
  if (role == "vent") vent_ = make_air_valve(std::move(device), "vent");
  if (role == "outlet_seal") outlet_seal_ = make_air_valve(std::move(device), "outlet_seal");
  if (role == "gauge") gauge_ = make_gauge(std::move(device));
  if (role == "gas_thermometer") thermometer_ = make_thermometer(std::move(device));
  if (role == "leak_sensor") leak_sensor_ = make_leak_sensor(std::move(device));
  if (role == "flow_standard") flow_ = make_flow_standard(std::move(device));
  if (role == "chamber") chamber_ = make_chamber(std::move(device));
  if (role == "pulse_counter") pulses_ = make_pulse_counter(std::move(device));
  if (role == "pulse_simulator") pulse_simulator_ = make_pulse_simulator(std::move(device));
}

Task<> Station::open_uart(const plan::RoleBinding& b, Instruments& instruments) {
  if (b.isolation) {
    auto device = co_await instruments.modbus(b.isolation->instrument);
    co_await instruments.identify(b.isolation->instrument);
    Bindings coils{{"coil", b.isolation->coil}};
    // The loopback relay sits beside the isolation, on the same board.
    if (b.loopback && b.loopback->instrument == b.isolation->instrument) coils["loopback"] = b.loopback->coil;
    uart_ = make_relay_uart_isolation(std::move(device), std::move(coils));
  }
  auto stream = co_await instruments.connector().stream(*b.address, "uart" + name_);
  meter_ = std::make_unique<Cjt188Meter>(instruments.clock(), std::move(stream), meter_profile_,
                                         cjt188::address_from_hex(dut_.address), meter_profile_.byte_time(),
                                         fmt::format("meter {} at station {}", dut_.serial, name_));
  if (!dut_.security_key.empty()) meter_->use_key(cjt188::block_from_hex(dut_.security_key));
}

Task<> Station::open_routes(Instruments& instruments) {
  for (const auto& [role, binding] : place_.roles) {
    if (!binding.through) continue;
    auto device = co_await instruments.modbus(binding.through->instrument);
    co_await instruments.identify(binding.through->instrument);
    std::vector<int> coils(1, binding.through->coil);
    routes_[role] = make_relay_matrix(std::move(device), std::move(coils));
  }
}

Task<> Station::route(std::vector<std::string> roles, bool connected) {
  for (const std::string& role : roles)
    if (const auto found = routes_.find(role); found != routes_.end()) co_await found->second->connect(connected);
}

Task<> Station::open(std::string role, Instruments& instruments) {
  if (open_.contains(role)) co_return;
  if (role == "matrix") {
    co_await open_routes(instruments);
    open_.insert(role);
    co_return;
  }
  const plan::RoleBinding* const b = rig_.binding(place_, role);
  if (!b) co_return;
  if (role == "uart_link") {
    co_await open_uart(*b, instruments);
  } else if (!b->instrument.empty() &&
             instruments.profile(b->instrument).document().value("driver", "") == "nordic_ppk2") {
    co_await open_ppk2(role, *b, instruments);
  } else if (role == "power_supply" || role == "voltmeter" || role == "microammeter" || role == "ammeter") {
    co_await open_scpi(role, *b, instruments);
  } else if (!b->instrument.empty() && (place_.roles.contains(role) || plan::find_role(role)->output)) {
    // Of what all share, only what drives something is the station's own to work.
    co_await open_modbus(role, *b, instruments);
  }
  if (!b->instrument.empty()) co_await instruments.identify(b->instrument);
  open_.insert(role);
}

std::vector<std::string> Station::roles() const {
  std::vector<std::string> names;
  for (const auto& [role, binding] : place_.roles) names.push_back(role);
  return names;
}

std::vector<std::string> Station::output_roles() const {
  std::vector<std::string> names;
  for (const std::string& role : rig_.safe_state_order) {
    const bool routed = std::any_of(place_.roles.begin(), place_.roles.end(),
                                    [](const auto& entry) { return entry.second.through.has_value(); });
    if (role == "matrix" ? routed : has(role)) names.push_back(role);
  }
  return names;
}

bool Station::ready() const {
  const std::vector<std::string> outputs = output_roles();
  return std::all_of(outputs.begin(), outputs.end(), [this](const std::string& role) { return open_.contains(role); });
}

std::vector<SafeOutput*> Station::outputs(const std::string& role) const {
  std::vector<SafeOutput*> all;
  if (role == "power_supply") all.push_back(supply_.get());
  if (role == "path_switch") all.push_back(path_.get());
  if (role == "uart_link") all.push_back(uart_.get());
  if (role == "opener") all.push_back(opener_.get());
  if (role == "air_source") all.push_back(air_source_.get());
  if (role == "inlet_valve") all.push_back(inlet_valve_.get());
  if (role == "vent") all.push_back(vent_.get());
  if (role == "outlet_seal") all.push_back(outlet_seal_.get());
  if (role == "flow_standard") all.push_back(flow_.get());
  if (role == "pulse_simulator") all.push_back(pulse_simulator_.get());
  if (role == "chamber") all.push_back(chamber_.get());
  if (role == "matrix")
    for (const auto& [routed, matrix] : routes_) all.push_back(matrix.get());
  std::erase(all, nullptr);
  return all;
}

Task<std::vector<OutputState>> Station::make_safe(std::vector<std::string> roles) {
  std::vector<OutputState> all;
  for (const std::string& role : roles) {
    const std::vector<SafeOutput*> drivers = outputs(role);
    for (SafeOutput* const driver : drivers)
      for (OutputState& state : co_await driver->make_safe()) all.push_back(std::move(state));
  }
  co_return all;
}

}  // namespace meterrig::rig
