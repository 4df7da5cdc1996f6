#pragma once

#include <memory>

#include "core/io/byte_stream.hpp"
#include "core/io/register_bus.hpp"
#include "core/io/transport/wall_clock.hpp"
#include "core/io/url.hpp"

namespace meterrig {

// Opens what the address names: tcp, serial, usbtmc or vxi11. Throws TimeoutError, LinkError with the system's reason,
// and UserError for an address of another kind.
Task<std::unique_ptr<ByteStream>> open_stream(WallClock& clock, Url url, Instant deadline);

// Opens a Modbus bus: modbus-tcp or modbus-rtu. The address's unit stays with whoever asks the bus.
Task<std::unique_ptr<RegisterBus>> open_bus(WallClock& clock, Url url, Instant deadline);

// The same, not yet open: reopen() opens it.
std::unique_ptr<ByteStream> make_tcp_stream(WallClock& clock, const Url& url);
std::unique_ptr<ByteStream> make_serial_stream(WallClock& clock, const Url& url);
std::unique_ptr<ByteStream> make_usbtmc_stream(WallClock& clock, const Url& url);
// On a descriptor that is open and blocks; the stream closes it.
std::unique_ptr<ByteStream> make_usbtmc_stream(WallClock& clock, const std::string& name, int fd);
std::unique_ptr<ByteStream> make_vxi11_stream(WallClock& clock, const Url& url);
std::unique_ptr<RegisterBus> make_modbus_bus(WallClock& clock, const Url& url);

}  // namespace meterrig
