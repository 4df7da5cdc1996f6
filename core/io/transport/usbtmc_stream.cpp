#include <fcntl.h>
#include <linux/usb/tmc.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/io/transport/blocking_stream.hpp"
#include "core/io/transport/streams.hpp"

namespace meterrig {
namespace {

// The kernel's driver moves whole messages and does not say when one is there.
class UsbtmcDevice final : public BlockingDevice {
 public:
  explicit UsbtmcDevice(std::string path, int fd = -1) : path_(std::move(path)), fd_(fd) {}
  UsbtmcDevice(const UsbtmcDevice&) = delete;
  UsbtmcDevice& operator=(const UsbtmcDevice&) = delete;
  ~UsbtmcDevice() override {
    if (fd_ >= 0) ::close(fd_);
  }

  int open(int) override {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
    return fd_ < 0 ? errno : 0;
  }
  int send(std::span<const std::uint8_t> message, int milliseconds) override {
    set_timeout(milliseconds);
    return ::write(fd_, message.data(), message.size()) < 0 ? errno : 0;
  }
  int receive(Bytes& into, int milliseconds) override {
    set_timeout(milliseconds);
    into.resize(65536);
    const ssize_t count = ::read(fd_, into.data(), into.size());
    const int error = count < 0 ? errno : 0;
    into.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return error;
  }
  int clear(int milliseconds) override {
    set_timeout(milliseconds);
    return ::ioctl(fd_, USBTMC_IOCTL_CLEAR) < 0 ? errno : 0;
  }

 private:
  void set_timeout(int milliseconds) noexcept {
    // The driver refuses less than USBTMC_MIN_TIMEOUT, 100 ms; the deadline proper is the clock's.
    auto value = static_cast<std::uint32_t>(std::max(milliseconds, 100));
    ::ioctl(fd_, USBTMC_IOCTL_SET_TIMEOUT, &value);
  }
  std::string path_;
  int fd_;
};

}  // namespace

std::unique_ptr<ByteStream> make_usbtmc_stream(WallClock& clock, const Url& url) {
  return make_blocking_stream(clock, url.text(), [path = url.path] { return std::make_unique<UsbtmcDevice>(path); });
}

std::unique_ptr<ByteStream> make_usbtmc_stream(WallClock& clock, const std::string& name, int fd) {
  return make_blocking_stream(
      clock, name, [] { return std::make_unique<UsbtmcDevice>(""); }, std::make_unique<UsbtmcDevice>("", fd));
}

}  // namespace meterrig
