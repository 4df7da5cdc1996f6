#include "rig/run/gathering.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "core/errors.hpp"

namespace meterrig::rig {
namespace {

constexpr Duration bringing = 100s;

// Stations at a chamber; what happened, with the second that it happened at.
class Chamber : public testing::Test {
 protected:
  void expect(const std::vector<std::string>& members) {
    for (const std::string& member : members) gathering.expect(member);
  }
  void comes(const std::string& member, int at_s, std::vector<double> wanted, CancelScope* own = nullptr) {
    group.spawn(visit(member, at_s, std::move(wanted)), own);
  }
  std::string story() {
    clock.run_until([this] { return group.done(); });
    return said;
  }

  VirtualClock clock;
  Gathering gathering{clock};
  bool broken = false;
  std::string said;

 private:
  void say(const std::string& what) {
    said += fmt::format("{}{}@{:g}", said.empty() ? "" : " ", what, to_seconds(clock.now().time_since_epoch()));
  }
  Task<> bring(double setting) {
    std::exception_ptr failed;
    bool stopped = false;
    try {
      co_await sleep_for(bringing);
      if (broken) throw TimeoutError("the chamber does not get there", {});
    } catch (const Cancelled&) {
      stopped = true;
      failed = std::current_exception();
    } catch (...) {
      failed = std::current_exception();
    }
    if (stopped)
      gathering.passed_on();
    else
      gathering.brought(failed);
    if (failed) std::rethrow_exception(failed);
    say(fmt::format("[{:g}]", setting));
  }
  Task<> visit(std::string member, int at_s, std::vector<double> wanted) {
    std::string ended;
    try {
      co_await sleep_for(seconds(at_s));
      while (!wanted.empty()) {
        const Gathering::Turn turn = co_await gathering.meet(member, wanted, 1000s);
        if (turn.brings) co_await bring(turn.setting);
        std::erase(wanted, turn.setting);
        say(fmt::format("{}:{:g}", member, turn.setting));
        co_await sleep_for(10s);
      }
    } catch (const Cancelled&) {
      ended = member + " stopped";
    } catch (const Error& error) {
      ended = member + " failed";
    }
    gathering.leave(member);
    if (!ended.empty()) say(ended);
  }
  CancelScope scope;
  TaskGroup group{clock, &scope};
};

TEST_F(Chamber, IsBroughtToEachTemperatureOnceInAscendingOrder) {
  expect({"1", "2", "3"});
  comes("1", 0, {55, 5});
  comes("2", 50, {5, 20});
  comes("3", 20, {20, 55});
  EXPECT_EQ(story(), "[5]@150 1:5@150 2:5@150 [20]@260 2:20@260 3:20@260 [55]@370 1:55@370 3:55@370");
}

TEST_F(Chamber, DoesNotWaitForWhoLeft) {
  expect({"1", "2", "blocked"});
  comes("1", 0, {5});
  comes("2", 10, {5});
  comes("blocked", 30, {});
  EXPECT_EQ(story(), "[5]@130 1:5@130 2:5@130");
}

TEST_F(Chamber, WaitsOnlySoLong) {
  expect({"1", "2", "late"});
  comes("1", 0, {5, 20});
  comes("2", 10, {5});
  comes("late", 1050, {5});
  // Late came while the chamber soaked: not its soak. It has one of its own, as the chamber is still there.
  EXPECT_EQ(story(), "[5]@1100 1:5@1100 2:5@1100 [5]@1210 late:5@1210 [20]@1320 1:20@1320");
}

TEST_F(Chamber, AFailureIsEverybodysWhoWasThere) {
  broken = true;
  expect({"1", "2"});
  comes("1", 0, {5});
  comes("2", 10, {5});
  EXPECT_EQ(story(), "1 failed@110 2 failed@110");
}

// Station 1 is stopped at 60; station 3 comes `third_at`.
struct StoppedChamber : Chamber {
  void comes_last(int third_at) {
    Timer stop(clock, [&] { own.cancel("test"); });
    stop.at(clock.now() + 60s);
    expect({"1", "2", "3"});
    comes("1", 0, {5}, &own);
    comes("2", 10, {5});
    comes("3", third_at, {5});
    told = story();
  }
  CancelScope own;
  std::string told;
};

TEST_F(StoppedChamber, AnotherBringsIt) {
  comes_last(10);
  EXPECT_EQ(told, "1 stopped@60 [5]@160 2:5@160 3:5@160");
}

TEST_F(StoppedChamber, TheStopReachesWhoWaits) {
  comes_last(70);
  EXPECT_EQ(told, "1 stopped@60 [5]@170 2:5@170 3:5@170");
}

}  // namespace
}  // namespace meterrig::rig
