#pragma once

#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "core/io/transport/asio.hpp"

namespace meterrig {

// The few calls in which sockets and terminals differ. Each takes what goes without waiting; -1 and errno otherwise.
inline ssize_t write_now(TcpSocket& socket, std::span<const std::uint8_t> bytes) {
  return ::send(socket.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}
inline ssize_t write_now(SerialPort& port, std::span<const std::uint8_t> bytes) {
  return ::write(port.native_handle(), bytes.data(), bytes.size());
}
inline ssize_t write_now(Descriptor& descriptor, std::span<const std::uint8_t> bytes) {
  return ::write(descriptor.native_handle(), bytes.data(), bytes.size());
}

// Takes what is there without waiting; 0 at the end, -1 and errno otherwise.
inline ssize_t read_now(TcpSocket& socket, std::span<std::uint8_t> into) {
  return ::recv(socket.native_handle(), into.data(), into.size(), MSG_DONTWAIT);
}

// Throws away what the kernel has received.
inline void discard_input(TcpSocket& socket) {
  std::uint8_t nowhere[4096];
  while (::recv(socket.native_handle(), nowhere, sizeof nowhere, MSG_DONTWAIT) > 0) {
  }
}
inline void discard_input(SerialPort& port) { ::tcflush(port.native_handle(), TCIFLUSH); }

// Writes what goes without waiting, all calls together; the count, or -1 and errno.
template <typename Device>
ssize_t write_what_goes(Device& device, std::span<const std::uint8_t> bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = write_now(device, bytes.subspan(sent));
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count == 0 || errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else {
      return -1;
    }
  }
  return static_cast<ssize_t>(sent);
}

}  // namespace meterrig
