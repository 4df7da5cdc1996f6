#include "rig/run/lease.hpp"

#include <gtest/gtest.h>

#include <random>

namespace meterrig::rig {
namespace {

constexpr LeaseMode exclusive = LeaseMode::exclusive;
constexpr LeaseMode shared = LeaseMode::shared;

// Stations that come at an instant, take what they wish, keep it for a while; who got what, in order.
class Leases : public testing::Test {
 protected:
  ~Leases() override { EXPECT_TRUE(table.held().empty()); }

  void comes(const std::string& holder, int at_s, std::vector<LeaseRequest> any_of, double remaining_s = 0,
             int keeps_s = 10) {
    group.spawn(visit({holder, std::move(any_of), remaining_s, false}, at_s, keeps_s));
  }
  // Holds `first` for a while and wants `later` then, too.
  void borrows(const std::string& holder, int at_s, LeaseRequest first, LeaseRequest later) {
    group.spawn(borrow(holder, at_s, std::move(first), std::move(later)));
  }
  std::vector<std::string> order() {
    clock.run_until([this] { return group.done(); });
    return granted;
  }

  VirtualClock clock;
  LeaseTable table;
  std::vector<std::string> granted;
  std::vector<LeaseObstacle> told;

 private:
  Task<> visit(LeaseWish wish, int at_s, int keeps_s) {
    co_await sleep_for(seconds(at_s));
    const std::string holder = wish.holder;
    const LeaseTable::Waiting waiting = [this](const auto& obstacles) {
      told.insert(told.end(), obstacles.begin(), obstacles.end());
    };
    const LeaseGrant grant = co_await table.acquire(std::move(wish), waiting);
    granted.push_back(holder + std::to_string(grant.option));
    co_await sleep_for(seconds(keeps_s));
  }
  Task<> borrow(std::string holder, int at_s, LeaseRequest first, LeaseRequest later) {
    co_await sleep_for(seconds(at_s));
    LeaseWish wish;
    wish.holder = holder;
    wish.any_of.push_back(std::move(first));
    const LeaseGrant held = co_await table.acquire(std::move(wish));
    co_await sleep_for(5s);
    LeaseWish more;
    more.holder = holder;
    more.any_of.push_back(std::move(later));
    more.midway = true;
    const LeaseGrant borrowed = co_await table.acquire(std::move(more));
    granted.push_back(holder + "+");
    co_await sleep_for(10s);
  }
  CancelScope scope;
  TaskGroup group{clock, &scope};
};

using Order = std::vector<std::string>;

TEST_F(Leases, TheFirstOfAWishThatIsFreeIsGranted) {
  comes("a", 0, {{{"leak", exclusive}}});
  comes("b", 1, {{{"leak", exclusive}}, {{"flow", exclusive}, {"leak", shared}}, {{"flow", exclusive}}, {}});
  EXPECT_EQ(order(), (Order{"a0", "b2"}));
  EXPECT_TRUE(told.empty()) << "nobody waited";
}

TEST_F(Leases, WhoWaitsIsToldForWhatHeldByWhomSinceWhen) {
  comes("a", 3, {{{"leak", exclusive}, {"flow", exclusive}}});
  comes("b", 5, {{{"leak", exclusive}}});
  order();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].resource, "leak");
  EXPECT_EQ(told[0].holder, "a");
  EXPECT_EQ(told[0].since, Instant{} + 3s);
}

TEST_F(Leases, TheLongestRemainingPathGoesFirst) {
  comes("a", 0, {{{"leak", exclusive}}});
  comes("short", 1, {{{"leak", exclusive}}}, 10);
  comes("long", 2, {{{"leak", exclusive}}}, 99);
  comes("early", 3, {{{"leak", exclusive}}}, 99);
  EXPECT_EQ(order(), (Order{"a0", "long0", "early0", "short0"}));
}

TEST_F(Leases, NobodyIsOvertakenMoreThanEightTimes) {
  comes("holder", 0, {{{"leak", exclusive}}});
  comes("poor", 1, {{{"leak", exclusive}}}, 0);
  for (int i = 0; i < 20; ++i) comes("rich", 2 + i, {{{"leak", exclusive}}}, 99);
  const Order got = order();
  EXPECT_EQ(std::find(got.begin(), got.end(), "poor0") - got.begin(), 1 + LeaseTable::overtakes_max);
}

// Those who want one thing each would take turns for ever before one who needs two at once.
TEST_F(Leases, WhatIsFreeIsKeptForOneWhoWaitedTooLong) {
  comes("pair", 1, {{{"leak", exclusive}, {"radio", exclusive}}}, 0);
  for (int i = 0; i < 30; ++i) {
    comes("l", 5 * i, {{{"leak", exclusive}}}, 99);
    comes("r", 5 * i + 3, {{{"radio", exclusive}}}, 99);
  }
  const Order got = order();
  EXPECT_LE(std::find(got.begin(), got.end(), "pair0") - got.begin(), 2 + LeaseTable::overtakes_max);
}

// The one who was kept waiting needs what the one midway holds: who is midway must not wait for him.
TEST_F(Leases, WhoIsMidwayGoesBeforeAll) {
  borrows("midway", 0, {{"radio", exclusive}}, {{"leak", exclusive}});
  comes("holder", 0, {{{"leak", exclusive}}}, 0, 30);
  comes("pair", 1, {{{"leak", exclusive}, {"radio", exclusive}}}, 0);
  for (int i = 0; i < 12; ++i) comes("f", 2, {{{"flow", exclusive}, {"leak", shared}}}, 99, 1);
  const Order got = order();
  EXPECT_EQ(got[1], "midway+") << "behind holder only";
}

TEST_F(Leases, AStopGivesBackWhatWasGrantedInTheSameTurn) {
  CancelScope stop;
  auto wants = [](LeaseTable& from) -> Task<> {
    LeaseWish wish;
    wish.holder = "a";
    wish.any_of.push_back({{"leak", exclusive}});
    const LeaseGrant grant = co_await from.acquire(std::move(wish));
    co_await sleep_for(1h);
  };
  TaskGroup own(clock, &stop);
  own.spawn(wants(table));
  own.spawn(wants(table));
  clock.run_until([&] { return !table.held().empty(); });
  stop.cancel("test");
  clock.run_until([&] { return own.done(); });
}

}  // namespace
}  // namespace meterrig::rig
