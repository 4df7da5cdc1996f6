#pragma once

#include <map>

#include "core/io/memory_bus.hpp"
#include "core/io/memory_link.hpp"

namespace meterrig {

// Modbus devices behind a byte link: what a served port, or a link in memory, hands its bytes to. Several units may
// share it; a unit that is not there stays silent, as on a real bus.
class ModbusPeer final : public LinkPeer {
 public:
  enum class Framing { tcp, rtu };

  // `turnaround`: from the last byte of a request to the first of its answer.
  ModbusPeer(Clock& clock, Framing framing, Duration turnaround = Duration::zero())
      : clock_(clock), framing_(framing), turnaround_(turnaround) {}
  // 1 to 247; the device outlives the peer.
  void attach(int unit, RegisterPeer& device) { devices_[unit] = &device; }

  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port& port) override { received_[&port].clear(); }
  void disconnected(Port& port) noexcept override { received_.erase(&port); }

 private:
  void answer(Port& port, int transaction, int unit, std::span<const std::uint8_t> pdu);

  Clock& clock_;
  Framing framing_;
  Duration turnaround_;
  std::map<int, RegisterPeer*> devices_;
  std::map<Port*, Bytes> received_;
};

}  // namespace meterrig
