#include "bench/meter/radio_channel.hpp"

#include <algorithm>

namespace meterrig::bench {

namespace {
// About 25 bytes at 10 kbit/s.
constexpr Duration frame_time = 20ms;
}  // namespace

RadioChannel::RadioChannel(Clock& clock) : clock_(clock), timer_(clock, [this] { advance(); }) {}

void RadioChannel::transmit(Duration wake_burst, std::vector<std::uint8_t> frame) {
  waiting_.push_back({wake_burst, std::move(frame)});
  if (!sending_) begin_next();
}

bool RadioChannel::busy() const { return sending_; }

void RadioChannel::begin_next() {
  if (waiting_.empty()) return;
  sending_ = true;
  in_burst_ = waiting_.front().burst > Duration::zero();
  const Instant burst_end = clock_.now() + waiting_.front().burst;
  if (in_burst_ && reaches()) {
    burst_end_ = burst_end;
    for (RadioListener* listener : listeners_) listener->burst_begins(burst_end);
  }
  timer_.at(in_burst_ ? burst_end : clock_.now() + frame_time);
}

void RadioChannel::advance() {
  if (in_burst_) {
    in_burst_ = false;
    burst_end_ = Instant::min();
    timer_.at(clock_.now() + frame_time);
    return;
  }
  const Transmission sent = std::move(waiting_.front());
  waiting_.pop_front();
  sending_ = false;
  if (reaches()) {
    for (RadioListener* listener : listeners_) listener->frame_on_air(sent.frame);
  }
  // A listener or the host may have started the next one already.
  if (!sending_) begin_next();
}

void RadioChannel::subscribe(RadioListener& listener) { listeners_.push_back(&listener); }

void RadioChannel::unsubscribe(RadioListener& listener) { std::erase(listeners_, &listener); }

Instant RadioChannel::burst_end() const { return burst_end_; }

void RadioChannel::reply(std::span<const std::uint8_t> frame) {
  if (heard_ && reaches()) heard_(frame, -72.0 - attenuation_db_);
}

}  // namespace meterrig::bench
