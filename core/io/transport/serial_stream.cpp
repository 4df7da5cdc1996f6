#include "core/io/transport/device_stream.hpp"
#include "core/io/transport/serial_settings.hpp"
#include "core/io/transport/streams.hpp"

namespace meterrig {
namespace {

class SerialStream final : public DeviceStream<SerialPort> {
 public:
  SerialStream(WallClock& clock, const Url& url)
      : DeviceStream(clock, url.text()), path_(url.path), line_(url.line()) {}

 private:
  Task<IoPtr> open(Instant) override {
    const IoPtr io = make_io();
    ErrorCode error;
    io->device.open(path_, error);
    if (error)
      throw LinkError(fmt::format("{}: opening: {} (errno {})", name_, error.message(), error.value()),
                      {name_, "open", "", {}});
    configure_serial(io->device.native_handle(), line_, name_);
    ::tcflush(io->device.native_handle(), TCIFLUSH);
    co_return io;
  }

  std::string path_;
  SerialLine line_;
};

}  // namespace

std::unique_ptr<ByteStream> make_serial_stream(WallClock& clock, const Url& url) {
  return std::make_unique<SerialStream>(clock, url);
}

}  // namespace meterrig
