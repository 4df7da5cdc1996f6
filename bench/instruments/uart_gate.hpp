#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/io/memory_link.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {

// The isolator in the UART of a station: bytes pass, both ways, while its relay contact is closed.
class UartGate final : public LinkPeer {
 public:
  explicit UartGate(LinkPeer& meter);
  ~UartGate() override;

  void set_closed(bool closed) { closed_ = closed; }
  bool closed() const { return closed_; }
  // The rig's own TX joined to its RX, on its side of the isolator: every byte comes back.
  void set_loopback(bool joined) { loopback_ = joined; }

  // Fault R14: the meter answers under another address.
  void answer_as(const cjt188::Address& address) { answers_as_ = address; }
  // Fault R12: after the first loss of supply that follows three answers, another meter sits in the station.
  void swap_for(const cjt188::Address& own, const cjt188::Address& other);
  void supply_lost();

  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port& port) override;
  void disconnected(Port& port) noexcept override;

 private:
  class Gated;
  Port& wrapped(Port& port);
  void send(Port& port, std::span<const std::uint8_t> bytes, Instant at);

  LinkPeer& meter_;
  bool closed_ = false;
  bool loopback_ = false;
  std::vector<std::unique_ptr<Gated>> ports_;
  std::optional<cjt188::Address> answers_as_;
  std::optional<cjt188::Address> own_, other_;
  int answers_ = 0;
  bool swapped_ = false;
};

}  // namespace meterrig::bench
