#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <type_traits>

#include "core/io/memory_link.hpp"
#include "core/io/transport/device_io.hpp"
#include "core/io/transport/handler_memory.hpp"
#include "core/io/transport/loop.hpp"

namespace meterrig {

// One client's connection as the peer behind it sees it.
template <typename Device>
class ServedLink final : public LinkPeer::Port, public std::enable_shared_from_this<ServedLink<Device>> {
 public:
  using Gone = std::function<void(ServedLink&)>;

  ServedLink(WallClock& clock, Device device, LinkPeer& peer, LineTiming timing, Gone gone)
      : clock_(clock),
        device_(std::move(device)),
        peer_(peer),
        timing_(timing),
        gone_(std::move(gone)),
        in_timer_(clock, [this] { deliver_in(); }),
        out_timer_(clock, [this] { deliver_out(); }) {}

  void start() {
    peer_.connected(*this);
    if (!closed_) begin_read();
  }
  // The client, or the server, has gone.
  void end() {
    if (closed_) return;
    shut();
    peer_.disconnected(*this);
  }
  void send(std::span<const std::uint8_t> bytes, Instant at) override;
  void hang_up() override {
    if constexpr (std::is_same_v<Device, Descriptor>) {
      // A terminal's other end can't hang up and stay there for the next client.
      out_.clear();
      out_timer_.cancel();
    } else {
      if (!closed_) shut();
      gone_(*this);
    }
  }
  Device& device() noexcept { return device_; }

 private:
  struct Chunk {
    Instant at;
    Bytes bytes;
  };
  // Handlers keep the link alive until the last of them has run.
  struct ReadHandler {
    std::shared_ptr<ServedLink> link;
    using allocator_type = HandlerAllocator<std::byte>;
    allocator_type get_allocator() const noexcept { return allocator_type(link->read_memory_); }
    void operator()(const ErrorCode& error, std::size_t count) const { link->arrived(error, count); }
  };

  void begin_read() { device_.async_read_some(asio::buffer(buffer_), ReadHandler{this->shared_from_this()}); }
  void arrived(const ErrorCode& error, std::size_t count);
  void deliver_in();
  void deliver_out();
  void transmit(Bytes bytes);
  void transmit_rest();
  bool instant() const noexcept {
    return timing_.byte_time == timing_.byte_time.zero() && timing_.latency == timing_.latency.zero();
  }
  void leave() {
    const auto self = this->shared_from_this();
    end();
    gone_(*this);
  }
  void shut() {
    closed_ = true;
    in_timer_.cancel();
    out_timer_.cancel();
    ErrorCode ignored;
    device_.close(ignored);
  }

  WallClock& clock_;
  Device device_;
  LinkPeer& peer_;
  LineTiming timing_;
  Gone gone_;
  Timer in_timer_;
  Timer out_timer_;
  std::deque<Chunk> in_;
  std::deque<Chunk> out_;
  Instant in_line_free_{};
  Instant out_line_free_{};
  Bytes unsent_;
  bool writing_ = false;
  bool ended_ = false;  // the client sent its last byte; answers under way still go out
  bool closed_ = false;
  HandlerMemory read_memory_;
  std::array<std::uint8_t, 8192> buffer_;
};

template <typename Device>
void ServedLink<Device>::arrived(const ErrorCode& error, std::size_t count) {
  if (closed_) return;
  if (error) {
    ended_ = true;
    if (in_.empty() && out_.empty() && !writing_) leave();
    return;
  }
  const auto self = this->shared_from_this();
  const std::span bytes(buffer_.data(), count);
  if (instant()) {
    peer_.receive(*this, bytes);
  } else {
    const Instant first = std::max(clock_.now(), in_line_free_);
    in_line_free_ = first + timing_.byte_time * static_cast<std::int64_t>(count);
    in_.push_back({in_line_free_ + timing_.latency, Bytes(bytes.begin(), bytes.end())});
    if (!in_timer_.armed()) in_timer_.at(in_.front().at);
  }
  if (!closed_) begin_read();
}

template <typename Device>
void ServedLink<Device>::deliver_in() {
  const auto self = this->shared_from_this();
  const Chunk chunk = std::move(in_.front());
  in_.pop_front();
  if (!in_.empty()) in_timer_.at(in_.front().at);
  peer_.receive(*this, chunk.bytes);
  if (ended_ && !closed_ && in_.empty() && out_.empty() && !writing_) leave();
}

template <typename Device>
void ServedLink<Device>::send(std::span<const std::uint8_t> bytes, Instant at) {
  if (closed_ || bytes.empty()) return;
  const Instant now = clock_.now();
  const Instant first = std::max({now, at, out_line_free_});
  out_line_free_ = first + timing_.byte_time * static_cast<std::int64_t>(bytes.size());
  const Instant due = out_line_free_ + timing_.latency;
  if (due <= now && out_.empty()) return transmit(Bytes(bytes.begin(), bytes.end()));
  out_.push_back({due, Bytes(bytes.begin(), bytes.end())});
  if (!out_timer_.armed()) out_timer_.at(out_.front().at);
}

template <typename Device>
void ServedLink<Device>::deliver_out() {
  const auto self = this->shared_from_this();
  Bytes bytes = std::move(out_.front().bytes);
  out_.pop_front();
  if (!out_.empty()) out_timer_.at(out_.front().at);
  transmit(std::move(bytes));
  if (ended_ && !closed_ && in_.empty() && out_.empty() && !writing_) leave();
}

template <typename Device>
void ServedLink<Device>::transmit(Bytes bytes) {
  if (writing_) {
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    return;
  }
  const ssize_t sent = write_what_goes(device_, bytes);
  // A failed write shows again as a failed read, which ends the link.
  if (sent < 0 || static_cast<std::size_t>(sent) == bytes.size()) return;
  unsent_.assign(bytes.begin() + sent, bytes.end());
  transmit_rest();
}

template <typename Device>
void ServedLink<Device>::transmit_rest() {
  writing_ = true;
  auto rest = std::make_shared<Bytes>(std::exchange(unsent_, {}));
  asio::async_write(device_, asio::buffer(*rest),
                    [self = this->shared_from_this(), rest](const ErrorCode& error, std::size_t) {
                      self->writing_ = false;
                      if (self->closed_) return;
                      if (!error && !self->unsent_.empty()) return self->transmit_rest();
                      if (self->ended_ && self->in_.empty() && self->out_.empty()) self->leave();
                    });
}

}  // namespace meterrig
