#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>

#include "core/clock.hpp"
#include "core/io/memory_link.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {

// The UART of a battery-fed meter (CJ/T 188, 2400 8E1): finds requests, has each answered after the time that the
// firmware takes, and is awake from the first byte heard to the last one sent.
class MeterUart {
 public:
  struct Firmware {
    std::function<bool(const cjt188::Frame&)> addressed;
    std::function<std::optional<cjt188::Frame>(const cjt188::Frame&)> execute;  // null: silence
    std::function<void(bool)> awake;
  };
  MeterUart(Clock& clock, Firmware firmware);

  bool connected() const { return connected_; }
  // What has been heard in part is forgotten.
  void connect(bool connected);
  // Of a running meter.
  void receive(LinkPeer::Port& port, std::span<const std::uint8_t> bytes);
  void disconnected(LinkPeer::Port& port) noexcept;
  // The supply is gone.
  void stop();

 private:
  struct Request {
    cjt188::Frame frame;
    Instant due;
    LinkPeer::Port* port;
  };
  void step();

  Clock& clock_;
  Firmware firmware_;
  bool connected_ = false;
  cjt188::Scanner scanner_;
  std::deque<Request> requests_;
  Instant busy_until_{};
  Instant heard_{};
  Timer timer_, idle_timer_;
};

}  // namespace meterrig::bench
