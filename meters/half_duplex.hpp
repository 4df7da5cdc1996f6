#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/io/byte_stream.hpp"

namespace meterrig {

// What a protocol asks of the master of a line.
struct LineRules {
  Duration byte_time{};            // of one character
  Duration idle{};                 // the line is quiet for so long before the master sends
  std::size_t longest_answer = 0;  // characters, preamble included
};

// The master's end of a half-duplex line with one stream: one request at a time.
class HalfDuplex {
 public:
  HalfDuplex(Clock& clock, std::unique_ptr<ByteStream> stream, const LineRules& rules)
      : clock_(clock), stream_(std::move(stream)), rules_(rules) {}

  // Sends, then gives every chunk that arrives to `take` until it says that it has its answer. False when nothing came
  // within `patience` after the last byte was sent, or not enough within the time of the longest answer. What `take`
  // throws ends the exchange.
  Task<bool> ask(Bytes request, Duration patience, std::function<bool(std::span<const std::uint8_t>)> take);
  // Sends what nobody answers; the line is taken until the last byte is out.
  Task<> tell(Bytes message);

  Clock& clock() const noexcept { return clock_; }
  ByteStream& stream() noexcept { return *stream_; }
  const LineRules& rules() const noexcept { return rules_; }

 private:
  Task<> send(Bytes bytes);
  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  LineRules rules_;
  Instant sent_{};  // when the last byte of the last message is out
  Instant free_{};  // from when on the master may send again
};

}  // namespace meterrig
