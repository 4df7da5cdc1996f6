#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/io/transport/blocking_stream.hpp"
#include "core/io/transport/lxi_library.hpp"
#include "core/io/transport/streams.hpp"

namespace meterrig {
namespace {

using Steady = std::chrono::steady_clock;

// VXI-11 (TCP/IP-VXIbus Consortium, VXI-11 and VXI-11.3) as liblxi 1.18 does it. Its calls say only that they failed;
// how long they took tells a time-out from a broken link. It has no device clear.
class Vxi11Device final : public BlockingDevice {
 public:
  Vxi11Device(const Lxi& lxi, std::string host, std::string name)
      : lxi_(lxi), host_(std::move(host)), name_(std::move(name)), room_(room) {}
  Vxi11Device(const Vxi11Device&) = delete;
  Vxi11Device& operator=(const Vxi11Device&) = delete;
  ~Vxi11Device() override {
    if (device_ >= 0) lxi_.disconnect(device_);
  }

  int open(int milliseconds) override {
    // liblxi adds the part below a second as microseconds: whole seconds it keeps, the deadline proper is the clock's.
    const int seconds = (milliseconds + 999) / 1000;
    device_ = lxi_.connect(host_.c_str(), 0, name_.c_str(), 1000 * seconds, VXI11);
    return device_ < 0 ? EHOSTUNREACH : 0;
  }
  int send(std::span<const std::uint8_t> message, int milliseconds) override {
    const Steady::time_point start = Steady::now();
    const int length = static_cast<int>(message.size());
    const int sent = lxi_.send(device_, reinterpret_cast<const char*>(message.data()), length, milliseconds);
    if (sent == length) return 0;
    return sent > 0 ? EMSGSIZE : why(start, milliseconds);
  }
  int receive(Bytes& into, int milliseconds) override {
    const Steady::time_point start = Steady::now();
    const int count = lxi_.receive(device_, room_.data(), asked_for, milliseconds);
    if (count <= 0) return why(start, milliseconds);
    into.assign(room_.begin(), room_.begin() + count);
    return 0;
  }
  int clear(int) override { return ENOTSUP; }

 private:
  // liblxi writes what the server sends, whatever was asked for: there is room for four times that.
  static constexpr int asked_for = 256 * 1024;
  static constexpr std::size_t room = 4 * asked_for;

  static int why(Steady::time_point start, int milliseconds) {
    return Steady::now() - start + std::chrono::milliseconds(20) >= std::chrono::milliseconds(milliseconds) ? ETIMEDOUT
                                                                                                            : EIO;
  }
  const Lxi& lxi_;
  std::string host_;
  std::string name_;
  std::vector<char> room_;
  int device_ = -1;
};

}  // namespace

std::unique_ptr<ByteStream> make_vxi11_stream(WallClock& clock, const Url& url) {
  return make_blocking_stream(
      clock, url.text(), [url] { return std::make_unique<Vxi11Device>(Lxi::get(url.text()), url.host, url.path); });
}

}  // namespace meterrig
