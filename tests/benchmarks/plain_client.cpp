#include "tests/benchmarks/plain_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>

#include "tests/benchmarks/benchmarks.hpp"

namespace meterrig::benchmarks {

int connect_plainly(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
  return fd;
}

int listen_plainly(std::uint16_t& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto at = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, at, size) != 0 || ::listen(fd, 4) != 0 || ::getsockname(fd, at, &size) != 0) std::abort();
  port = ntohs(address.sin_port);
  return fd;
}

PlainPoll poll_plainly(std::uint16_t port, std::size_t connections, std::size_t frame_size, Duration span) {
  using Steady = std::chrono::steady_clock;
  const int poller = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<int> all;
  std::array<char, 64> frame{};
  for (std::size_t i = 0; i < connections; ++i) {
    all.push_back(connect_plainly(port));
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.fd = all.back();
    ::epoll_ctl(poller, EPOLL_CTL_ADD, all.back(), &event);
  }
  for (const int fd : all) ::send(fd, frame.data(), frame_size, MSG_NOSIGNAL);
  const double busy = processor_seconds_of_this_thread();
  const auto start = Steady::now();
  std::size_t frames = 0;
  std::array<epoll_event, 128> events;
  while (Steady::now() - start < span) {
    const int count = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (::recv(fd, frame.data(), frame.size(), MSG_DONTWAIT) <= 0) std::abort();
      ::send(fd, frame.data(), frame_size, MSG_NOSIGNAL);
      ++frames;
    }
  }
  const double took = std::chrono::duration<double>(Steady::now() - start).count();
  const double processor = (processor_seconds_of_this_thread() - busy) / took;
  for (const int fd : all) ::close(fd);
  ::close(poller);
  return {static_cast<double>(frames) / took, processor};
}

}  // namespace meterrig::benchmarks
