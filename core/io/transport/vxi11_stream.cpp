#include <dlfcn.h>
#include <lxi.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/io/transport/blocking_stream.hpp"
#include "core/io/transport/streams.hpp"

namespace meterrig {
namespace {

using Steady = std::chrono::steady_clock;

// liblxi, loaded when the first address needs it: it brings a dozen libraries along. It names no library that its
// remote procedure calls come from, so that they are glibc's own; those of libtirpc 1.3.3 free an address twice when an
// instrument that was there is gone.
class Lxi {
 public:
  // Throws LinkError.
  static const Lxi& get(const std::string& name) {
    static const Lxi lxi;
    if (lxi.missing_.empty()) return lxi;
    throw LinkError(fmt::format("{}: liblxi can't be loaded ({}); install the package liblxi1", name, lxi.missing_),
                    {name, "open", "", {}});
  }
  decltype(&lxi_connect) connect = nullptr;
  decltype(&lxi_disconnect) disconnect = nullptr;
  decltype(&lxi_send) send = nullptr;
  decltype(&lxi_receive) receive = nullptr;

 private:
  Lxi() {
    void* const library = ::dlopen("liblxi.so.1", RTLD_LAZY);
    decltype(&lxi_init) init = nullptr;
    if (!library || !find(library, "lxi_init", init) || !find(library, "lxi_connect", connect) ||
        !find(library, "lxi_disconnect", disconnect) || !find(library, "lxi_send", send) ||
        !find(library, "lxi_receive", receive)) {
      const char* const why = ::dlerror();
      missing_ = why ? why : "no reason given";
      return;
    }
    init();
  }
  template <typename Function>
  static bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
  }
  std::string missing_;
};

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
