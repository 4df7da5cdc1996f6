#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "core/time.hpp"
#include "meters/frame_scanner.hpp"

// A scanner that knows the time: what a line's silence says about a frame that has begun.
namespace meterrig {

// A protocol's own rule between the bytes of a frame, and what the port adds to it.
struct GapRule {
  Duration byte_time{};    // of one character
  Duration longest_gap{};  // from the end of a character to the start of the next
};

// What a port may hand bytes over late: 16 ms is the latency timer of FTDI's USB adapters (AN232B-04), and longer than
// the scheduling of a PC. A TCP serial server needs its own packing time.
inline constexpr Duration usual_tolerance = 16ms;

// CJ/T 188-2004 6.4: at most one character.
constexpr GapRule cjt188_gap(Duration byte_time, Duration tolerance = usual_tolerance) {
  return {byte_time, byte_time + tolerance};
}
// DL/T 645-2007 5.3.3: at most 500 ms.
constexpr GapRule dlt645_gap(Duration byte_time, Duration tolerance = usual_tolerance) {
  return {byte_time, 500ms + tolerance};
}
// EN 13757-2, 5.5.5 (IEC 60870-5-1, format class FT 1.2): none, and 33 idle bits, three characters, end a disturbed
// one.
constexpr GapRule mbus_gap(Duration byte_time, Duration tolerance = usual_tolerance) {
  return {byte_time, 3 * byte_time + tolerance};
}

// `Scanner`: a FrameScanner with next(). A frame that stops for longer than the rule allows is dropped and counted as
// truncated, and so is the noise before it; what comes behind is read from its first byte on.
template <typename Scanner>
class FrameReceiver {
 public:
  explicit FrameReceiver(GapRule rule, Scanner scanner = Scanner()) : rule_(rule), scanner_(std::move(scanner)) {}

  // A chunk without gaps, whose last byte had arrived at `arrived`. Frames are taken with next() before the next chunk.
  void feed(Instant arrived, std::span<const std::uint8_t> bytes) {
    if (bytes.empty()) return;
    const Instant began = arrived - rule_.byte_time * static_cast<std::int64_t>(bytes.size());
    if (heard_ && began - *heard_ > rule_.longest_gap) scanner_.gap();
    heard_ = arrived;
    scanner_.feed(bytes);
  }
  auto next() { return scanner_.next(); }

  // When what has begun is given up, unless the next byte is there by then; null: nothing has begun. For a port that
  // hands bytes over as they come, within the tolerance. Known once next() has no more.
  std::optional<Instant> gives_up_at() const {
    if (!scanner_.begun()) return std::nullopt;
    return *heard_ + rule_.longest_gap + rule_.byte_time;
  }
  // It is `now`, and no more bytes have come. True if that gave something up.
  bool give_up(Instant now) {
    const auto at = gives_up_at();
    if (!at || now < *at) return false;
    scanner_.gap();
    return true;
  }

  // Forgets bytes and counts, before another exchange.
  void clear() {
    scanner_.clear();
    heard_.reset();
  }
  // Counted since the last clear().
  const FrameFaults& faults() const { return scanner_.faults(); }

 private:
  GapRule rule_;
  Scanner scanner_;
  std::optional<Instant> heard_;
};

}  // namespace meterrig
