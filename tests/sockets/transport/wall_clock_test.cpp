#include "core/io/transport/wall_clock.hpp"

#include "core/io/transport/served_clock.hpp"

#include <csignal>
#include <ctime>
#include <thread>

#include <gtest/gtest.h>

#include "core/task.hpp"

namespace meterrig {
namespace {

using Steady = std::chrono::steady_clock;

double processor_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

TEST(WallClock, SleepsWithoutSpinning) {
  WallClock clock;
  const double busy = processor_seconds();
  const Instant start = clock.now();
  run(clock, sleep_for(200ms));
  EXPECT_GE(clock.now() - start, Duration{200ms});
  EXPECT_LT(clock.now() - start, Duration{2s});
  EXPECT_LT(processor_seconds() - busy, 0.05);
}

TEST(WallClock, SubMillisecondSleepsArePrecise) {
  WallClock clock;
  Duration best = 1s;
  for (int i = 0; i < 50; ++i) {
    const Instant start = clock.now();
    run(clock, sleep_for(200us));
    best = std::min(best, clock.now() - start);
  }
  EXPECT_GE(best, Duration{200us});
  EXPECT_LT(best, Duration{600us});
}

TEST(WallClock, RunsFasterWithAScale) {
  const Utc epoch = Utc{} + std::chrono::hours(24 * 365 * 50);
  WallClock clock(50, epoch);
  const auto real = Steady::now();
  run(clock, sleep_for(10s));
  const double took = std::chrono::duration<double>(Steady::now() - real).count();
  EXPECT_GE(took, 0.199);
  EXPECT_LT(took, 1.5);
  EXPECT_GE(clock.utc() - epoch, Duration{10s});
  EXPECT_EQ(clock.exchange_slack(), Duration{100s});
  EXPECT_EQ(WallClock{}.exchange_slack(), Duration::zero());
  EXPECT_FALSE(clock.is_virtual());
}

TEST(WallClock, ReportsTheComputersUtc) {
  WallClock clock;
  const Duration apart = clock.utc() - std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  EXPECT_LT(std::chrono::abs(apart), Duration{1s});
}

TEST(WallClock, TakesPostsFromAThread) {
  WallClock clock;
  int count = 0;
  const auto home = std::this_thread::get_id();
  const auto expectation = clock.expect_post();
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i)
      clock.post([&] {
        EXPECT_EQ(std::this_thread::get_id(), home);
        ++count;
      });
  });
  clock.run_until([&] { return count == 1000; });
  poster.join();
}

TEST(WallClock, APostReachesABusyLoop) {
  WallClock clock;
  bool posted = false;
  std::thread poster([&] { clock.post([&] { posted = true; }); });
  const auto spin = [&]() -> Task<> {
    while (!posted) co_await sleep_until(Instant{});
  };
  run(clock, spin());
  poster.join();
}

TEST(WallClock, SaysWhenNothingIsLeft) {
  WallClock clock;
  EXPECT_THROW(clock.run_until([] { return false; }), std::logic_error);
  EXPECT_THROW(clock.run_until([] { return false; }), std::logic_error);
  run(clock, sleep_for(1ms));
}

TEST(WallClock, CallsBackOnSignals) {
  WallClock clock;
  std::vector<int> seen;
  clock.on_signal({SIGUSR1, SIGUSR2}, [&](int signal) { seen.push_back(signal); });
  std::raise(SIGUSR1);
  clock.run_until([&] { return seen.size() == 1; });
  std::raise(SIGUSR2);
  clock.run_until([&] { return seen.size() == 2; });
  EXPECT_EQ(seen, (std::vector<int>{SIGUSR1, SIGUSR2}));
}

void stall(std::chrono::milliseconds real) { std::this_thread::sleep_for(real); }

// Sleeps `times` by `each` and notes when it woke.
Task<> wake_again(const Clock& clock, int times, Duration each, std::vector<Instant>& woke) {
  for (int i = 0; i < times; ++i) {
    co_await sleep_for(each);
    woke.push_back(clock.now());
  }
}

TEST(ServedClock, AStallOfTheHostMovesNoInstant) {
  ServedClock clock(50);
  std::vector<Instant> woke;
  bool stalled = false;
  Timer late(clock, [&] {
    stall(60ms);
    stalled = true;
  });
  const Instant start = clock.now();
  late.at(start + 100ms);
  run(clock, wake_again(clock, 40, 50ms, woke));
  ASSERT_TRUE(stalled);
  ASSERT_EQ(woke.size(), 40u);
  for (std::size_t i = 1; i < woke.size(); ++i) EXPECT_EQ(woke[i] - woke[i - 1], Duration{50ms}) << i;
}

TEST(ServedClock, TimersKeepTheirOrderAndTimeCatchesUp) {
  ServedClock clock(50);
  std::vector<std::pair<int, Duration>> fired;
  const Instant start = clock.now();
  Timer first(clock, [&] { fired.emplace_back(1, clock.now() - start); });
  Timer second(clock, [&] { fired.emplace_back(2, clock.now() - start); });
  Timer third(clock, [&] { fired.emplace_back(3, clock.now() - start); });
  first.at(start + 20ms);
  second.at(start + 30ms);
  third.at(start + 10s);
  stall(40ms);
  EXPECT_EQ(clock.now() - start, Duration{20ms});
  clock.run_until([&] { return fired.size() == 2; });
  EXPECT_EQ(fired[0], std::make_pair(1, Duration{20ms}));
  EXPECT_EQ(fired[1], std::make_pair(2, Duration{30ms}));
  // 40 ms of the host are 2 s here.
  EXPECT_GE(clock.now() - start, Duration{2s});
  clock.run_until([&] { return fired.size() == 3; });
  EXPECT_EQ(fired[2], std::make_pair(3, Duration{10s}));
  EXPECT_EQ(clock.turns(), 3u) << "a turn that fired nothing: the host is kept busy for no use";
}

TEST(ServedClock, AnOutsideEventComesWhenTimeHasCaughtUp) {
  ServedClock clock(50);
  const Instant start = clock.now();
  std::vector<Instant> woke;
  Instant posted{};
  Timer late(clock, [&] {
    clock.post([&] { posted = clock.now(); });
    stall(40ms);
  });
  late.at(start + 20ms);
  run(clock, wake_again(clock, 10, 100ms, woke));
  clock.run_until([&] { return posted != Instant{}; });
  EXPECT_GE(posted - start, Duration{2s});
  EXPECT_EQ(woke.back() - woke.front(), Duration{900ms});
}

}  // namespace
}  // namespace meterrig
