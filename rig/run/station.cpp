#include "rig/run/station.hpp"

#include <algorithm>
#include <regex>

#include <fmt/format.h>

#include "instruments/modbus_roles.hpp"
#include "instruments/people.hpp"
#include "instruments/scpi_drivers.hpp"

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

}  // namespace

Instruments::Instruments(Clock& clock, plan::Loader& loader, const plan::RigFile& rig, Connector& connector)
    : clock_(clock), loader_(loader), rig_(rig), connector_(connector) {}

const Profile& Instruments::profile(const std::string& instrument) {
  const auto member = rig_.instruments.find(instrument);
  if (member == rig_.instruments.end())
    throw UserError(fmt::format("{}: the rig has no instrument {:?}", rig_.file, instrument));
  auto& profile = profiles_[member->second.profile];
  if (!profile) profile = std::make_unique<Profile>(json::to_json(loader_.instrument(member->second.profile)));
  return *profile;
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
    if (!member.serial.empty() && identity.serial != member.serial)
      throw InstrumentError(
          fmt::format("{} has serial number {}; the rig file says {}", name, identity.serial, member.serial),
          {name, "*IDN?", identity.text, {}});
    identities_[name] = identity.text;
  }
  if (const auto device = devices_.find(name); device != devices_.end() && device->second) {
    const std::string answer = co_await device->second->identify();
    expect_identity(member, its_profile, its_profile.document().at("identity").at("pattern"), answer, "identity");
    identities_[name] = answer;
  }
}

std::vector<nlohmann::json> Instruments::list() const {
  std::vector<nlohmann::json> all;
  for (const auto& [name, member] : rig_.instruments) {
    nlohmann::json entry{{"name", name},
                         {"profile", member.profile},
                         {"address", member.address.text()},
                         {"serial", member.serial},
                         {"simulated", plan::is_virtual(member.address)}};
    if (const auto identity = identities_.find(name); identity != identities_.end())
      entry["identity"] = identity->second;
    if (member.calibration)
      entry["calibration"] = {{"date", member.calibration->date},
                              {"due", member.calibration->due},
                              {"certificate", member.calibration->certificate}};
    all.push_back(std::move(entry));
  }
  return all;
}

Station::Station(std::string name, int number, const plan::DutFile& dut, const plan::RigFile& rig)
    : name_(std::move(name)), number_(number), dut_(dut), rig_(rig), place_(*rig.station(name_)) {}

const plan::RoleBinding* Station::binding(const char* role) const { return rig_.binding(place_, role); }
bool Station::has(const std::string& role) const { return rig_.binding(place_, role) != nullptr; }

void Station::missing(const char* role) const {
  throw UserError(fmt::format("{}: station {} has nothing for the role {:?}", rig_.file, name_, role));
}

Task<> Station::open_electrical(Instruments& instruments) {
  Clock& clock = instruments.clock();
  if (const auto* b = binding("power_supply")) {
    auto session = co_await instruments.scpi(b->instrument);
    supply_ = make_scpi_supply(clock, std::move(session), instruments.profile(b->instrument), std::max(1, b->channel));
  }
  if (const auto* b = binding("voltmeter")) {
    auto session = co_await instruments.scpi(b->instrument);
    voltmeter_ = make_scpi_voltmeter(clock, std::move(session), instruments.profile(b->instrument));
  }
  for (const char* role : {"microammeter", "ammeter"}) {
    const auto* b = binding(role);
    if (!b) continue;
    auto session = co_await instruments.scpi(b->instrument);
    auto meter = make_scpi_analyser(clock, std::move(session), instruments.profile(b->instrument),
                                    std::max(1, b->channel), role);
    (role[0] == 'm' ? microammeter_ : ammeter_) = std::move(meter);
  }
  if (const auto* b = binding("path_switch")) {
    auto device = co_await instruments.modbus(b->instrument);
    path_ = make_relay_path_switch(std::move(device), b->coils);
  }
  if (const auto* b = binding("opener")) {
    auto device = co_await instruments.modbus(b->instrument);
    opener_ = make_relay_opener(std::move(device), b->coils);
  }
}

Task<> Station::open_air(Instruments& instruments) {
  if (const auto* b = binding("air_source")) air_source_ = make_air_source(co_await instruments.modbus(b->instrument));
  if (const auto* b = binding("inlet_valve"))
    inlet_valve_ = make_air_valve(co_await instruments.modbus(b->instrument), "inlet_valve");
  if (const auto* b = binding("vent")) vent_ = make_air_valve(co_await instruments.modbus(b->instrument), "vent");
  if (const auto* b = binding("outlet_seal"))
    outlet_seal_ = make_air_valve(co_await instruments.modbus(b->instrument), "outlet_seal");
  if (const auto* b = binding("gauge")) gauge_ = make_gauge(co_await instruments.modbus(b->instrument));
  if (const auto* b = binding("gas_thermometer"))
    thermometer_ = make_thermometer(co_await instruments.modbus(b->instrument));
  if (const auto* b = binding("leak_sensor"))
    leak_sensor_ = make_leak_sensor(co_await instruments.modbus(b->instrument));
  if (const auto* b = binding("flow_standard")) flow_ = make_flow_standard(co_await instruments.modbus(b->instrument));
  if (const auto* b = binding("pulse_counter"))
    pulses_ = make_pulse_counter(co_await instruments.modbus(b->instrument));
}

Task<> Station::open(Instruments& instruments, std::shared_ptr<Host> host, std::shared_ptr<Operator> person,
                     std::shared_ptr<Ambient> ambient, const MeterProfile& profile) {
  host_ = std::move(host);
  operator_ = std::move(person);
  ambient_ = std::move(ambient);
  co_await open_electrical(instruments);
  co_await open_air(instruments);
  const auto* b = binding("uart_link");
  if (!b) co_return;
  if (b->isolation) {
    auto device = co_await instruments.modbus(b->isolation->instrument);
    Bindings coils{{"coil", b->isolation->coil}};
    // The loopback relay sits beside the isolation, on the same board.
    if (b->loopback && b->loopback->instrument == b->isolation->instrument) coils["loopback"] = b->loopback->coil;
    uart_ = make_relay_uart_isolation(std::move(device), std::move(coils));
  }
  const plan::Address& address = *b->address;
  auto stream = co_await instruments.connector().stream(address, "uart" + name_);
  const Duration byte_time = profile.byte_time();
  meter_ = std::make_unique<Cjt188Meter>(instruments.clock(), std::move(stream), profile,
                                         cjt188::address_from_hex(dut_.address), byte_time,
                                         fmt::format("meter {} at station {}", dut_.serial, name_));
}

std::vector<std::string> Station::instruments() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const auto& [role, binding] : place_.roles) {
    add(binding.instrument);
    if (binding.isolation) add(binding.isolation->instrument);
  }
  return names;
}

SafeOutput* Station::output(const std::string& role) {
  if (role == "power_supply") return supply_.get();
  if (role == "path_switch") return path_.get();
  if (role == "uart_link") return uart_.get();
  if (role == "opener") return opener_.get();
  if (role == "air_source") return air_source_.get();
  if (role == "inlet_valve") return inlet_valve_.get();
  if (role == "vent") return vent_.get();
  if (role == "outlet_seal") return outlet_seal_.get();
  if (role == "flow_standard") return flow_.get();
  return nullptr;
}

Task<std::vector<OutputState>> Station::make_safe() {
  std::vector<OutputState> all;
  for (const std::string& role : rig_.safe_state_order) {
    SafeOutput* const driver = output(role);
    if (!driver) continue;
    for (OutputState& state : co_await driver->make_safe()) all.push_back(std::move(state));
  }
  co_return all;
}

}  // namespace meterrig::rig
