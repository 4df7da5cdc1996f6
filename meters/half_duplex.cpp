#include "meters/half_duplex.hpp"

#include <algorithm>
#include <utility>

namespace meterrig {

Task<> HalfDuplex::send(Bytes bytes) {
  if (clock_.now() < free_) co_await sleep_for(free_ - clock_.now());
  stream_->drain();
  sent_ = clock_.now() + rules_.byte_time * static_cast<std::int64_t>(bytes.size());
  free_ = sent_ + rules_.idle;
  const Instant deadline = sent_ + 1s + clock_.exchange_slack();
  co_await stream_->write(bytes, deadline);
}

Task<> HalfDuplex::tell(Bytes message) {
  co_await send(std::move(message));
  if (clock_.now() < sent_) co_await sleep_for(sent_ - clock_.now());
}

Task<bool> HalfDuplex::ask(Bytes request, Duration patience, std::function<bool(std::span<const std::uint8_t>)> take) {
  co_await send(std::move(request));
  const Instant begun_by = sent_ + patience + clock_.exchange_slack();
  Instant end = begun_by;
  Bytes chunk(256);
  for (;;) {
    std::size_t count = 0;
    try {
      count = co_await stream_->read(chunk, end);
    } catch (const TimeoutError&) {
      count = 0;
    }
    if (count == 0) co_return false;
    free_ = clock_.now() + rules_.idle;
    if (take(std::span(chunk).first(count))) co_return true;
    // Once it has begun, an answer may take the time of the longest one.
    if (end == begun_by) end = begun_by + rules_.byte_time * static_cast<std::int64_t>(rules_.longest_answer);
  }
}

}  // namespace meterrig
