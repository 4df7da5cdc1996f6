#include "core/io/transport/streams.hpp"

#include <fmt/format.h>

namespace meterrig {
namespace {

std::unique_ptr<ByteStream> make_stream(WallClock& clock, const Url& url) {
  switch (url.scheme) {
    case Url::Scheme::tcp:
      return make_tcp_stream(clock, url);
    case Url::Scheme::serial:
      return make_serial_stream(clock, url);
    case Url::Scheme::usbtmc:
      return make_usbtmc_stream(clock, url);
    case Url::Scheme::vxi11:
      return make_vxi11_stream(clock, url);
    default:
      throw UserError(
          fmt::format("{}: expected an address of bytes: tcp://, serial:///, usbtmc:/// or vxi11://", url.text()),
          {url.text(), "open", "", {}});
  }
}

}  // namespace

Task<std::unique_ptr<ByteStream>> open_stream(WallClock& clock, Url url, Instant deadline) {
  std::unique_ptr<ByteStream> stream = make_stream(clock, url);
  co_await stream->reopen(deadline);
  co_return stream;
}

Task<std::unique_ptr<RegisterBus>> open_bus(WallClock& clock, Url url, Instant deadline) {
  if (url.scheme != Url::Scheme::modbus_tcp && url.scheme != Url::Scheme::modbus_rtu)
    throw UserError(fmt::format("{}: expected an address of registers: modbus-tcp:// or modbus-rtu:///", url.text()),
                    {url.text(), "open", "", {}});
  std::unique_ptr<RegisterBus> bus = make_modbus_bus(clock, url);
  co_await bus->reopen(deadline);
  co_return bus;
}

}  // namespace meterrig
