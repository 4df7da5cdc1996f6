#pragma once

#include <cstddef>
#include <cstdint>

#include "core/time.hpp"

namespace meterrig::benchmarks {

// What the system itself takes: the same work in plain socket calls.

int connect_plainly(std::uint16_t port);
// On loopback; `port` is what the system chose.
int listen_plainly(std::uint16_t& port);

struct PlainPoll {
  double frames_a_second = 0;
  double processor = 0;  // share of one processor that the calling thread used
};
// Polls over so many connections with epoll, one frame of this size under way on each, and checks nothing.
PlainPoll poll_plainly(std::uint16_t port, std::size_t connections, std::size_t frame_size, Duration span);

}  // namespace meterrig::benchmarks
