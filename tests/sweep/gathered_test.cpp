#include <gtest/gtest.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <random>

#include "rig/record/record_fold.hpp"
#include "rig/run/forecast.hpp"
#include "tests/sweep/invariants.hpp"
#include "tests/sweep/sweep_support.hpp"

// A procedure that stations do together in a chamber (semantics: gathered steps).
namespace meterrig::sweep {
namespace {

using nlohmann::json;

constexpr Duration soak = 1h;
const std::string clause_id = "CJT503-5.3.8/6.10";

// Sample 1 wants 5 and 55, sample 2 5 and 20, sample 3 20 and 55.
std::vector<double> settings(const plan::Clause&, const plan::DutFile& dut) {
  if (dut.sample == 1) return {5, 55};
  if (dut.sample == 2) return {5, 20};
  return {20, 55};
}
Task<> bring(rig::Trial& trial, double celsius) {
  trial.record("brought", celsius, "Cel");
  co_await sleep_for(soak);
}
double soak_s(const plan::Clause&, const plan::DutFile&) { return to_seconds(soak); }
// What stations share is borrowed for the measurement only, one after the other.
Task<> run(rig::Trial& trial) {
  for (;;) {
    const std::optional<double> celsius = co_await trial.meet();
    if (!celsius) break;
    trial.record("at", *celsius, "Cel");
    co_await trial.borrow();
    co_await sleep_for(60s);
    co_await trial.give_back();
  }
  trial.measure("quiescent_current", 10, Budget("uA").half_width("accuracy", 0.1));
}
double own_s(const plan::Clause&, const plan::DutFile&) { return 120; }

const rig::Gathered in_chamber{"chamber", settings, bring, soak_s, 7200};
const rig::Procedure procedure{"soaked", "恒温测试", "soaked", {"operator"}, rig::Radio::talking, run,
                               own_s,    {},         nullptr,  false,        &in_chamber};

class Gathered : public testing::Test {
 protected:
  explicit Gathered(const std::vector<std::string>& faults = {})
      : files_(short_files({clause_id}, {"wg25-r-1", "wg25-r-2", "wg25-r-3"})) {
    files_.plan.clauses.front().clause.procedure = procedure.name;
    start(faults);
  }
  void start(const std::vector<std::string>& faults) {
    session_.reset();
    rig_.emplace(files_, 1, faults);
    rig_->procedures.push_back(&procedure);
    session_.emplace(*rig_);
  }
  // What was recorded under a name: of which sample, and the value.
  std::vector<std::string> recorded(const std::string& name) {
    std::vector<std::string> all;
    for (const json& e : session_->run().journal().events())
      if (e.at("type") == "recorded" && e.at("name") == name)
        all.push_back(fmt::format("{}:{}", e.at("sample").get<int>(), e.at("value").get<double>()));
    return all;
  }
  std::map<std::string, std::string> verdicts() { return verdicts_by_sample(session_->run().journal().events()); }

  cli::RunFiles files_;
  std::optional<support::VirtualRig> rig_;
  std::optional<support::Session> session_;
};

using Told = std::vector<std::string>;

TEST_F(Gathered, TheChamberGoesThroughEachTemperatureOnceForAll) {
  session_->to_end();
  EXPECT_EQ(recorded("brought"), (Told{"1:5", "2:20", "1:55"}));
  EXPECT_EQ(recorded("at").size(), 6u);
  for (const auto& [sample, verdict] : verdicts()) EXPECT_EQ(verdict, "recorded") << sample << " of a shortened plan";
  const rig::Forecast forecast = rig::forecast(rig_->setup());
  // Three soaks; after the last the operator measures twice, one station after the other.
  EXPECT_EQ(forecast.duration_s, 3 * to_seconds(soak) + 3 * 2 * 60);
  EXPECT_NEAR(to_seconds(rig_->clock.now().time_since_epoch()), forecast.duration_s, 60);
}

TEST_F(Gathered, AStationThatIsVoidHoldsNobodyUp) {
  start({"io-silent:psu2"});
  session_->to_end();
  EXPECT_EQ(recorded("brought"), (Told{"1:5", "3:20", "1:55"}));
  const auto told = verdicts();
  EXPECT_EQ(told.at("1 " + clause_id), "recorded");
  EXPECT_EQ(told.at("2 " + clause_id), "void");
  EXPECT_EQ(told.at("3 " + clause_id), "recorded");
}

TEST_F(Gathered, AStopReachesWhoWaitsAndWhoBrings) {
  session_->to_end();
  const std::uint64_t turns = session_->turns();
  // Until its vent was worked a station's line may hold a little air that warms up.
  constexpr std::uint64_t opened = 100;
  std::mt19937_64 random(1);
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t turn = opened + random() % (turns - opened);
    start({});
    session_->to_turn(turn);
    session_->run().stop("test");
    if (i % 3 == 0) session_->run().stop("test");
    std::string ended_by;
    try {
      session_->to_end();
    } catch (const std::exception& error) {
      ended_by = error.what();
    }
    Finding finding{*rig_, *session_, ended_by, false, false, true, {}};
    EXPECT_EQ(what_is_wrong(finding), "") << "stop before turn " << turn;
  }
}

}  // namespace
}  // namespace meterrig::sweep
