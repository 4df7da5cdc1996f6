#pragma once

#include <functional>
#include <memory>

#include "core/io/byte_stream.hpp"
#include "core/io/transport/wall_clock.hpp"

namespace meterrig {

// An instrument behind calls that block and move whole messages. Each call gives 0 or an errno; ETIMEDOUT when it was
// in vain. All are made one after the other, on a thread that is not the clock's.
class BlockingDevice {
 public:
  virtual ~BlockingDevice() = default;
  virtual int open(int milliseconds) = 0;
  // The message, its last byte marked as the end.
  virtual int send(std::span<const std::uint8_t> message, int milliseconds) = 0;
  // At least one byte at the end of `into`.
  virtual int receive(Bytes& into, int milliseconds) = 0;
  // Device clear; ENOTSUP where there is none.
  virtual int clear(int milliseconds) = 0;
};
using MakeBlockingDevice = std::function<std::unique_ptr<BlockingDevice>()>;

// A stream on such a device. A stop or a deadline ends the wait at once; the call itself goes on, on its thread, to its
// own time-out, and nobody waits for that either. `opened`: a device that is open already; reopen() makes another.
std::unique_ptr<ByteStream> make_blocking_stream(WallClock& clock, std::string name, MakeBlockingDevice make,
                                                 std::unique_ptr<BlockingDevice> opened = nullptr);

}  // namespace meterrig
