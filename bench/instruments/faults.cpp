#include "bench/instruments/faults.hpp"

#include <algorithm>

namespace meterrig::bench {
namespace {

// Beyond every deadline of a driver: the answer comes when nobody waits for it any more.
constexpr Duration lateness = 15s;
constexpr std::string_view garbage = "\x15\x80~#garbled?{\n";
constexpr std::string_view who = "*IDN?";
constexpr std::string_view somebody_else = "MERIDIAN INSTRUMENTS,M-1,0,0\n";
constexpr int device_failure = 4;  // Modbus Application Protocol V1.1b3, section 7

const IoFault* in_force(const std::vector<IoFault>& faults, int exchange) {
  const auto found = std::find_if(faults.begin(), faults.end(), [&](const IoFault& fault) {
    return fault.at_exchange == 0 || fault.at_exchange == exchange;
  });
  return found == faults.end() ? nullptr : &*found;
}

}  // namespace

// The way back, spoiled as the exchange under way has it.
class FaultyLink::Spoiled final : public Port {
 public:
  Spoiled(Clock& clock, Port& port) : clock_(clock), port_(port) {}
  void send(std::span<const std::uint8_t> bytes, Instant at) override {
    if (!trouble) return port_.send(bytes, at);
    switch (*trouble) {
      case IoTrouble::garbage:
        return say(garbage, at);
      case IoTrouble::late:
        return port_.send(bytes, std::max(at, clock_.now()) + lateness);
      case IoTrouble::partial:
        return port_.send(bytes.first(bytes.size() / 2), at);
      case IoTrouble::split:
        return pieces(bytes, at);
      case IoTrouble::identity:
        return asked_who ? say(somebody_else, at) : port_.send(bytes, at);
      default:
        return port_.send(bytes, at);
    }
  }
  void hang_up() override { port_.hang_up(); }
  const Port* port() const { return &port_; }
  std::optional<IoTrouble> trouble;
  bool asked_who = false;

 private:
  void say(std::string_view text, Instant at) {
    port_.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, at);
  }
  // The head of a block and every short answer byte by byte, what is longer in odd pieces.
  void pieces(std::span<const std::uint8_t> bytes, Instant at) {
    for (std::size_t i = 0; i < bytes.size();) {
      const std::size_t size = std::min<std::size_t>(i < 64 ? 1 : 997, bytes.size() - i);
      port_.send(bytes.subspan(i, size), at);
      i += size;
    }
  }
  Clock& clock_;
  Port& port_;
};

FaultyLink::FaultyLink(Clock& clock, LinkPeer& inner, std::vector<IoFault> faults, std::function<void()> raise)
    : clock_(clock), inner_(inner), faults_(std::move(faults)), raise_(std::move(raise)) {}

FaultyLink::~FaultyLink() = default;

FaultyLink::Spoiled& FaultyLink::wrapped(Port& port) {
  for (const auto& known : ports_)
    if (known->port() == &port) return *known;
  ports_.push_back(std::make_unique<Spoiled>(clock_, port));
  return *ports_.back();
}

void FaultyLink::connected(Port& port) {
  wrapped(port).trouble.reset();
  inner_.connected(wrapped(port));
}

void FaultyLink::disconnected(Port& port) noexcept {
  for (const auto& known : ports_)
    if (known->port() == &port) inner_.disconnected(*known);
  std::erase_if(ports_, [&](const auto& known) { return known->port() == &port; });
}

void FaultyLink::receive(Port& port, std::span<const std::uint8_t> bytes) {
  Spoiled& way_back = wrapped(port);
  const IoFault* fault = in_force(faults_, ++exchanges_);
  way_back.trouble = fault ? std::optional(fault->trouble) : std::nullopt;
  way_back.asked_who = std::search(bytes.begin(), bytes.end(), who.begin(), who.end()) != bytes.end();
  if (fault && fault->trouble == IoTrouble::silent) return;
  if (fault && fault->trouble == IoTrouble::close) return port.hang_up();
  if (fault && fault->trouble == IoTrouble::error) {
    if (raise_)
      raise_();
    else
      way_back.trouble = IoTrouble::garbage;
  }
  inner_.receive(way_back, bytes);
}

FaultyRegisters::FaultyRegisters(RegisterPeer& inner, std::vector<IoFault> faults, std::uint64_t seed)
    : inner_(inner), faults_(std::move(faults)), spread_(seed) {}

const IoFault* FaultyRegisters::next() {
  const IoFault* fault = in_force(faults_, ++exchanges_);
  if (!fault) return nullptr;
  if (fault->trouble == IoTrouble::error) throw Refusal{device_failure};
  if (fault->trouble != IoTrouble::garbage) throw Silence{};
  return fault;
}

std::vector<std::uint16_t> FaultyRegisters::read(RegisterTable table, std::uint16_t address, std::uint16_t count) {
  const bool spoil = next() != nullptr;
  std::vector<std::uint16_t> values = inner_.read(table, address, count);
  const bool bits = table == RegisterTable::coils || table == RegisterTable::discrete_inputs;
  if (spoil)
    for (std::uint16_t& value : values) value = static_cast<std::uint16_t>(spread_.next() & (bits ? 1u : 0xFFFFu));
  return values;
}

void FaultyRegisters::write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) {
  // A garbled answer to a write: the device did what was asked, and nobody can tell.
  const bool spoil = next() != nullptr;
  inner_.write(table, address, values);
  if (spoil) throw Silence{};
}

}  // namespace meterrig::bench
