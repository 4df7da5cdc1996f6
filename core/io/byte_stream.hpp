#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/task.hpp"

namespace meterrig {

using Bytes = std::vector<std::uint8_t>;

class ByteStream;

// One read under way on a stream. It ends with bytes, an error, the deadline, or a stop.
class ReadOp : public Waiter {
 public:
  ReadOp(ByteStream& stream, std::span<std::uint8_t> into, Instant deadline)
      : stream_(stream), into_(into), deadline_(deadline) {}
  ~ReadOp() { detach(); }

  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (pending()) start();
  }
  // The number of bytes read, at least 1.
  std::size_t await_resume();

  // For implementations of streams:
  std::span<std::uint8_t> into() const noexcept { return into_; }
  void finish(std::size_t count);
  void fail(std::exception_ptr error);
  Instant deadline() const noexcept { return deadline_; }

 private:
  void start();
  void detach() noexcept override;
  ByteStream& stream_;
  std::span<std::uint8_t> into_;
  Instant deadline_;
  std::size_t count_ = 0;
  std::exception_ptr error_;
  bool started_ = false;
};

// Bytes with deadlines. A driver sees this and nothing else of TCP, serial, USBTMC or an in-memory link.
// One owner, one read at a time. After an error or a time-out the owner decides: drain() and go on, or reopen().
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Hands all bytes to the transport. Throws ClosedError or LinkError.
  virtual Task<> write(std::span<const std::uint8_t> bytes, Instant deadline) = 0;
  // Awaitable: at least one byte, at most into.size(). Throws TimeoutError at the deadline, ClosedError at the end.
  ReadOp read(std::span<std::uint8_t> into, Instant deadline) { return ReadOp{*this, into, deadline}; }
  // Throws away what has arrived and was not read.
  virtual void drain() = 0;
  // Closes and opens again, where the transport can. Throws LinkError with the reason.
  virtual Task<> reopen(Instant deadline) = 0;
  // Device clear: the far side forgets the message under way and what it had to answer, and nothing of that is read any
  // more. False when the transport has no such thing; then only reopen() helps. Throws LinkError.
  virtual Task<bool> clear(Instant deadline);
  virtual void close() noexcept = 0;
  // The address, for messages: "tcp://127.0.0.1:5025".
  virtual const std::string& name() const noexcept = 0;

 protected:
  friend class ReadOp;
  virtual void start_read(ReadOp& op) = 0;
  virtual void stop_read(ReadOp& op) noexcept = 0;
};

}  // namespace meterrig
