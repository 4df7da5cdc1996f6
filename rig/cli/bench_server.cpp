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

}  // namespace

BenchServer::BenchServer(WallClock& clock, bench::Bench& bench, const plan::RigFile& rig)
    : clock_(clock), bench_(bench) {
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
  if (device != nullptr) return serve_registers(address.path, *device, unit);
  if (end.peer == nullptr) {
    throw UserError(fmt::format("{}: found virtual:{}; expected a member of the bench{}", where, address.path,
                                json::did_you_mean(address.path, bench_.names())));
  }
  if (uart) {
    members_.push_back({address.path, serve_uart(address, end)});
    return;
  }
  tcp_.push_back(std::make_unique<TcpLinkServer>(clock_, *end.peer, ServeOptions{.timing = end.timing}));
  members_.push_back({address.path, tcp_.back()->url()});
}

void BenchServer::serve_registers(const std::string& name, RegisterPeer& device, int unit) {
  modbus_.push_back(std::make_unique<ModbusTcpServer>(clock_));
  modbus_.back()->attach(unit, device);
  members_.push_back({name, fmt::format("modbus-tcp://127.0.0.1:{}/{}", modbus_.back()->port(), unit)});
}

std::string BenchServer::serve_uart(const Url& address, const bench::Bench::LinkEnd& end) {
  terminals_.push_back(std::make_unique<PtyLinkServer>(clock_, *end.peer, timing_of(address, end)));
  Url served = Url::parse(terminals_.back()->url());
  served.options = address.options;
  return served.text();
}

Json served_rig(const json::Node& rig, const std::vector<BenchServer::Member>& members, double time_scale) {
  Json document = ordered(rig);
  replace_addresses(document, members);
  document["time_scale"] = time_scale;
  return document;
}

}  // namespace meterrig::cli
