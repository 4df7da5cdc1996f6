#include "bench/instruments/uart_gate.hpp"

#include <algorithm>
#include <numeric>

namespace meterrig::bench {
namespace {

constexpr int answers_before_swap = 3;

// The place of the 68 that begins a whole frame; none: there is no such frame.
std::optional<std::size_t> frame_start(std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i + 13 <= bytes.size(); ++i)
    if (bytes[i] == 0x68 && i + 13u + bytes[i + 10] <= bytes.size()) return i;
  return std::nullopt;
}

bool addressed_to(std::span<const std::uint8_t> bytes, std::size_t start, const cjt188::Address& address) {
  return std::equal(address.begin(), address.end(), bytes.begin() + static_cast<std::ptrdiff_t>(start) + 2);
}

Bytes readdressed(std::span<const std::uint8_t> bytes, std::size_t start, const cjt188::Address& address) {
  Bytes frame(bytes.begin(), bytes.end());
  const auto begin = frame.begin() + static_cast<std::ptrdiff_t>(start);
  std::copy(address.begin(), address.end(), begin + 2);
  const std::ptrdiff_t checksum = 11 + begin[10];
  begin[checksum] = static_cast<std::uint8_t>(std::accumulate(begin, begin + checksum, 0u));
  return frame;
}

}  // namespace

class UartGate::Gated final : public Port {
 public:
  Gated(UartGate& gate, Port& port) : gate_(gate), port_(port) {}
  void send(std::span<const std::uint8_t> bytes, Instant at) override { gate_.send(port_, bytes, at); }
  void hang_up() override { port_.hang_up(); }
  const Port* port() const { return &port_; }

 private:
  UartGate& gate_;
  Port& port_;
};

UartGate::UartGate(LinkPeer& meter) : meter_(meter) {}

UartGate::~UartGate() = default;

void UartGate::connected(Port& port) { meter_.connected(wrapped(port)); }

void UartGate::swap_for(const cjt188::Address& own, const cjt188::Address& other) {
  own_ = own;
  other_ = other;
}

void UartGate::supply_lost() { swapped_ = swapped_ || (other_ && answers_ >= answers_before_swap); }

LinkPeer::Port& UartGate::wrapped(Port& port) {
  for (const auto& known : ports_)
    if (known->port() == &port) return *known;
  ports_.push_back(std::make_unique<Gated>(*this, port));
  return *ports_.back();
}

void UartGate::disconnected(Port& port) noexcept {
  for (const auto& known : ports_)
    if (known->port() == &port) meter_.disconnected(*known);
  std::erase_if(ports_, [&](const auto& known) { return known->port() == &port; });
}

void UartGate::receive(Port& port, std::span<const std::uint8_t> bytes) {
  if (loopback_) port.send(bytes, Instant{});
  if (!closed_) return;
  if (swapped_) {
    if (const auto start = frame_start(bytes)) {
      if (addressed_to(bytes, *start, *own_)) return;
      if (addressed_to(bytes, *start, *other_)) return meter_.receive(wrapped(port), readdressed(bytes, *start, *own_));
    }
  }
  meter_.receive(wrapped(port), bytes);
}

void UartGate::send(Port& port, std::span<const std::uint8_t> bytes, Instant at) {
  if (!closed_) return;
  ++answers_;
  const auto as = answers_as_ ? answers_as_ : swapped_ ? other_ : std::nullopt;
  const auto start = as ? frame_start(bytes) : std::nullopt;
  if (start) return port.send(readdressed(bytes, *start, *as), at);
  port.send(bytes, at);
}

}  // namespace meterrig::bench
