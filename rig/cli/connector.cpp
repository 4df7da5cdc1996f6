#include "rig/cli/connector.hpp"

#include <fmt/format.h>

#include "core/io/transport/streams.hpp"
#include "core/json/text.hpp"

namespace meterrig::cli {

namespace {

constexpr Duration connect_limit = 5s;
// A Modbus device behind a gateway answers some milliseconds after it was asked; its line adds nothing to that here.
constexpr Duration virtual_turnaround = 2ms;

// Devices on one line share one bus, whatever their unit.
std::string line_key(plan::Address address) {
  address.unit.reset();
  return address.text();
}

}  // namespace

LineTiming timing_of(const Url& address, const bench::Bench::LinkEnd& end) {
  if (address.option("baud") == nullptr) return end.timing;
  const SerialLine line = address.line();
  return LineTiming::serial(line.baud, line.data_bits, line.parity != Parity::none, line.stop_bits);
}

void BenchConnector::no_member(const std::string& member, const std::string& name, const char* kind) const {
  const std::vector<std::string> known = bench_ ? bench_->names() : std::vector<std::string>{};
  throw UserError(fmt::format("{}: found virtual:{}; expected {} of the virtual bench{}", name, member, kind,
                              json::did_you_mean(member, known)));
}

WallClock& BenchConnector::wall(const plan::Address& address) const {
  if (wall_) return *wall_;
  throw UserError(fmt::format("found {} on the virtual clock; expected only virtual: addresses", address.text()));
}

Task<std::unique_ptr<ByteStream>> BenchConnector::stream(const plan::Address& address, const std::string& name) {
  const plan::Address url = address;
  if (!plan::is_virtual(url)) {
    const Instant deadline = clock_.now() + connect_limit + clock_.exchange_slack();
    co_return co_await open_stream(wall(url), url, deadline);
  }
  const bench::Bench::LinkEnd end = bench_ ? bench_->link(url.path) : bench::Bench::LinkEnd{};
  if (end.peer == nullptr) no_member(url.path, name, "a link");
  LinkPeer* const front = interpose_ ? interpose_(url.path, *end.peer) : nullptr;
  co_return std::make_unique<MemoryLink>(clock_, url.text(), front ? *front : *end.peer, timing_of(url, end));
}

Task<std::shared_ptr<RegisterBus>> BenchConnector::bus(const plan::Address& address, const std::string& name,
                                                       int& unit) {
  if (plan::is_virtual(address)) co_return virtual_bus(address.path, name, unit);
  if (address.unit) unit = *address.unit;
  co_return co_await real_bus(address);
}

std::shared_ptr<RegisterBus> BenchConnector::virtual_bus(const std::string& member, const std::string& name,
                                                         int& unit) {
  RegisterPeer* const peer = bench_ ? bench_->registers(member, unit) : nullptr;
  if (peer == nullptr) no_member(member, name, "a register device");
  auto bus = std::make_shared<MemoryBus>(clock_, "virtual:" + member, Duration::zero(), virtual_turnaround);
  bus->attach(unit, *peer);
  return bus;
}

Task<std::shared_ptr<RegisterBus>> BenchConnector::real_bus(plan::Address address) {
  WallClock& clock = wall(address);
  Line& line = lines_[line_key(address)];
  while (line.opening) co_await sleep_for(clock_.exchange_slack() / 100 + 10ms);
  if (line.bus) co_return line.bus;
  // Cleared also when opening fails or is stopped.
  const std::unique_ptr<bool, void (*)(bool*)> opening(&line.opening, [](bool* flag) { *flag = false; });
  line.opening = true;
  std::shared_ptr<RegisterBus> bus = make_modbus_bus(clock, address);
  co_await bus->reopen(clock.now() + connect_limit + clock.exchange_slack());
  line.bus = bus;
  co_return bus;
}

}  // namespace meterrig::cli
