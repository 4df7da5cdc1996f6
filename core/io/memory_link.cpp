#include "core/io/memory_link.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace meterrig {

LineTiming LineTiming::serial(int baud, int data_bits, bool parity, int stop_bits) {
  const int bits = 1 + data_bits + (parity ? 1 : 0) + stop_bits;
  return {Duration{1'000'000'000LL * bits / baud}, Duration::zero()};
}

MemoryLink::MemoryLink(Clock& clock, std::string name, LinkPeer& peer, LineTiming timing)
    : clock_(clock),
      name_(std::move(name)),
      peer_(peer),
      timing_(timing),
      peer_timer_(clock, [this] { deliver_to_peer(); }),
      reader_timer_(clock, [this] { deliver_to_reader(); }),
      deadline_(clock, [this] { expired(); }) {
  peer_.connected(*this);
}

MemoryLink::~MemoryLink() {
  if (!closed_) peer_.disconnected(*this);
}

Task<> MemoryLink::write(std::span<const std::uint8_t> bytes, Instant) {
  const Context context = co_await current_context{};
  if (context.scope && context.scope->cancelled()) throw Cancelled(context.scope->reason());
  if (closed_) throw ClosedError("the link is closed", {name_, "", "", {}});
  if (bytes.empty()) co_return;
  // The port takes the bytes at once, as an operating system does; they reach the peer at the pace of the line.
  const Instant start = std::max(clock_.now(), peer_line_free_);
  peer_line_free_ = start + timing_.byte_time * static_cast<std::int64_t>(bytes.size());
  to_peer_.push_back({peer_line_free_ + timing_.latency, Bytes(bytes.begin(), bytes.end())});
  if (!peer_timer_.armed()) peer_timer_.at(to_peer_.front().at);
}

void MemoryLink::deliver_to_peer() {
  const Chunk chunk = std::move(to_peer_.front());
  to_peer_.pop_front();
  if (!to_peer_.empty()) peer_timer_.at(to_peer_.front().at);
  peer_.receive(*this, chunk.bytes);
}

void MemoryLink::send(std::span<const std::uint8_t> bytes, Instant at) {
  if (closed_ || bytes.empty()) return;
  const Instant start = std::max({clock_.now(), at, reader_line_free_});
  reader_line_free_ = start + timing_.byte_time * static_cast<std::int64_t>(bytes.size());
  to_reader_.push_back({reader_line_free_ + timing_.latency, Bytes(bytes.begin(), bytes.end())});
  if (!reader_timer_.armed()) reader_timer_.at(to_reader_.front().at);
}

void MemoryLink::deliver_to_reader() {
  const Chunk chunk = std::move(to_reader_.front());
  to_reader_.pop_front();
  if (!to_reader_.empty()) reader_timer_.at(to_reader_.front().at);
  if (taken_ == arrived_.size()) {
    arrived_.clear();
    taken_ = 0;
  }
  arrived_.insert(arrived_.end(), chunk.bytes.begin(), chunk.bytes.end());
  serve_reader();
}

void MemoryLink::serve_reader() {
  if (!reader_ || taken_ == arrived_.size()) return;
  ReadOp& op = *std::exchange(reader_, nullptr);
  deadline_.clear();
  const std::size_t count = std::min(op.into().size(), arrived_.size() - taken_);
  std::copy_n(arrived_.begin() + static_cast<std::ptrdiff_t>(taken_), count, op.into().begin());
  taken_ += count;
  op.finish(count);
}

void MemoryLink::start_read(ReadOp& op) {
  if (closed_) {
    op.fail(std::make_exception_ptr(ClosedError("the link is closed", {name_, "", "", {}})));
    return;
  }
  reader_ = &op;
  read_started_ = clock_.now();
  deadline_.set(op.deadline());
  serve_reader();
}

void MemoryLink::stop_read(ReadOp& op) noexcept {
  if (reader_ != &op) return;
  reader_ = nullptr;
  deadline_.clear();
}

void MemoryLink::expired() {
  if (!reader_) return;
  const Duration after = clock_.now() - read_started_;
  std::exchange(reader_, nullptr)
      ->fail(std::make_exception_ptr(TimeoutError(
          fmt::format("{}: nothing came within {:g} s", name_, to_seconds(after)), {name_, "", "", after})));
}

void MemoryLink::hang_up() {
  closed_ = true;
  to_peer_.clear();
  peer_timer_.cancel();
  if (reader_)
    std::exchange(reader_, nullptr)
        ->fail(std::make_exception_ptr(ClosedError("the peer closed the link", {name_, "", "", {}})));
}

void MemoryLink::drain() {
  arrived_.clear();
  taken_ = 0;
}

Task<> MemoryLink::reopen(Instant) {
  close();
  closed_ = false;
  peer_.connected(*this);
  co_return;
}

void MemoryLink::close() noexcept {
  if (!closed_) peer_.disconnected(*this);
  closed_ = true;
  to_peer_.clear();
  to_reader_.clear();
  peer_timer_.cancel();
  reader_timer_.cancel();
  drain();
}

}  // namespace meterrig
