#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// A meter behind a serial line that finds requests with `Scanner` and answers some of them. Each port has a scanner of
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
    if (bytes.empty()) return;
    Hearing& heard = ports_[&port];
    const Duration lasted = line_.byte_time * static_cast<std::int64_t>(bytes.size());
    if (clock_.now() - lasted - heard.last > gap_) heard.scanner.gap();
    heard.last = clock_.now();
    heard.scanner.feed(bytes);
    while (const auto request = heard.scanner.next())
      if (const auto reply = answer(*request)) port.send(*reply, clock_.now() + delay_);
  }
  void connected(Port& port) final { ports_.erase(&port); }
  void disconnected(Port& port) noexcept final { ports_.erase(&port); }

 protected:
  // The whole answer as bytes of the line; null: silence.
  virtual std::optional<std::vector<std::uint8_t>> answer(const Request& request) = 0;
  Clock& clock() const { return clock_; }

 private:
  struct Hearing {
    Scanner scanner;
    Instant last{};
  };
  Clock& clock_;
  LineTiming line_;
  Duration delay_;
  Duration gap_;
  std::map<Port*, Hearing> ports_;
};

}  // namespace meterrig::bench
