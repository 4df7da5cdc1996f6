#include "core/task.hpp"

#include <gtest/gtest.h>

namespace meterrig {
namespace {

Task<int> answer_after(Duration d, int value) {
  co_await sleep_for(d);
  co_return value;
}

TEST(Task, RunsOnVirtualTimeWithoutWaiting) {
  VirtualClock clock;
  EXPECT_EQ(run(clock, answer_after(48h, 42)), 42);
  EXPECT_EQ(clock.now().time_since_epoch(), Duration{48h});
}

TEST(Task, SideBySideInOrderOfTimeThenOfSpawning) {
  VirtualClock clock;
  std::string order;
  auto mark = [&order](Duration d, char c) -> Task<> {
    co_await sleep_for(d);
    order += c;
  };
  auto all = [&]() -> Task<> {
    const Context context = co_await current_context{};
    TaskGroup group(*context.clock, context.scope);
    group.spawn(mark(2s, 'c'));
    group.spawn(mark(1s, 'a'));
    group.spawn(mark(1s, 'b'));
    co_await group.join();
  };
  run(clock, all());
  EXPECT_EQ(order, "abc");
}

TEST(Task, StopReachesASleepAndTeardownStillRuns) {
  VirtualClock clock;
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stopped by the test"); });
  stop.at(Instant{} + 3s);
  bool torn_down = false;
  auto teardown = [&]() -> Task<> {
    co_await sleep_for(1s);
    torn_down = true;
  };
  auto body = [&]() -> Task<> {
    std::string reason;
    try {
      co_await sleep_for(1h);
    } catch (const Cancelled& stopped) {
      reason = stopped.reason();
    }
    CancelScope shield;
    co_await run_in(shield, teardown());
    EXPECT_EQ(reason, "stopped by the test");
    co_await sleep_for(1h);  // the scope stays stopped
  };
  EXPECT_THROW(run(clock, scope, body()), Cancelled);
  EXPECT_TRUE(torn_down);
  EXPECT_EQ(clock.now().time_since_epoch(), Duration{4s});
}

TEST(Task, TimeLimitSaysWhatTookTooLong) {
  VirtualClock clock;
  try {
    run(clock, with_time_limit(5s, "the soak", [](Duration d) -> Task<> { co_await sleep_for(d); }(1h)));
    FAIL() << "no time-out";
  } catch (const TimeoutError& error) {
    EXPECT_STREQ(error.what(), "the soak took longer than 5 s");
    EXPECT_EQ(error.exchange().after, Duration{5s});
  }
}

TEST(Task, ErrorsOfAGroupComeOutOfJoin) {
  VirtualClock clock;
  auto failing = []() -> Task<> {
    co_await sleep_for(1s);
    throw NoReading("the gauge is silent");
  };
  auto all = [&]() -> Task<> {
    const Context context = co_await current_context{};
    TaskGroup group(*context.clock, context.scope);
    group.spawn(failing());
    group.spawn(failing());
    co_await group.join();
  };
  EXPECT_THROW(run(clock, all()), NoReading);
}

TEST(Task, AnAbandonedFrameLeavesEveryList) {
  VirtualClock clock;
  CancelScope scope;
  {
    TaskGroup group(clock, &scope);
    group.spawn([]() -> Task<> { co_await sleep_for(1h); }());
    while (clock.turn()) {
    }
  }
  scope.cancel("nobody is left to hear it");
  EXPECT_FALSE(clock.turn());
}

TEST(Clock, NothingLeftToWaitForIsAnError) {
  VirtualClock clock;
  EXPECT_THROW(clock.run_until([] { return false; }), std::logic_error);
}

TEST(DeadlineTimer, ALaterDeadlineKeepsTheOldTimerAndStillHolds) {
  VirtualClock clock;
  Instant expired{};
  DeadlineTimer deadline(clock, [&] { expired = clock.now(); });
  deadline.set(Instant{} + 1s);
  deadline.set(Instant{} + 5s);
  clock.run_until([&] { return expired != Instant{}; });
  EXPECT_EQ(expired, Instant{} + 5s);
}

// Stops a small bench of sleeps at every turn, from outside and from inside: it must end each time, with teardown done.
TEST(Task, StopAtEveryTurn) {
  const auto once = [](std::uint64_t stop_at) {
    VirtualClock clock;
    CancelScope scope;
    int open = 0;
    auto worker = [&open](int n) -> Task<> {
      ++open;
      try {
        for (int i = 0; i < n; ++i) co_await sleep_for(seconds(0.5 * n));
      } catch (const Cancelled&) {
      }
      CancelScope shield;
      co_await run_in(shield, sleep_for(100ms));
      --open;
    };
    clock.before_turn([&](std::uint64_t turn) {
      if (turn == stop_at) scope.cancel("sweep");
    });
    TaskGroup group(clock, &scope);
    for (int n = 1; n < 4; ++n) group.spawn(worker(n));
    clock.run_until([&] { return group.done(); });
    EXPECT_EQ(open, 0) << "stopped at turn " << stop_at;
    return clock.turns();
  };
  const std::uint64_t turns = once(0);
  for (std::uint64_t turn = 1; turn <= turns; ++turn) once(turn);
}

}  // namespace
}  // namespace meterrig
