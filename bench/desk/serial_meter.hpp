#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/io/memory_link.hpp"
#include "meters/frame_receiver.hpp"

namespace meterrig::bench {

// A meter behind a serial line that finds requests with `Scanner` and answers some of them. Each port has a receiver of
// its own: what one client leaves half-sent doesn't reach another's request.
template <class Scanner>
class SerialMeter : public LinkPeer {
 public:
  using Request = typename decltype(std::declval<Scanner&>().next())::value_type;

  // `delay`: from the last byte of a request to the first of the answer. `gap`: silence that ends a frame.
  SerialMeter(Clock& clock, LineTiming line, Duration delay, Duration gap)
      : clock_(clock), line_(line), delay_(delay), gap_(gap) {}

  LineTiming line() const { return line_; }

  void receive(Port& port, std::span<const std::uint8_t> bytes) final {
    auto& receiver = ports_.try_emplace(&port, GapRule{line_.byte_time, gap_}).first->second;
    receiver.feed(clock_.now(), bytes);
    while (const auto request = receiver.next())
      if (const auto reply = answer(*request)) port.send(*reply, clock_.now() + delay_);
  }
  void connected(Port& port) final { ports_.erase(&port); }
  void disconnected(Port& port) noexcept final { ports_.erase(&port); }

 protected:
  // The whole answer as bytes of the line; null: silence.
  virtual std::optional<std::vector<std::uint8_t>> answer(const Request& request) = 0;
  Clock& clock() const { return clock_; }

 private:
  Clock& clock_;
  LineTiming line_;
  Duration delay_;
  Duration gap_;
  std::map<Port*, FrameReceiver<Scanner>> ports_;
};

}  // namespace meterrig::bench
