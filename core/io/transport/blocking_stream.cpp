#include "core/io/transport/blocking_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <mutex>

#include <fmt/format.h>

#include "core/io/transport/link_errors.hpp"
#include "core/io/transport/pending.hpp"
#include "core/io/transport/worker.hpp"

namespace meterrig {
namespace {

class BlockingStream final : public ByteStream {
 public:
  BlockingStream(WallClock& clock, std::string name, MakeBlockingDevice make, std::unique_ptr<BlockingDevice> opened)
      : clock_(clock), name_(std::move(name)), make_(std::move(make)), deadline_(clock, [this] { expired(); }) {
    if (opened) adopt(std::move(opened));
  }
  ~BlockingStream() override { BlockingStream::close(); }

  Task<> write(std::span<const std::uint8_t> bytes, Instant deadline) override;
  void drain() override;
  Task<> reopen(Instant deadline) override;
  Task<bool> clear(Instant deadline) override;
  void close() noexcept override {
    drop();
    if (reader_) fail_reader(closed());
  }
  const std::string& name() const noexcept override { return name_; }

 private:
  // What the jobs own; it outlives the stream while one of them is in a call.
  struct Line {
    std::unique_ptr<BlockingDevice> device;
    // The stream's side is gone when these are null.
    std::mutex mutex;
    WallClock* clock = nullptr;
    BlockingStream* owner = nullptr;  // on the clock's thread alone

    void post(std::function<void()> function) {
      const std::lock_guard lock(mutex);
      if (clock) clock->post(std::move(function));
    }
  };
  using LinePtr = std::shared_ptr<Line>;
  using Call = std::function<int(BlockingDevice&, int milliseconds)>;

  // Nothing when the deadline came first.
  Task<std::optional<int>> on_worker(Call call, Instant deadline);
  void start_read(ReadOp& op) override;
  void stop_read(ReadOp& op) noexcept override {
    if (reader_ != &op) return;
    reader_ = nullptr;
    deadline_.clear();
  }
  void begin_read(Instant deadline);
  void arrived(int error, Bytes bytes);
  void serve();
  void expired();
  void adopt(std::unique_ptr<BlockingDevice> device);
  void drop() noexcept;
  void fail_reader(std::exception_ptr error) {
    deadline_.clear();
    std::exchange(reader_, nullptr)->fail(std::move(error));
  }
  Exchange exchange(Instant since) const { return {name_, asked_, "", clock_.now() - since}; }
  std::exception_ptr closed() const {
    return std::make_exception_ptr(ClosedError(fmt::format("{}: the link is closed", name_), exchange(clock_.now())));
  }
  int milliseconds_until(Instant deadline) const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(clock_.real(deadline - clock_.now())).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 1, 60'000));
  }

  WallClock& clock_;
  std::string name_;
  MakeBlockingDevice make_;
  DeadlineTimer deadline_;
  LinePtr line_;
  std::unique_ptr<Worker> worker_;
  ReadOp* reader_ = nullptr;
  Instant read_started_{};
  bool reading_ = false;
  Bytes arrived_;
  std::size_t taken_ = 0;
  std::string asked_;
};

Task<std::optional<int>> BlockingStream::on_worker(Call call, Instant deadline) {
  Pending<int> wait(clock_, deadline, [this, call, deadline](auto done) {
    worker_->submit([line = line_, call, done, timeout = milliseconds_until(deadline)] {
      if (!done.wanted()) return;
      const int error = call(*line->device, timeout);
      line->post([done, error] { done(error); });
    });
  });
  co_return co_await wait;
}

Task<> BlockingStream::write(std::span<const std::uint8_t> bytes, Instant deadline) {
  asked_ = printable(bytes);
  if (!line_) std::rethrow_exception(closed());
  const Instant started = clock_.now();
  Call call = [message = Bytes(bytes.begin(), bytes.end())](BlockingDevice& device, int milliseconds) {
    return device.send(message, milliseconds);
  };
  const std::optional<int> error = co_await on_worker(std::move(call), deadline);
  if (!error || *error == ETIMEDOUT)
    throw TimeoutError(fmt::format("{}: the instrument did not take the message", name_), exchange(started));
  if (*error) std::rethrow_exception(link_failure(*error, "writing", exchange(started)));
}

void BlockingStream::start_read(ReadOp& op) {
  reader_ = &op;
  if (!line_) return fail_reader(closed());
  if (taken_ < arrived_.size()) return serve();
  read_started_ = clock_.now();
  deadline_.set(op.deadline());
  if (!reading_) begin_read(op.deadline());
}

void BlockingStream::begin_read(Instant deadline) {
  reading_ = true;
  worker_->submit([line = line_, timeout = milliseconds_until(deadline)] {
    Bytes bytes;
    const int error = line->device->receive(bytes, timeout);
    line->post([line, error, bytes = std::move(bytes)]() mutable {
      if (line->owner) line->owner->arrived(error, std::move(bytes));
    });
  });
}

void BlockingStream::arrived(int error, Bytes bytes) {
  reading_ = false;
  if (error == 0 && !bytes.empty()) {
    arrived_ = std::move(bytes);
    taken_ = 0;
    return serve();
  }
  if (!reader_) return;
  // The call's own time ran out before the deadline did: an older read's, or one under the device's least.
  const bool early = error == ETIMEDOUT || error == EAGAIN || error == EINTR;
  if (early) return begin_read(reader_->deadline());
  fail_reader(error ? link_failure(error, "reading", exchange(read_started_)) : closed());
}

void BlockingStream::serve() {
  if (!reader_ || taken_ == arrived_.size()) return;
  deadline_.clear();
  ReadOp& op = *std::exchange(reader_, nullptr);
  const std::size_t count = std::min(op.into().size(), arrived_.size() - taken_);
  std::copy_n(arrived_.data() + taken_, count, op.into().data());
  taken_ += count;
  op.finish(count);
}

void BlockingStream::expired() {
  clock_.look();
  if (!reader_) return;
  const Exchange exchange = this->exchange(read_started_);
  fail_reader(std::make_exception_ptr(
      TimeoutError(fmt::format("{}: nothing came within {:g} s", name_, to_seconds(exchange.after)), exchange)));
}

void BlockingStream::drain() {
  arrived_.clear();
  taken_ = 0;
  if (line_) worker_->submit([line = line_] { line->device->clear(1000); });
}

Task<bool> BlockingStream::clear(Instant deadline) {
  if (!line_) co_return false;
  const Instant started = clock_.now();
  asked_ = "device clear";
  Call call = [](BlockingDevice& device, int milliseconds) { return device.clear(milliseconds); };
  const std::optional<int> error = co_await on_worker(std::move(call), deadline);
  arrived_.clear();
  taken_ = 0;
  if (!error) throw TimeoutError(fmt::format("{}: no device clear in time", name_), exchange(started));
  if (*error == ENOTSUP) co_return false;
  if (*error) std::rethrow_exception(link_failure(*error, "clearing", exchange(started)));
  co_return true;
}

Task<> BlockingStream::reopen(Instant deadline) {
  close();
  adopt(make_());
  const Instant started = clock_.now();
  asked_ = "open";
  Call call = [](BlockingDevice& device, int milliseconds) { return device.open(milliseconds); };
  std::optional<int> error;
  std::exception_ptr left;
  try {
    error = co_await on_worker(std::move(call), deadline);
  } catch (...) {
    left = std::current_exception();
  }
  if (error && *error == 0) co_return;
  drop();
  if (left) std::rethrow_exception(left);
  if (!error || *error == ETIMEDOUT)
    throw TimeoutError(fmt::format("{}: it could not be opened in time", name_), exchange(started));
  throw LinkError(fmt::format("{}: opening: {} (errno {})", name_, std::generic_category().message(*error), *error),
                  exchange(started));
}

void BlockingStream::adopt(std::unique_ptr<BlockingDevice> device) {
  line_ = std::make_shared<Line>();
  line_->device = std::move(device);
  line_->clock = &clock_;
  line_->owner = this;
  worker_ = std::make_unique<Worker>();
}

void BlockingStream::drop() noexcept {
  if (!line_) return;
  {
    const std::lock_guard lock(line_->mutex);
    line_->clock = nullptr;
  }
  line_->owner = nullptr;
  // Closing may block as well.
  worker_->abandon([line = line_] { line->device.reset(); });
  worker_.reset();
  line_.reset();
  reading_ = false;
  arrived_.clear();
  taken_ = 0;
}

}  // namespace

std::unique_ptr<ByteStream> make_blocking_stream(WallClock& clock, std::string name, MakeBlockingDevice make,
                                                 std::unique_ptr<BlockingDevice> opened) {
  return std::make_unique<BlockingStream>(clock, std::move(name), std::move(make), std::move(opened));
}

}  // namespace meterrig
