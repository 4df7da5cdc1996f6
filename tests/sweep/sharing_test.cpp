#include <gtest/gtest.h>

#include <fmt/format.h>

#include <random>
#include <set>

#include "rig/record/record_fold.hpp"
#include "rig/run/forecast.hpp"
#include "tests/support/shared_rig.hpp"
#include "tests/sweep/sweep_support.hpp"

// Stations that share a microammeter, a leak sensor and a flow standard (semantics: order of clauses).
namespace meterrig::sweep {
namespace {

using nlohmann::json;
using Events = std::vector<json>;

constexpr int stations = 6;
constexpr double most_over_the_bound = 1.05;

std::map<std::string, std::vector<std::string>> begun_by_station(const Events& events) {
  std::map<std::string, std::vector<std::string>> order;
  for (const json& event : events)
    if (event.at("type") == "clause_started") order[event.at("station")].push_back(event.at("id"));
  return order;
}

std::vector<std::string> ids_of(const plan::Plan& plan) {
  std::vector<std::string> ids;
  for (const plan::PlannedClause& planned : plan.clauses) ids.push_back(planned.clause.id);
  return ids;
}

class SharedRig : public testing::Test {
 protected:
  SharedRig() : files_(support::shared_files(stations, 200)), rig_(files_), session_(rig_) { session_.to_end(); }
  const Events& events() { return session_.run().journal().events(); }
  cli::RunFiles files_;
  support::VirtualRig rig_;
  support::Session session_;
};

TEST_F(SharedRig, TakesLittleMoreThanTheLowerBound) {
  const rig::RunSetup setup = rig_.setup();
  const rig::LowerBound bound = rig::lower_bound(rig::demands_of(setup, support::times_in(events(), setup)));
  const double took_s = support::makespan_s(events());
  fmt::print("{:.0f} s, lower bound {:.0f} s by {}: {:.3f}\n", took_s, bound.seconds, bound.resource,
             took_s / bound.seconds);
  EXPECT_EQ(bound.resource, "leak");
  EXPECT_GT(bound.seconds, 10000) << "the bound looks at what the run did";
  EXPECT_GE(took_s, bound.seconds);
  EXPECT_LE(took_s, most_over_the_bound * bound.seconds);
  const rig::Forecast forecast = rig::forecast(setup);
  EXPECT_NEAR(forecast.duration_s, took_s, 0.05 * took_s);
  EXPECT_GE(forecast.duration_s, forecast.bound.seconds);
}

TEST_F(SharedRig, NoInstrumentStandsAtTwoStations) {
  EXPECT_EQ(rig_.bench->collisions(), 0);
  EXPECT_TRUE(session_.run().leases().held().empty());
  const json record = record::fold_record(events());
  for (const json& dut : record.at("duts"))
    for (const json& result : dut.at("results"))
      EXPECT_NE(std::set<std::string>({"pass", "recorded", "not_applicable"}).count(result.at("verdict")), 0u)
          << result.at("id") << " " << result.at("cause");
}

TEST_F(SharedRig, OrdersKeepWhatMustBeKept) {
  const std::vector<std::string> ids = ids_of(files_.plan);
  std::set<std::vector<std::string>> different;
  for (const auto& [station, begun] : begun_by_station(events())) {
    EXPECT_EQ(std::set<std::string>(begun.begin(), begun.end()), std::set<std::string>(ids.begin(), ids.end()));
    EXPECT_EQ(begun.back(), "CJT503-5.3.6/6.8") << "what changes the sample for good is last";
    different.insert(begun);
  }
  EXPECT_GT(different.size(), 1u) << "nobody is stuck on the plan's order";
  const json record = record::fold_record(events());
  for (const json& dut : record.at("duts")) {
    std::vector<std::string> recorded;
    for (const json& result : dut.at("results")) recorded.push_back(result.at("id"));
    EXPECT_EQ(recorded, ids) << "the record keeps the plan's order";
  }
}

TEST_F(SharedRig, WhoWaitsSaysForWhatHeldByWhomSinceWhen) {
  int waits = 0, late = 0;
  for (const json& event : events()) {
    if (event.at("type") != "lease") continue;
    late += event.at("state") == "granted" && event.at("id") == "CJT503-5.3.6/6.8";
    if (event.at("state") != "waiting") continue;
    ++waits;
    EXPECT_NE(event.at("held_by"), event.at("station"));
    EXPECT_LE(event.at("held_since").get<std::string>(), event.at("t").get<std::string>());
  }
  EXPECT_GT(waits, stations);
  EXPECT_EQ(late, stations) << "durability takes the leak sensor only for its end";
}

TEST_F(SharedRig, TheSameInputsGiveTheSameRecord) {
  support::VirtualRig again(files_);
  support::Session session(again);
  session.to_end();
  EXPECT_EQ(session.run().journal().events(), events());
}

TEST(Alone, AStationKeepsThePlansOrder) {
  cli::RunFiles files = support::shared_files(1, 20);
  support::VirtualRig rig(files);
  support::Session session(rig);
  session.to_end();
  EXPECT_EQ(begun_by_station(session.run().journal().events()).at("1"), ids_of(files.plan));
}

TEST(Estimates, AreNearWhatARunTakes) {
  cli::RunFiles files = support::shared_files(1, 500);
  support::VirtualRig rig(files);
  support::Session session(rig);
  session.to_end();
  const rig::RunSetup setup = rig.setup();
  const rig::ClauseTimes took = support::times_in(session.run().journal().events(), setup);
  for (std::size_t place = 0; place < files.plan.clauses.size(); ++place) {
    const rig::ClauseTime real = took(0, place);
    const rig::ClauseTime estimated = rig::estimated_time(setup, 0, place);
    const std::string& id = files.plan.clauses[place].clause.id;
    if (estimated.before_s == 0) continue;
    const double ratio = (estimated.before_s + estimated.later_s) / (real.before_s + real.later_s);
    fmt::print("{:<22} took {:8.1f} s, estimated {:.3f} of it\n", id, real.before_s + real.later_s, ratio);
    EXPECT_GT(ratio, 0.95) << id;
    EXPECT_LT(ratio, 1.15) << id;
    if (real.later_s == 0) continue;
    EXPECT_NEAR(estimated.later_s / real.later_s, 1, 0.15) << id;
  }
}

// No starvation, no deadlock, nothing left held or on, whenever it is stopped.
class Stopped : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Stopped, AtRandomTurns) {
  const std::uint64_t seed = seed_or(GetParam());
  cli::RunFiles files = support::shared_files(stations);
  for (plan::PlannedClause& planned : files.plan.clauses) shorten(planned);
  const Baseline baseline = undisturbed(files, seed);
  std::mt19937_64 random(seed);
  Sweeper sweep(files, baseline, seed);
  static constexpr const char* ways[] = {"stop", "inside", "emergency", "abandon"};
  for (int i = 0; i < 12; ++i) sweep.one(fmt::format("{}@{}", ways[i % 4], random() % baseline.turns));
  sweep.one("fault=io-silent:leak");
  sweep.one("fault=io-late:flow");
  sweep.one("fault=io-silent:psu2");
}
INSTANTIATE_TEST_SUITE_P(Seeds, Stopped, testing::Values(1, 2),
                         [](const auto& test) { return fmt::format("seed{}", test.param); });

}  // namespace
}  // namespace meterrig::sweep
