#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "rig/plan/rig_file.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/record/verdict.hpp"
#include "tests/support/virtual_rig.hpp"

// What trips within one period of its rule, whom it stops, and what does not start (docs/interlocks.md).
namespace meterrig::defects {
namespace {

using nlohmann::json;

constexpr Duration hazard_at = 1min;

cli::RunFiles files_of(const std::string& rig) {
  cli::RunOptions words;
  words.plan = "cjt503-auto";
  words.rig = rig;
  words.duts = {"wg25-r-1", "wg25-r-2"};
  words.only = {"5.3.8", "5.3.18"};  // supply and air
  return support::files_of(words);
}

// Of an event, on the monotonic scale of the run: nothing steps UTC here.
Duration time_of(const json& event, Utc epoch) {
  const std::string text = event.at("t");
  std::tm parts{};
  std::istringstream(text.substr(0, 19)) >> std::get_time(&parts, "%Y-%m-%dT%H:%M:%S");
  const Utc whole{std::chrono::seconds(timegm(&parts))};
  return whole + std::chrono::nanoseconds(std::stoll(text.substr(20, 9))) - epoch;
}

struct Told {
  explicit Told(const std::string& fault, const std::string& rig = "interlocks")
      : files(files_of(rig)),
        world(files, 1, fault.empty() ? std::vector<std::string>{} : std::vector<std::string>{fault}) {
    support::Session session(world);
    session.to_end();
    const auto& all = session.run().journal().events();
    events.assign(all.begin(), all.end());
    record = record::fold_record(events);
  }

  std::vector<json> of(const std::string& type) const {
    std::vector<json> found;
    std::copy_if(events.begin(), events.end(), std::back_inserter(found),
                 [&](const json& e) { return e.at("type") == type; });
    return found;
  }
  // The one interlock that tripped.
  json interlock() const {
    const std::vector<json> all = of("interlock");
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? json::object() : all.front();
  }
  std::vector<json> safe_states(const std::string& reason, const std::string& station) const {
    std::vector<json> found;
    for (const json& e : of("safe_state"))
      if (e.at("reason") == reason && e.value("station", "") == station) found.push_back(e);
    return found;
  }

  cli::RunFiles files;
  support::VirtualRig world;
  std::vector<json> events;
  json record;
};

struct Case {
  const char* fault;
  const char* interlock;
  double period_s;
  Duration within;  // of the hazard: one period where its quantity is there all the time
  bool whole_rig;
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.fault; }

class Interlock : public ::testing::TestWithParam<Case> {};

TEST_P(Interlock, TripsWithinOnePeriodAndMakesSafeAtOnce) {
  const Case& one = GetParam();
  const Told told(one.fault + std::string(one.whole_rig ? "" : "@2"));
  const json interlock = told.interlock();
  ASSERT_EQ(interlock.at("name"), one.interlock);
  EXPECT_EQ(interlock.at("period_s"), one.period_s);
  EXPECT_EQ(interlock.at("scope"), one.whole_rig ? "rig" : "station");
  const Duration tripped_at = time_of(interlock, told.files.plan.epoch);
  EXPECT_GE(tripped_at, hazard_at);
  EXPECT_LE(to_seconds(tripped_at - hazard_at), to_seconds(one.within)) << interlock;

  for (const std::string station : {"1", "2"}) {
    const auto made = told.safe_states(fmt::format("interlock \"{}\"", one.interlock), station);
    if (station == "1" && !one.whole_rig) {
      EXPECT_TRUE(made.empty()) << "the other station";
      continue;
    }
    ASSERT_EQ(made.size(), 1u) << station;
    EXPECT_LE(to_seconds(time_of(made.front(), told.files.plan.epoch) - tripped_at), 1.0);
    for (const json& output : made.front().at("outputs")) EXPECT_TRUE(output.at("ok").get<bool>()) << output;
    // Which clause it hit, and that this one says why.
    const std::vector<json> ended = told.of("clause_ended");
    const auto cut = std::find_if(ended.begin(), ended.end(), [&](const json& e) {
      return e.at("station") == station && e.at("seq") > interlock.at("seq");
    });
    ASSERT_NE(cut, ended.end());
    EXPECT_EQ(cut->at("verdict"), "void");
    EXPECT_NE(cut->at("cause").dump().find(one.interlock), std::string::npos) << *cut;
    EXPECT_GT(cut->at("seq"), made.front().at("seq"));
    EXPECT_EQ(std::count_if(ended.begin(), ended.end(),
                            [&](const json& e) { return e.at("station") == station && e.at("seq") > cut->at("seq"); }),
              0)
        << "nothing is tested after it";
  }
  EXPECT_EQ(told.record.at("state"), one.whole_rig ? "aborted" : "finished");
  EXPECT_EQ(record::exit_code(told.record), one.whole_rig ? 4 : 3);
  EXPECT_EQ(told.record.at("interlocks").size(), 1u);
  EXPECT_TRUE(told.world.bench->live_outputs().empty());
}

class RuleOfAStation : public Interlock {};

TEST_P(RuleOfAStation, LeavesTheOtherUnharmed) {
  const Told told(GetParam().fault + std::string("@2"));
  for (const auto& [id, verdict] : support::verdicts_of(told.record, 0))
    EXPECT_TRUE(verdict == "pass" || verdict == "not_applicable") << id << " " << verdict;
}

std::string name_of(const ::testing::TestParamInfo<Case>& one) {
  std::string name = one.param.fault;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ':' || c == '-'; }, '_');
  return name;
}

const auto rules_of_stations = ::testing::Values(Case{"over-voltage:psu", "supply voltage", 1, 1s, false},
                                                 Case{"over-current:meter", "supply current", 1, 1s, false},
                                                 Case{"over-pressure:air", "source pressure", 1, 10h, false},
                                                 Case{"open:door", "door", 0.5, 500ms, false});

INSTANTIATE_TEST_SUITE_P(Of, RuleOfAStation, rules_of_stations, name_of);
INSTANTIATE_TEST_SUITE_P(OfAStation, Interlock, rules_of_stations, name_of);
INSTANTIATE_TEST_SUITE_P(OfTheRig, Interlock,
                         ::testing::Values(Case{"open:emergency_stop", "emergency stop", 0.5, 500ms, true}), name_of);

TEST(Interlocks, WhatCantBeReadTripsAfterTwoPeriods) {
  const Told told("silent:inputs");
  const auto tripped = told.of("interlock");
  ASSERT_FALSE(tripped.empty());
  for (const json& interlock : tripped) {
    EXPECT_EQ(interlock.at("reason"), "unreadable");
    EXPECT_TRUE(interlock.at("value").is_null());
    const Duration after = time_of(interlock, told.files.plan.epoch) - hazard_at;
    EXPECT_GE(to_seconds(after), 0.5);
    EXPECT_LE(to_seconds(after), 1.05) << interlock;
  }
  EXPECT_EQ(record::exit_code(told.record), 4);
}

TEST(Interlocks, AHealthyRigIsNotDisturbed) {
  const Told told("");
  EXPECT_TRUE(told.of("interlock").empty());
  for (std::size_t sample = 0; sample < 2; ++sample)
    for (const auto& [id, verdict] : support::verdicts_of(told.record, sample))
      EXPECT_TRUE(verdict == "pass" || verdict == "not_applicable") << id << " " << verdict;
}

TEST(Interlocks, ARigWhoseEmergencyStopIsPressedDoesNotStart) {
  for (const char* fault : {"open:emergency_stop", "open:door@2", "silent:inputs"}) {
    Told told(fault);
    // What was pressed stays pressed: the next run does not start.
    support::Session again(told.world);
    try {
      again.to_end();
      FAIL() << fault << ": the run was not refused";
    } catch (const UserError& refused) {
      EXPECT_NE(std::string(refused.what()).find("start again"), std::string::npos) << refused.what();
    }
    EXPECT_EQ(again.run().state(), record::RunState::refused);
    EXPECT_EQ(again.count("clause_started"), 0u);
    EXPECT_TRUE(told.world.bench->live_outputs().empty());
  }
}

TEST(Protection, IsSetBeforeAnythingElseAndNamedWhenItTrips) {
  const Told told("run-away:psu@2");
  const auto set = told.of("protection");
  ASSERT_EQ(set.size(), 2u);
  for (const json& protection : set) {
    EXPECT_DOUBLE_EQ(protection.at("over_voltage_v"), 7.2);  // 1.2 times 6 V
    EXPECT_DOUBLE_EQ(protection.at("over_current_a"), 3.3);  // 1.1 times 3 A
    EXPECT_LT(protection.at("seq"), told.of("clause_started").front().at("seq"));
  }
  EXPECT_TRUE(told.of("interlock").empty()) << "the supply itself was quicker";
  std::vector<json> blamed;
  for (const json& ended : told.of("clause_ended"))
    if (ended.at("cause").dump().find("over-voltage protection of psu2 has tripped") != std::string::npos)
      blamed.push_back(ended);
  ASSERT_EQ(blamed.size(), 1u) << "nothing is tried with a supply that has tripped";
  EXPECT_EQ(blamed.front().at("station"), "2");
  EXPECT_EQ(blamed.front().at("verdict"), "void");
}

// A rule that can't work is refused with its place, before anything is opened.
class Refusal : public ::testing::TestWithParam<std::array<std::string, 3>> {};

TEST_P(Refusal, NamesLineAndReason) {
  const auto& [found, put, said] = GetParam();
  cli::RunFiles files = files_of("interlocks");
  std::ifstream in(files.rig.file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto at = text.find(found);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, found.size(), put);
  try {
    files.rig = plan::read_rig(meterrig::json::parse(text, "my-rig.json"));
    support::VirtualRig world(files);
    rig::Observer nobody;
    rig::Run(world.setup(), nobody).check();
    FAIL() << "not refused";
  } catch (const UserError& refused) {
    const std::string what = refused.what();
    EXPECT_EQ(what.rfind("my-rig.json:", 0), 0u) << what;
    EXPECT_NE(what.find(said), std::string::npos) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Of, Refusal,
    ::testing::Values(
        std::array<std::string, 3>{"\"above_v\": 8", "\"above_v\": 30", "psu1 can tell no more"},
        std::array<std::string, 3>{"\"above_v\": 8", "\"above_v\": 6",
                                   "more than the 6 V that sample 1 is tested with"},
        std::array<std::string, 3>{"\"above_a\": 1.5", "\"above_a\": 3", "less than 3 A"},
        std::array<std::string, 3>{"\"above_kpa\": 18", "\"above_kpa\": 25", "air1 can tell no more"},
        std::array<std::string, 3>{"\"above_kpa\": 18", "\"above_v\": 18", "a role that it is known of"},
        std::array<std::string, 3>{"\"above_kpa\": 18", "\"above_kpa\": 18, \"above_v\": 8", "one; see above_v"},
        std::array<std::string, 3>{"\"above_a\": 1.5,\n      \"period_s\": 1",
                                   "\"above_a\": 1.5,\n      \"period_s\": 0.2", "at least 0.24 s"},
        std::array<std::string, 3>{",\n        \"door\": {\"instrument\": \"inputs\", \"input\": 2}", "",
                                   "station 2 does not have"},
        std::array<std::string, 3>{"\"input\": 2", "\"input\": 8", "input 8 of inputs"},
        std::array<std::string, 3>{"\"role\": \"emergency_stop\",\n      \"is_open\": true,\n      \"period_s\": 0.5,\n"
                                   "      \"scope\": \"rig\"",
                                   "\"role\": \"emergency_stop\",\n      \"is_open\": true,\n      \"period_s\": 0.5,\n"
                                   "      \"scope\": \"station\"",
                                   "which all stations share"}));

}  // namespace
}  // namespace meterrig::defects
