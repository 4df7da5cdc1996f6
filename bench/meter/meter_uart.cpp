#include "bench/meter/meter_uart.hpp"

#include <algorithm>
#include <utility>

namespace meterrig::bench {
namespace {

constexpr Duration processing = 25ms;
constexpr Duration byte_time{1'000'000'000LL * 11 / 2400};
constexpr Duration awake_after_byte = 10ms;
// CJ/T 188 6.4: no gap inside a frame. What is left of an older chunk is not part of a frame any more.
constexpr Duration frame_gap = 100ms;

}  // namespace

MeterUart::MeterUart(Clock& clock, Firmware firmware)
    : clock_(clock),
      firmware_(std::move(firmware)),
      timer_(clock, [this] { step(); }),
      idle_timer_(clock, [this] { firmware_.awake(false); }) {}

void MeterUart::connect(bool connected) {
  connected_ = connected;
  scanner_.clear();
}

void MeterUart::receive(LinkPeer::Port& port, std::span<const std::uint8_t> bytes) {
  if (!connected_ || bytes.empty()) return;
  const Instant now = clock_.now();
  const Duration chunk = byte_time * static_cast<std::int64_t>(bytes.size());
  if (now - chunk - heard_ > frame_gap) scanner_.clear();
  heard_ = now;
  firmware_.awake(true);
  busy_until_ = std::max(busy_until_, now + awake_after_byte);
  scanner_.feed(bytes);
  while (auto frame = scanner_.next()) {
    if (!firmware_.addressed(*frame)) continue;
    requests_.push_back({std::move(*frame), now + processing, &port});
    busy_until_ = now + processing + awake_after_byte;
  }
  if (!requests_.empty() && !timer_.armed()) timer_.at(requests_.front().due);
  idle_timer_.at(busy_until_);
}

void MeterUart::disconnected(LinkPeer::Port& port) noexcept {
  std::erase_if(requests_, [&](const Request& request) { return request.port == &port; });
}

void MeterUart::stop() {
  timer_.cancel();
  idle_timer_.cancel();
  requests_.clear();
  scanner_.clear();
}

void MeterUart::step() {
  if (requests_.empty()) return;
  const Request request = std::move(requests_.front());
  requests_.pop_front();
  if (!requests_.empty()) timer_.at(std::max(requests_.front().due, clock_.now()));
  const auto answer = firmware_.execute(request.frame);
  if (!answer || !connected_) return;
  const cjt188::Bytes bytes = cjt188::encode(*answer);
  busy_until_ = clock_.now() + byte_time * static_cast<std::int64_t>(bytes.size());
  idle_timer_.at(busy_until_);
  request.port->send(bytes, clock_.now());
}

}  // namespace meterrig::bench
