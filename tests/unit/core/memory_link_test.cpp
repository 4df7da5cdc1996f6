#include "core/io/memory_link.hpp"

#include <gtest/gtest.h>

namespace meterrig {
namespace {

struct Echo final : LinkPeer {
  Duration delay = 10ms;
  Clock* clock = nullptr;
  void receive(Port& port, std::span<const std::uint8_t> bytes) override { port.send(bytes, clock->now() + delay); }
};

TEST(MemoryLink, TakesTheTimeOfItsLine) {
  VirtualClock clock;
  Echo echo;
  echo.clock = &clock;
  MemoryLink link(clock, "virtual:echo", echo, LineTiming::serial(2400));
  const auto exchange = [&]() -> Task<> {
    const Bytes out(12, 0x55);
    co_await link.write(out, clock.now() + 1s);
    Bytes in(64);
    const std::size_t n = co_await link.read(in, clock.now() + 1s);
    EXPECT_EQ(n, 12u);
  };
  run(clock, exchange());
  // 24 characters of 11 bits at 2400 baud and 10 ms of thinking.
  EXPECT_NEAR(to_seconds(clock.now().time_since_epoch()), 24 * 11 / 2400.0 + 0.010, 1e-6);
}

TEST(MemoryLink, DeadlineSaysWhoAndHowLong) {
  VirtualClock clock;
  Echo echo;
  echo.clock = &clock;
  MemoryLink link(clock, "virtual:quiet", echo, LineTiming::lan());
  const auto read = [&]() -> Task<> {
    Bytes in(8);
    co_await link.read(in, clock.now() + 250ms);
  };
  try {
    run(clock, read());
    FAIL() << "no time-out";
  } catch (const TimeoutError& error) {
    EXPECT_EQ(error.exchange().of, "virtual:quiet");
    EXPECT_EQ(error.exchange().after, Duration{250ms});
  }
}

TEST(MemoryLink, AStopReachesTheRead) {
  VirtualClock clock;
  Echo echo;
  echo.clock = &clock;
  MemoryLink link(clock, "virtual:quiet", echo, LineTiming::lan());
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  stop.at(Instant{} + 20ms);
  const auto read = [&]() -> Task<> {
    Bytes in(8);
    co_await link.read(in, clock.now() + 1h);
  };
  EXPECT_THROW(run(clock, scope, read()), Cancelled);
  EXPECT_EQ(clock.now(), Instant{} + 20ms);
}

}  // namespace
}  // namespace meterrig
