#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "meters/frame_receiver.hpp"
#include "meters/half_duplex.hpp"
#include "meters/meter.hpp"

namespace meterrig {

// A master's line of one protocol: asks, repeats in silence, and counts what the line brings by its name.
template <typename Scanner>
class RequestLine {
 public:
  using Frame = typename decltype(std::declval<Scanner&>().next())::value_type;

  RequestLine(Clock& clock, std::unique_ptr<ByteStream> stream, const LineRules& rules, GapRule gap)
      : line_(clock, std::move(stream), rules), receiver_(gap) {}

  // Gives every frame that comes to `take` until it says that it has its answer; what it throws ends the exchange.
  // False when `repeats` more requests were not answered either.
  Task<bool> ask(Bytes request, Duration patience, int repeats, std::function<bool(const Frame&)> take) {
    for (int attempt = 0; attempt <= repeats; ++attempt) {
      receiver_.clear();
      ++counters.requests;
      const bool answered = co_await line_.ask(request, patience, [&](std::span<const std::uint8_t> chunk) {
        receiver_.feed(clock().now(), chunk);
        while (const auto frame = receiver_.next())
          if (take(*frame)) return true;
        return false;
      });
      if (!answered) receiver_.give_up(clock().now());
      counters.add(receiver_.faults());
      if (answered) {
        ++counters.answers;
        co_return true;
      }
      ++counters.silent;
    }
    co_return false;
  }
  // What the last request brought instead of an answer, for people; empty: silence.
  std::string dropped() const {
    const FrameFaults& faults = receiver_.faults();
    if (faults.bad_checksum > 0) return "a frame with a bad checksum";
    if (faults.truncated > 0) return "a truncated frame";
    return faults.bad_end + faults.bad_length > 0 ? "bytes that are no frame" : "";
  }

  Clock& clock() const noexcept { return line_.clock(); }
  HalfDuplex& half_duplex() noexcept { return line_; }
  const LineRules& rules() const noexcept { return line_.rules(); }
  MeterCounters counters;

 private:
  HalfDuplex line_;
  FrameReceiver<Scanner> receiver_;
};

}  // namespace meterrig
