#pragma once

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "core/io/byte_stream.hpp"
#include "core/io/transport/device_io.hpp"
#include "core/io/transport/handler_memory.hpp"
#include "core/io/transport/link_errors.hpp"
#include "core/io/transport/loop.hpp"
#include "core/io/transport/pending.hpp"

namespace meterrig {

// A ByteStream on one of Asio's devices. A stop never cancels the read under way below: its bytes go to a buffer of
// the stream's own, and so to the next read or to drain(); nothing is lost and no memory of a dead ReadOp is written.
// A read for more than that buffer holds only waits below, and then takes the bytes straight to where they belong.
template <typename Device>
class DeviceStream : public ByteStream {
 public:
  DeviceStream(WallClock& clock, std::string name)
      : clock_(clock), name_(std::move(name)), deadline_(clock, [this] { expired(); }) {}
  ~DeviceStream() override { DeviceStream::close(); }

  Task<> write(std::span<const std::uint8_t> bytes, Instant deadline) override;
  void drain() override;
  Task<> reopen(Instant deadline) override {
    close();
    adopt(co_await open(deadline));
  }
  void close() noexcept override {
    drop();
    if (reader_) fail_reader(closed("the link was closed"));
  }
  const std::string& name() const noexcept override { return name_; }

 protected:
  // What handlers under way may still touch; it outlives the stream until the last of them has run.
  struct Io {
    Io(Executor executor) : device(executor) {}
    Device device;
    DeviceStream* owner = nullptr;
    HandlerMemory read_memory;
    bool reading = false;
    std::size_t taken = 0;
    std::size_t held = 0;
    Bytes rest;
    std::array<std::uint8_t, 16384> buffer;
  };
  using IoPtr = std::shared_ptr<Io>;

  // Opens the device anew. Throws LinkError with the reason.
  virtual Task<IoPtr> open(Instant deadline) = 0;
  IoPtr make_io() { return std::make_shared<Io>(clock_.loop().io.get_executor()); }
  Exchange exchange(Instant since) const {
    return {name_, printable({asked_.data(), asked_size_}), "", clock_.now() - since};
  }
  WallClock& clock_;
  std::string name_;

 private:
  // Asio can't wait for a serial port, and no serial port is fast enough to need it.
  static constexpr bool direct = std::is_same_v<Device, TcpSocket>;

  struct ReadHandler {
    IoPtr io;
    using allocator_type = HandlerAllocator<std::byte>;
    allocator_type get_allocator() const noexcept { return allocator_type(io->read_memory); }
    void operator()(const ErrorCode& error, std::size_t count) const {
      io->reading = false;
      if (io->owner) io->owner->arrived(error, count);
    }
    // Of a wait: the device has something.
    void operator()(const ErrorCode& error) const {
      if (error) return (*this)(error, 0);
      io->reading = false;
      if (io->owner && io->owner->reader_) io->owner->read_on(*io->owner->reader_);
    }
  };
  // Takes the rest of a write back when its coroutine leaves early, whichever way.
  struct RestGuard {
    IoPtr io;
    bool sent = false;
    ~RestGuard() {
      ErrorCode ignored;
      if (!sent && io->device.is_open()) io->device.cancel(ignored);
    }
  };

  void start_read(ReadOp& op) override;
  void stop_read(ReadOp& op) noexcept override;
  Task<> write_rest(IoPtr io, Instant deadline);
  void begin_read();
  void begin_wait();
  void read_on(ReadOp& op);
  void read_directly(ReadOp& op);
  void arrived(const ErrorCode& error, std::size_t count);
  void serve();
  void expired();
  void adopt(IoPtr io);
  void drop() noexcept;
  void fail_reader(std::exception_ptr error) {
    deadline_.clear();
    std::exchange(reader_, nullptr)->fail(std::move(error));
  }
  std::exception_ptr closed(const char* why) const {
    return std::make_exception_ptr(ClosedError(fmt::format("{}: {}", name_, why), exchange(clock_.now())));
  }
  void remember(std::span<const std::uint8_t> bytes) {
    asked_size_ = std::min(bytes.size(), asked_.size());
    std::copy_n(bytes.begin(), asked_size_, asked_.begin());
  }

  IoPtr io_;
  DeadlineTimer deadline_;
  ReadOp* reader_ = nullptr;
  Instant read_started_{};
  std::exception_ptr failure_;
  std::array<std::uint8_t, 65> asked_;
  std::size_t asked_size_ = 0;
};

template <typename Device>
Task<> DeviceStream<Device>::write(std::span<const std::uint8_t> bytes, Instant deadline) {
  const Context context = co_await current_context{};
  if (context.scope && context.scope->cancelled()) throw Cancelled(context.scope->reason());
  remember(bytes);
  if (!io_) std::rethrow_exception(closed("the link is closed"));
  const ssize_t sent = write_what_goes(io_->device, bytes);
  if (sent < 0) std::rethrow_exception(link_failure(errno, "writing", exchange(clock_.now())));
  const auto rest = bytes.subspan(static_cast<std::size_t>(sent));
  if (rest.empty()) co_return;
  io_->rest.assign(rest.begin(), rest.end());
  co_await write_rest(io_, deadline);
}

template <typename Device>
Task<> DeviceStream<Device>::write_rest(IoPtr io, Instant deadline) {
  const Instant started = clock_.now();
  RestGuard guard{io};
  Pending<ErrorCode> wait(clock_, deadline, [io](auto done) {
    asio::async_write(io->device, asio::buffer(io->rest),
                      [io, done](const ErrorCode& error, std::size_t) { done(error); });
  });
  const std::optional<ErrorCode> error = co_await wait;
  if (!error)
    throw TimeoutError(fmt::format("{}: the link did not take {} bytes in time", name_, io->rest.size()),
                       exchange(started));
  guard.sent = true;
  if (*error) std::rethrow_exception(link_failure(error->value(), "writing", exchange(started)));
}

template <typename Device>
void DeviceStream<Device>::drain() {
  if (!io_) return;
  clock_.look();
  if (!io_) return;
  io_->taken = io_->held = 0;
  discard_input(io_->device);
}

template <typename Device>
void DeviceStream<Device>::start_read(ReadOp& op) {
  reader_ = &op;
  if (!io_) return fail_reader(closed("the link is closed"));
  if (io_->taken < io_->held) return serve();
  if (failure_) return fail_reader(failure_);
  read_started_ = clock_.now();
  deadline_.set(op.deadline());
  if (io_->reading) return;
  read_on(op);
}

// Goes on with a read that nothing below is under way for.
template <typename Device>
void DeviceStream<Device>::read_on(ReadOp& op) {
  if constexpr (direct) {
    if (op.into().size() > io_->buffer.size()) return read_directly(op);
  }
  begin_read();
}

template <typename Device>
void DeviceStream<Device>::read_directly(ReadOp& op) {
  const ssize_t count = read_now(io_->device, op.into());
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return begin_wait();
  if (count < 0) return arrived(ErrorCode(errno, boost::system::system_category()), 0);
  if (count == 0) return arrived(asio::error::eof, 0);
  deadline_.clear();
  std::exchange(reader_, nullptr)->finish(static_cast<std::size_t>(count));
}

template <typename Device>
void DeviceStream<Device>::stop_read(ReadOp& op) noexcept {
  if (reader_ != &op) return;
  reader_ = nullptr;
  deadline_.clear();
}

template <typename Device>
void DeviceStream<Device>::begin_read() {
  io_->reading = true;
  io_->device.async_read_some(asio::buffer(io_->buffer), ReadHandler{io_});
}

template <typename Device>
void DeviceStream<Device>::begin_wait() {
  io_->reading = true;
  io_->device.async_wait(asio::socket_base::wait_read, ReadHandler{io_});
}

template <typename Device>
void DeviceStream<Device>::arrived(const ErrorCode& error, std::size_t count) {
  if (error == asio::error::operation_aborted) {
    // A write was taken back, and the device knows only one cancel for both.
    if (reader_) read_on(*reader_);
    return;
  }
  if (!error) {
    io_->taken = 0;
    io_->held = count;
    return serve();
  }
  failure_ = error == asio::error::eof ? closed("the peer closed the link")
                                       : link_failure(error.value(), "reading", exchange(read_started_));
  if (reader_) fail_reader(failure_);
}

template <typename Device>
void DeviceStream<Device>::serve() {
  if (!reader_ || io_->taken == io_->held) return;
  deadline_.clear();
  ReadOp& op = *std::exchange(reader_, nullptr);
  const std::size_t count = std::min(op.into().size(), io_->held - io_->taken);
  std::copy_n(io_->buffer.data() + io_->taken, count, op.into().data());
  io_->taken += count;
  op.finish(count);
}

template <typename Device>
void DeviceStream<Device>::expired() {
  // A computer that was busy for a while finds deadline and answer side by side; the answer was in time.
  clock_.look();
  if (!reader_) return;
  const Exchange exchange = this->exchange(read_started_);
  fail_reader(std::make_exception_ptr(
      TimeoutError(fmt::format("{}: nothing came within {:g} s", name_, to_seconds(exchange.after)), exchange)));
}

template <typename Device>
void DeviceStream<Device>::adopt(IoPtr io) {
  drop();
  io_ = std::move(io);
  io_->owner = this;
  failure_ = nullptr;
}

template <typename Device>
void DeviceStream<Device>::drop() noexcept {
  if (!io_) return;
  io_->owner = nullptr;
  ErrorCode ignored;
  io_->device.close(ignored);
  io_.reset();
}

}  // namespace meterrig
