#include <gtest/gtest.h>

#include <algorithm>

#include "core/civil_time.hpp"
#include "core/io/memory_bus.hpp"
#include "instruments/modbus_roles.hpp"
#include "rig/record/record_fold.hpp"
#include "tests/defects/whole_run.hpp"

// Clauses of CJ/T 484 for which a water meter stands in a chamber, hangs on a source that is disturbed, or has water in
// it; those that no automatic plan has are run by themselves.
namespace meterrig::defects {
namespace {

using nlohmann::json;

const std::string zero_flow = "CJT484-5.1.3/6.2.3", conversion = "CJT484-5.2.12/6.3.15",
                  variation = "CJT484-5.3.4/6.3.4", dips = "CJT484-5.3.5/6.3.7", room_clock = "CJT484-5.4.2b/6.4.2a",
                  chamber_clock = "CJT484-5.4.2c/6.4.2b";

Story alone(const std::string& clause, std::vector<std::string> duts = {"lxs15-1", "lxs15-2"}) {
  Story story{.duts = std::move(duts), .plan = "cjt484-auto", .rig = "water"};
  story.change = [clause](cli::RunFiles& files) {
    const plan::PlannedClause planned{files.loader.catalogue().clause(clause), {}};
    files.plan.clauses.assign(1, planned);
  };
  return story;
}

std::vector<double> values_of(const json& result, const std::string& name) {
  std::vector<double> all;
  for (const json& m : result.at("measurements"))
    if (m.at("name") == name) all.push_back(m.at("value"));
  return all;
}

double hours_of(const json& record) {
  const auto at = [](const std::string& text) {
    return static_cast<double>(civil_from_text(text.substr(0, 19)).value().time_since_epoch().count());
  };
  return (at(record.at("ended")) - at(record.at("started"))) / 3600;
}

struct Row {
  const char* defect;  // behind "cjt484-"
  std::string clause;
  const char* verdict;
  const char* shows;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.defect; }
class WaterBench : public ::testing::TestWithParam<Row> {};

TEST_P(WaterBench, FailsWhatItsFaultReaches) {
  const Row& row = GetParam();
  Story story = alone(row.clause);
  story.defects = {std::string("cjt484-") + row.defect + "@1"};
  const json record = record_of(story);
  const json& result = result_of(record, 0, row.clause);
  EXPECT_EQ(result.at("verdict"), row.verdict) << reasons_of(result);
  EXPECT_TRUE(*row.shows == '\0' || shows(result, row.shows)) << reasons_of(result);
  const std::string neighbour = row.clause == dips ? "not_applicable" : "pass";
  EXPECT_EQ(result_of(record, 1, row.clause).at("verdict"), neighbour);
  EXPECT_TRUE(ended_safe(record));
}

INSTANTIATE_TEST_SUITE_P(
    Cjt484, WaterBench,
    ::testing::Values(Row{"5.1.3-d1", zero_flow, "fail", "cumulative_change"}, Row{"5.1.3-g1", zero_flow, "pass", ""},
                      Row{"5.2.12-d1", conversion, "fail", "conversion_error"},
                      Row{"5.2.12-d2", conversion, "fail", "reading_difference"},
                      Row{"5.3.4-d1", variation, "fail", "cumulative_off"}, Row{"5.3.4-g1", variation, "pass", ""},
                      Row{"5.3.5-d1", dips, "fail", "period_lost"}, Row{"5.3.5-d2", dips, "fail", "period_lost"},
                      Row{"5.3.5-g1", dips, "pass", ""}),
    [](const auto& one) {
      std::string name = one.param.defect;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
      return name;
    });

// The parabola of the crystal around 25 degrees, +1.2 s/d at 23.
TEST(ChamberClock, IsMeasuredAtBothTemperaturesForAllTogether) {
  const json record = record_of(alone(chamber_clock, {"lxs15-1", "lxs15-2", "lxs15-3"}));
  for (std::size_t sample = 0; sample < 3; ++sample) {
    const json& result = result_of(record, sample, chamber_clock);
    EXPECT_EQ(result.at("verdict"), "pass") << reasons_of(result);
    const std::vector<double> errors = values_of(result, "clock_error");
    ASSERT_EQ(errors.size(), 2u);
    EXPECT_NEAR(errors[0], -6.1, 0.15) << "at -25";
    EXPECT_NEAR(errors[1], -1.4, 0.15) << "at +55";
    EXPECT_EQ(values_of(result, "chamber_setting"), (std::vector<double>{-25, 55}));
    EXPECT_NEAR(values_of(result, "coldest").at(0), -25, 0.5);
    EXPECT_NEAR(values_of(result, "warmest").at(1), 55, 0.5);
  }
  EXPECT_LT(hours_of(record), 2 * (24 + 2 + 1) + 1) << "one way and one soak for all";
  EXPECT_TRUE(ended_safe(record));
  bool chamber_off = false;
  for (const json& state : record.at("safe_states"))
    for (const json& output : state.at("outputs"))
      chamber_off = chamber_off || (state.at("reason") == "all stations are done with it" &&
                                    output.at("instrument") == "chamber" && output.at("ok") == true);
  EXPECT_TRUE(chamber_off) << "read back";
}

TEST(ChamberClock, IsOnlyRecordedOverAShorterTime) {
  Story story = alone(chamber_clock, {"lxs15-1"});
  story.change = [whole = story.change](cli::RunFiles& files) {
    whole(files);
    support::change_parameter(files.plan.clauses.front(), "duration_s", "14400");
  };
  EXPECT_EQ(result_of(record_of(story), 0, chamber_clock).at("verdict"), "recorded");
}

// The meters stand in it: as long as it is still hot, the room's thermometer says nothing of their clocks.
TEST(ChamberClock, AtRoomTemperatureWaitsForTheChamber) {
  cli::RunOptions words;
  words.plan = "cjt484-auto";
  words.rig = "water";
  words.duts = {"lxs15-1"};
  words.only = {"5.4.2b"};
  cli::RunFiles files = support::files_of(words);
  const auto verdict = [&](double celsius) {
    support::VirtualRig rig(files);
    int unit = 0;
    RegisterPeer* const chamber = rig.bench->registers("chamber", unit);
    MemoryBus bus(rig.clock, "chamber", Duration::zero(), 1ms);
    bus.attach(unit, *chamber);
    const Profile profile(meterrig::json::to_json(files.loader.instrument("testequity_f4t")));
    const auto role = make_chamber(std::make_shared<ModbusDevice>(
        rig.clock, std::shared_ptr<RegisterBus>(&bus, [](RegisterBus*) {}), profile, "chamber", unit));
    run(rig.clock, role->set(celsius));
    run(rig.clock, role->start());
    rig.pass(2h);
    support::Session session(rig);
    session.to_end();
    const json record = record::fold_record(session.run().journal().events());
    return result_of(record, 0, room_clock).at("verdict").get<std::string>();
  };
  EXPECT_EQ(verdict(55), "void");
  EXPECT_EQ(verdict(23), "pass");
}

TEST(ZeroFlow, TheOperatorIsThereForThePromptsOnly) {
  const json record = record_of(alone(zero_flow, {"lxs15-1", "lxs15-2", "lxs15-3"}));
  for (std::size_t sample = 0; sample < 3; ++sample)
    EXPECT_EQ(result_of(record, sample, zero_flow).at("verdict"), "pass");
  EXPECT_LT(hours_of(record), 0.6) << "the quarters of an hour pass for all at once";
}

TEST(ZeroFlow, NobodyThereLeavesItOpen) {
  Story story = alone(zero_flow, {"lxs15-1"});
  story.faults = {"R15"};
  EXPECT_EQ(result_of(record_of(story), 0, zero_flow).at("verdict"), "inconclusive");
}

TEST(Conversion, OfAGoodMeterStaysWithinAPulse) {
  const json record = record_of(alone(conversion));
  const json& result = result_of(record, 0, conversion);
  EXPECT_EQ(result.at("verdict"), "pass") << reasons_of(result);
  EXPECT_NEAR(values_of(result, "mechanical_change").at(0), 0.02, 0.002) << "twenty pulses";
}

TEST(SupplyVariation, IsDoneAtTheDeclaredEnds) {
  const json result = result_of(record_of(alone(variation)), 0, variation);
  EXPECT_EQ(result.at("verdict"), "pass") << reasons_of(result);
  const std::vector<double> reached = values_of(result, "voltage_reached");
  ASSERT_EQ(reached.size(), 2u);
  EXPECT_NEAR(reached[0], 3.7, 0.01);
  EXPECT_NEAR(reached[1], 2.6, 0.01);
}

TEST(SupplyDips, AreSeenAtTheTerminals) {
  Story story = alone(dips);
  story.defects = {"cjt484-5.3.5-g1@1"};
  const json record = record_of(story);
  EXPECT_EQ(result_of(record, 1, dips).at("verdict"), "not_applicable") << "a battery alone";
  const std::vector<double> lowest = values_of(result_of(record, 0, dips), "lowest_voltage");
  ASSERT_EQ(lowest.size(), 27u);
  EXPECT_NEAR(lowest.front(), 0.7 * 3.6, 0.05);
  EXPECT_NEAR(lowest[9], 0.4 * 3.6, 0.05);
  EXPECT_NEAR(lowest.back(), 0, 0.05);
}

}  // namespace
}  // namespace meterrig::defects
