#include <fcntl.h>
#include <linux/usb/tmc.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "core/io/transport/link_errors.hpp"
#include "core/io/transport/pending.hpp"
#include "core/io/transport/streams.hpp"
#include "core/io/transport/worker.hpp"

namespace meterrig {
namespace {

// The kernel's driver moves whole messages and does not say when one is there, so its calls block on a thread.
class UsbtmcStream final : public ByteStream {
 public:
  UsbtmcStream(WallClock& clock, std::string name, std::string path, int fd)
      : clock_(clock), name_(std::move(name)), path_(std::move(path)), deadline_(clock, [this] { expired(); }) {
    if (fd >= 0) adopt(fd);
  }
  ~UsbtmcStream() override { UsbtmcStream::close(); }

  Task<> write(std::span<const std::uint8_t> bytes, Instant deadline) override;
  void drain() override;
  Task<> reopen(Instant) override;
  void close() noexcept override {
    drop();
    if (reader_) fail_reader(closed());
  }
  const std::string& name() const noexcept override { return name_; }

 private:
  struct Device {
    explicit Device(int f) : fd(f) {}
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    ~Device() { ::close(fd); }
    const int fd;
    UsbtmcStream* owner = nullptr;
  };
  struct Result {
    int error = 0;
    Bytes bytes;
  };

  void start_read(ReadOp& op) override;
  void stop_read(ReadOp& op) noexcept override {
    if (reader_ != &op) return;
    reader_ = nullptr;
    deadline_.clear();
  }
  void begin_read(Instant deadline);
  void arrived(Result result);
  void serve();
  void expired();
  void adopt(int fd);
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
    // The driver refuses less than USBTMC_MIN_TIMEOUT, 100 ms; the deadline proper is the clock's.
    return static_cast<int>(std::clamp<std::int64_t>(left, 100, 60'000));
  }

  WallClock& clock_;
  std::string name_;
  std::string path_;
  DeadlineTimer deadline_;
  std::shared_ptr<Device> device_;
  std::unique_ptr<Worker> worker_;
  ReadOp* reader_ = nullptr;
  Instant read_started_{};
  bool reading_ = false;
  Bytes arrived_;
  std::size_t taken_ = 0;
  std::string asked_;
};

void set_timeout(int fd, int milliseconds) noexcept {
  auto value = static_cast<std::uint32_t>(milliseconds);
  ::ioctl(fd, USBTMC_IOCTL_SET_TIMEOUT, &value);
}

Task<> UsbtmcStream::write(std::span<const std::uint8_t> bytes, Instant deadline) {
  asked_ = printable(bytes);
  if (!device_) std::rethrow_exception(closed());
  const Instant started = clock_.now();
  // One write is one message, its last byte marked as the end.
  Pending<int> wait(clock_, deadline, [this, message = Bytes(bytes.begin(), bytes.end()), deadline](auto done) {
    worker_->submit([clock = &clock_, device = device_, message, done, timeout = milliseconds_until(deadline)] {
      if (!done.wanted()) return;
      set_timeout(device->fd, timeout);
      const int error = ::write(device->fd, message.data(), message.size()) < 0 ? errno : 0;
      clock->post([done, error] { done(error); });
    });
  });
  const std::optional<int> error = co_await wait;
  if (!error) throw TimeoutError(fmt::format("{}: the instrument did not take the message", name_), exchange(started));
  if (*error) std::rethrow_exception(link_failure(*error, "writing", exchange(started)));
}

void UsbtmcStream::start_read(ReadOp& op) {
  reader_ = &op;
  if (!device_) return fail_reader(closed());
  if (taken_ < arrived_.size()) return serve();
  read_started_ = clock_.now();
  deadline_.set(op.deadline());
  if (!reading_) begin_read(op.deadline());
}

void UsbtmcStream::begin_read(Instant deadline) {
  reading_ = true;
  worker_->submit([clock = &clock_, device = device_, timeout = milliseconds_until(deadline)] {
    set_timeout(device->fd, timeout);
    Result result;
    result.bytes.resize(65536);
    const ssize_t count = ::read(device->fd, result.bytes.data(), result.bytes.size());
    result.error = count < 0 ? errno : 0;
    result.bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    clock->post([device, result = std::move(result)]() mutable {
      if (device->owner) device->owner->arrived(std::move(result));
    });
  });
}

void UsbtmcStream::arrived(Result result) {
  reading_ = false;
  if (result.error == 0 && !result.bytes.empty()) {
    arrived_ = std::move(result.bytes);
    taken_ = 0;
    return serve();
  }
  if (!reader_) return;
  // The driver's own time ran out before the deadline did: an older read's, or one under its least of 100 ms.
  const bool early = result.error == ETIMEDOUT || result.error == EAGAIN || result.error == EINTR;
  if (early) return begin_read(reader_->deadline());
  fail_reader(result.error ? link_failure(result.error, "reading", exchange(read_started_)) : closed());
}

void UsbtmcStream::serve() {
  if (!reader_ || taken_ == arrived_.size()) return;
  deadline_.clear();
  ReadOp& op = *std::exchange(reader_, nullptr);
  const std::size_t count = std::min(op.into().size(), arrived_.size() - taken_);
  std::copy_n(arrived_.data() + taken_, count, op.into().data());
  taken_ += count;
  op.finish(count);
}

void UsbtmcStream::expired() {
  clock_.look();
  if (!reader_) return;
  const Exchange exchange = this->exchange(read_started_);
  fail_reader(std::make_exception_ptr(
      TimeoutError(fmt::format("{}: nothing came within {:g} s", name_, to_seconds(exchange.after)), exchange)));
}

void UsbtmcStream::drain() {
  arrived_.clear();
  taken_ = 0;
  if (!device_) return;
  worker_->submit([device = device_] { ::ioctl(device->fd, USBTMC_IOCTL_CLEAR); });
}

Task<> UsbtmcStream::reopen(Instant) {
  close();
  const int fd = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    throw LinkError(fmt::format("{}: opening: {} (errno {})", name_, std::generic_category().message(error), error),
                    {name_, "open", "", {}});
  }
  adopt(fd);
  co_return;
}

void UsbtmcStream::adopt(int fd) {
  device_ = std::make_shared<Device>(fd);
  device_->owner = this;
  worker_ = std::make_unique<Worker>();
}

void UsbtmcStream::drop() noexcept {
  if (!device_) return;
  device_->owner = nullptr;
  worker_.reset();
  device_.reset();
  reading_ = false;
  arrived_.clear();
  taken_ = 0;
}

}  // namespace

std::unique_ptr<ByteStream> make_usbtmc_stream(WallClock& clock, const Url& url) {
  return std::make_unique<UsbtmcStream>(clock, url.text(), url.path, -1);
}

std::unique_ptr<ByteStream> make_usbtmc_stream(WallClock& clock, const std::string& name, int fd) {
  return std::make_unique<UsbtmcStream>(clock, name, "", fd);
}

}  // namespace meterrig
