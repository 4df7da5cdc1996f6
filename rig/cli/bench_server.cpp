#include "rig/cli/bench_server.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/json/text.hpp"
#include "rig/cli/connector.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

// The member of an address, whatever options follow it.
std::string member_of(const std::string& address) { return Url::parse(address).path; }

const std::string* address_of(const std::vector<BenchServer::Member>& members, const std::string& name) {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
  return found == members.end() ? nullptr : &found->address;
}

// In the order of the file, so that people find their way about in what is emitted.
Json ordered(const json::Node& node) {
  if (node.is_object()) {
    Json object = Json::object();
    for (const json::Member& member : node.members()) object[member.key] = ordered(member.value);
    return object;
  }
  if (node.is_array()) {
    Json array = Json::array();
    for (const json::Node& element : node.elements()) array.push_back(ordered(element));
    return array;
  }
  return Json(json::to_json(node));
}

void replace_addresses(Json& value, const std::vector<BenchServer::Member>& members) {
  if (!value.is_structured()) return;
  for (auto& [key, item] : value.items()) {
    replace_addresses(item, members);
    if (key != "address" || !item.is_string() || !item.get<std::string>().starts_with("virtual:")) continue;
    if (const std::string* address = address_of(members, member_of(item.get<std::string>()))) item = *address;
  }
}

void name_ports(Json& document, const std::vector<BenchServer::Member>& members) {
  if (!document.contains("bench") || !document["bench"].contains("meters")) return;
  for (Json& meter : document["bench"]["meters"]) {
    for (const BenchServer::Member& member : members)
      if (member.name == meter["name"]) meter["ports"] = {member.address, member.by_network};
  }
}

}  // namespace

BenchServer::BenchServer(WallClock& clock, bench::Bench& bench, const plan::RigFile& rig)
    : clock_(clock), bench_(bench) {
  if (rig.meters_virtual()) {
    for (const json::Node& meter : rig.bench_meters) serve_meter(meter.at("name").string());
  }
  for (const auto& [name, instrument] : rig.instruments) serve(instrument.address, "instrument " + name, false);
  for (const auto& [role, binding] : rig.shared) {
    if (binding.address) serve(*binding.address, "shared " + role, false);
  }
  for (const plan::RigStation& station : rig.stations) {
    for (const auto& [role, binding] : station.roles) {
      if (binding.address)
        serve(*binding.address, fmt::format("station {}, {}", station.name, role), role == "uart_link");
    }
  }
}

void BenchServer::serve(const Url& address, const std::string& where, bool uart) {
  if (!plan::is_virtual(address) || address_of(members_, address.path) != nullptr) return;
  const bench::Bench::LinkEnd end = bench_.link(address.path);
  int unit = 1;
  RegisterPeer* const device = end.peer ? nullptr : bench_.registers(address.path, unit);
  if (device != nullptr) {
    members_.push_back({address.path, serve_registers(*device, unit)});
    return;
  }
  if (end.peer == nullptr) {
    throw UserError(fmt::format("{}: found virtual:{}; expected a member of the bench{}", where, address.path,
                                json::did_you_mean(address.path, bench_.names())));
  }
  members_.push_back({address.path, uart ? serve_terminal(address, end) : serve_tcp(end, 1)});
}

void BenchServer::serve_meter(const std::string& name) {
  constexpr std::size_t clients_of_a_gateway = 8;
  const bench::Bench::LinkEnd end = bench_.link(name);
  int unit = 1;
  if (RegisterPeer* const device = end.peer ? nullptr : bench_.registers(name, unit)) {
    members_.push_back({name, serve_rtu(*device, unit), serve_registers(*device, unit)});
    return;
  }
  const Url line = Url::parse("virtual:" + name + "?baud=2400&parity=even");
  members_.push_back({name, serve_terminal(line, end), serve_tcp(end, clients_of_a_gateway)});
}

std::string BenchServer::serve_tcp(const bench::Bench::LinkEnd& end, std::size_t most_clients) {
  const ServeOptions options{.timing = end.timing, .most_clients = most_clients};
  tcp_.push_back(std::make_unique<TcpLinkServer>(clock_, *end.peer, options));
  return tcp_.back()->url();
}

std::string BenchServer::serve_rtu(RegisterPeer& device, int unit) {
  constexpr Duration turnaround = 5ms;
  rtu_.push_back(std::make_unique<ModbusRtuServer>(clock_, LineTiming::serial(9600, 8, false), turnaround));
  rtu_.back()->attach(unit, device);
  return fmt::format("modbus-rtu://{}?baud=9600&unit={}", rtu_.back()->path(), unit);
}

std::string BenchServer::serve_registers(RegisterPeer& device, int unit) {
  modbus_.push_back(std::make_unique<ModbusTcpServer>(clock_));
  modbus_.back()->attach(unit, device);
  return fmt::format("modbus-tcp://127.0.0.1:{}/{}", modbus_.back()->port(), unit);
}

std::string BenchServer::serve_terminal(const Url& address, const bench::Bench::LinkEnd& end) {
  terminals_.push_back(std::make_unique<PtyLinkServer>(clock_, *end.peer, timing_of(address, end)));
  Url served = Url::parse(terminals_.back()->url());
  served.options = address.options;
  return served.text();
}

Json served_rig(const json::Node& rig, const std::vector<BenchServer::Member>& members, double time_scale) {
  Json document = ordered(rig);
  replace_addresses(document, members);
  name_ports(document, members);
  document["time_scale"] = time_scale;
  return document;
}

}  // namespace meterrig::cli
