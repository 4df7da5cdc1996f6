#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "core/io/transport/asio.hpp"
#include "core/io/transport/wall_clock.hpp"

namespace meterrig {

struct WallClock::Loop {
  using WakeTimer =
      asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;
  using Signals = asio::basic_signal_set<Executor>;
  struct Watch {
    Watch(Executor executor, std::function<void(int)> callback) : signals(executor), call(std::move(callback)) {}
    Signals signals;
    std::function<void(int)> call;
  };

  // I/O objects live on the clock's thread alone; only post() comes from others.
  asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  WakeTimer wake{io.get_executor()};
  bool wake_armed = false;
  std::chrono::steady_clock::time_point wake_at{};
  std::atomic<bool> posted{false};
  std::vector<std::unique_ptr<Watch>> watches;
};

}  // namespace meterrig
