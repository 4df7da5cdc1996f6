#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "core/errors.hpp"
#include "core/json/node.hpp"
#include "rig/record/record_fold.hpp"
#include "tests/defects/whole_run.hpp"

// What a standard demands of instruments, and their calibration data, in whole runs.
namespace meterrig::defects {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const std::string quiescent = "CJT503-5.3.8/6.10";
const std::string remote = "CJT503-5.3.17/6.19";
const std::string whole_meter = "CJT503-5.3.7/6.9";

json profile(const std::string& id) {
  return json::parse(std::ifstream(METERRIG_SOURCE_DIR "/config/instruments/" + id + ".json"), nullptr, true, true);
}

// A profile of the test's own, by its file.
std::string kept(json document, const std::string& id) {
  const fs::path folder = fs::path(::testing::TempDir()) / "demands";
  fs::create_directories(folder);
  document["id"] = id;
  const fs::path file = folder / (id + ".json");
  std::ofstream(file) << document.dump();
  return file.string();
}

// Three channels of which none gives 9 V at 3 A: 6 V and 5 A, 25 V and 1 A twice (as the Keysight E36312A has them).
std::string supply_without_nine_volts_at_three_amperes() {
  json document = profile("rigol_dp832");
  json& channels = document["roles"]["power_supply"]["channels"];
  for (std::size_t i = 0; i < 3; ++i) {
    channels[i]["voltage_v"]["max"] = i == 0 ? 6 : 25;
    channels[i]["current_a"]["max"] = i == 0 ? 5 : 1;
  }
  for (const char* const function : {"set_current", "measure_current"}) document["accuracy"][function][0]["up_to"] = 5;
  return kept(document, "supply_of_three_channels");
}

// A microammeter of 100 uA: half of the error `half_width` whatever it reads.
std::string microammeter(const std::string& id, double of_reading, double half_width_a, double resolution_a) {
  json document = profile("keysight_n6705c");
  document["accuracy"]["current"] = {{{"up_to", 100e-6},
                                      {"of_reading", of_reading},
                                      {"of_range", 0},
                                      {"offset", half_width_a},
                                      {"resolution", resolution_a}}};
  return kept(document, id);
}

cli::RunFiles files_of(std::vector<std::string> only) {
  cli::RunOptions words;
  words.plan = "cjt503-auto";
  words.rig = "embedded";
  words.duts = {"wg25-r-1", "wg25-r-2"};
  words.only = std::move(only);
  return support::files_of(words);
}

std::string refusal(cli::RunFiles files) {
  support::VirtualRig rig(files);
  rig::Observer nobody;
  try {
    rig::Run(rig.setup(), nobody).check();
  } catch (const UserError& wrong) {
    return wrong.what();
  }
  return "";
}

json overridden(cli::RunFiles files, const std::string& by) {
  support::VirtualRig rig(files);
  rig.override_by = by;
  support::Session session(rig);
  session.run().check();
  session.to_end();
  return record::fold_record(session.run().journal().events());
}

std::string verdict(const json& record, const std::string& clause, std::size_t sample = 0) {
  return result_of(record, sample, clause).at("verdict");
}

const json& measured(const json& record, const std::string& clause, const std::string& name) {
  for (const json& m : result_of(record, 0, clause).at("measurements"))
    if (m.at("name") == name) return m;
  throw std::out_of_range("no " + name);
}

TEST(Demands, TheEmbeddedRigMeetsThem) { EXPECT_EQ(refusal(files_of({})), ""); }

class EachChannel : public ::testing::TestWithParam<int> {};
TEST_P(EachChannel, OfASupplyThatMissesNineVoltsAtThreeAmperes) {
  cli::RunFiles files = files_of({quiescent});
  files.rig.instruments["psu1"].profile = supply_without_nine_volts_at_three_amperes();
  files.rig.stations[0].roles["power_supply"].channel = GetParam();
  const std::string said = refusal(std::move(files));
  const std::string has = GetParam() == 1 ? "goes up to 6 V only; CJ/T 503-2016 demands 0 to 9 V, class 1"
                                          : "goes up to 1 A only; CJ/T 503-2016 demands 0 to 3 A, class 1";
  EXPECT_NE(said.find("embedded.json"), std::string::npos) << said;
  EXPECT_NE(said.find("station 1: psu1 (supply_of_three_channels) as power_supply " + has), std::string::npos) << said;
  EXPECT_EQ(said.find("psu2"), std::string::npos) << said;
}
INSTANTIATE_TEST_SUITE_P(Supply, EachChannel, ::testing::Values(1, 2, 3));

// Class 1: 1 % of the upper limit, 1 uA of 100 uA.
TEST(Demands, ClassIsTheFiducialError) {
  const auto with = [](double of_reading, double half_width_a) {
    cli::RunFiles files = files_of({quiescent});
    files.rig.instruments["analyser1"].profile = microammeter("some_microammeter", of_reading, half_width_a, 0);
    return refusal(std::move(files));
  };
  EXPECT_EQ(with(0, 1e-6).find("microammeter"), std::string::npos);
  EXPECT_NE(with(0, 1.1e-6).find("as microammeter may be wrong by 1.1e-06 A, of 1e-06 A allowed"), std::string::npos)
      << with(0, 1.1e-6);
  EXPECT_EQ(with(0.005, 0.5e-6).find("microammeter"), std::string::npos);
  EXPECT_NE(with(0.006, 0.5e-6).find("as microammeter may be wrong"), std::string::npos);
}

TEST(Demands, OnlyOfRolesThatTheChosenClausesUse) {
  cli::RunFiles files = files_of({remote});
  files.rig.instruments["gauge1"].calibration.reset();
  EXPECT_EQ(refusal(std::move(files)), "");
  cli::RunFiles with_gauge = files_of({whole_meter});
  with_gauge.rig.instruments["gauge1"].calibration.reset();
  EXPECT_NE(refusal(std::move(with_gauge)).find("gauge1 (pressure_transmitter) as gauge has no calibration data"),
            std::string::npos);
}

// (semantics: calibration and class)
TEST(Demands, SetAsideOnlyWhatUsesTheInstrumentIsRecorded) {
  cli::RunFiles files = files_of({quiescent, remote});
  files.rig.instruments["analyser1"].profile = microammeter("coarse_microammeter", 0, 2e-6, 0);
  for (plan::PlannedClause& planned : files.plan.clauses) planned.clause.after.clear();
  const json record = overridden(std::move(files), "Li Wei:the better one is being repaired");
  EXPECT_EQ(verdict(record, quiescent, 0), "recorded");
  EXPECT_EQ(verdict(record, quiescent, 1), "pass") << "another station has another instrument";
  EXPECT_EQ(record.at("override"), "Li Wei:the better one is being repaired");
  EXPECT_FALSE(record.at("shortfalls").empty());
  const std::string deviations = result_of(record, 0, quiescent).at("deviations").dump();
  EXPECT_NE(deviations.find("set aside by Li Wei:the better one is being repaired: recorded at best"),
            std::string::npos)
      << deviations;
}

TEST(Demands, AClauseThatDoesNotUseTheInstrumentKeepsItsVerdict) {
  cli::RunFiles files = files_of({quiescent, whole_meter});
  files.rig.instruments["gauge1"].calibration->due = "2026-11-20";
  const json record = overridden(std::move(files), "Li Wei:checked against gauge2");
  EXPECT_EQ(verdict(record, quiescent), "pass");
  EXPECT_EQ(verdict(record, whole_meter), "recorded");
}

TEST(Demands, AFailStaysAFail) {
  cli::RunFiles files = files_of({quiescent});
  files.rig.instruments["analyser1"].calibration->due = "2026-11-20";
  support::VirtualRig rig(files, 1, {}, {"cjt503-5.3.8-d3@1"});
  rig.override_by = "Li Wei:checked";
  support::Session session(rig);
  session.to_end();
  EXPECT_EQ(verdict(record::fold_record(session.run().journal().events()), quiescent), "fail");
}

TEST(Calibrations, OverToComeOrMissing) {
  const auto with = [](auto change) {
    cli::RunFiles files = files_of({quiescent});
    change(files.rig.instruments["dmm1"].calibration);
    return refusal(std::move(files));
  };
  const auto due = [](const char* day) { return [day](auto& calibration) { calibration->due = day; }; };
  EXPECT_NE(with(due("2026-11-20")).find("certificate VIRTUAL-DMM1-001) that ended on 2026-11-20"), std::string::npos);
  EXPECT_EQ(with(due("2026-11-21")), "") << "its last day";
  const std::string to_come = with([](auto& calibration) { calibration->date = "2026-11-22"; });
  EXPECT_NE(to_come.find("of 2026-11-22, which is still to come"), std::string::npos) << to_come;
  const std::string missing = with([](auto& calibration) { calibration.reset(); });
  EXPECT_NE(missing.find("dmm1 (keysight_34465a) as voltmeter has no calibration data"), std::string::npos) << missing;
}

// It begins five minutes before midnight at the rig's place.
TEST(Calibrations, RunningOutDuringTheRunVoidsWhatComesAfter) {
  cli::RunFiles files = files_of({quiescent, whole_meter});
  std::reverse(files.plan.clauses.begin(), files.plan.clauses.end());
  files.rig.utc_offset = "-00:05";
  files.rig.instruments["analyser1"].calibration->due = "2026-11-20";
  support::VirtualRig rig(files);
  support::Session session(rig);
  session.run().check();
  session.to_end();
  const json record = record::fold_record(session.run().journal().events());
  EXPECT_EQ(verdict(record, whole_meter, 0), "pass") << "it began on the last day";
  ASSERT_EQ(verdict(record, quiescent, 0), "void");
  EXPECT_NE(
      result_of(record, 0, quiescent).at("cause").at("text").get<std::string>().find("ended on 2026-11-20, during"),
      std::string::npos);
  EXPECT_EQ(verdict(record, quiescent, 1), "pass");
}

// A class 1 microammeter of 100 uA in a whole run: U = 1.16 uA.
TEST(Uncertainty, OfAClassOneMicroammeter) {
  const json record = record_of({.only = {quiescent}, .change = [](cli::RunFiles& files) {
                                   files.rig.instruments["analyser1"].profile =
                                       microammeter("class_one_microammeter", 0, 1e-6, 0.1e-6);
                                 }});
  const json& m = measured(record, quiescent, "quiescent_current");
  EXPECT_NEAR(m.at("expanded_uncertainty").get<double>(), 1.16, 0.005) << m.dump(1);
  EXPECT_EQ(m.at("coverage_factor"), 2);
  EXPECT_EQ(m.at("dominant_term"), "accuracy");
  const json& budget = m.at("budget");
  ASSERT_EQ(budget.size(), 3U) << budget.dump(1);
  EXPECT_EQ(budget[0].at("term"), "accuracy");
  EXPECT_NEAR(budget[0].at("half_width").get<double>(), 1.0, 1e-9);
  EXPECT_NEAR(budget[0].at("standard_uncertainty").get<double>(), 0.577, 0.0005);
  EXPECT_NEAR(budget[1].at("standard_uncertainty").get<double>(), 0.029, 0.0005);
  EXPECT_EQ(budget[2].at("term"), "repeatability");
  EXPECT_GT(budget[2].at("standard_deviation").get<double>(), 0);
}

// 49.2 uA with 0.05 % of the reading and 0.025 % of 100 uA: 0.07 uA, and the same risk as the published one.
TEST(Uncertainty, OfASixDigitMeterCloseToTheLimit) {
  const json record = record_of({.duts = {"wg25-r-1", "wg25-r-2"},
                                 .only = {quiescent},
                                 .defects = {"cjt503-5.3.8-g1@1"},
                                 .change = [](cli::RunFiles& files) {
                                   files.rig.instruments["analyser1"].profile =
                                       microammeter("six_digit_microammeter", 0.0005, 0.025e-6, 0);
                                 }});
  const json& m = measured(record, quiescent, "quiescent_current");
  EXPECT_NEAR(m.at("value").get<double>(), 49.2, 0.1);
  // Each sample has the error of its own value: of the mean it is the same.
  EXPECT_NEAR(m.at("budget")[0].at("half_width").get<double>(), 0.0496, 0.0002);
  EXPECT_NEAR(m.at("expanded_uncertainty").get<double>(), 0.07, 0.02) << m.dump(1);
  EXPECT_LT(m.at("risk").at("false_accept").get<double>(), 1e-9);
}

TEST(Uncertainty, WithinTheUncertaintyOfTheLimit) {
  const json record =
      record_of({.only = {quiescent}, .defects = {"cjt503-5.3.8-g2@1"}, .change = [](cli::RunFiles& files) {
                   files.rig.instruments["analyser1"].profile = microammeter("class_one_microammeter", 0, 1e-6, 0.1e-6);
                 }});
  const json& m = measured(record, quiescent, "quiescent_current");
  EXPECT_EQ(m.at("verdict"), "pass");
  EXPECT_EQ(m.at("remark").at("en"), "result within the measurement uncertainty of the limit");
  EXPECT_NEAR(m.at("risk").at("false_accept").get<double>(), 0.5, 0.001) << "exactly at the limit";
}

// Every measured quantity of the plan has a budget, and the budget makes its uncertainty.
TEST(Uncertainty, OfEveryMeasuredQuantity) {
  const json record = record_of({.duts = {"wg25-r-1", "wg25-r-direct-2"}});
  int judged = 0;
  for (const json& dut : record.at("duts"))
    for (const json& result : dut.at("results"))
      for (const json& m : result.at("measurements")) {
        const std::string where = result.at("id").get<std::string>() + " " + m.at("name").get<std::string>();
        if (m.at("kind") != "measured" || m.contains("one_sided")) {
          EXPECT_FALSE(m.contains("budget")) << where;
          continue;
        }
        if (m.at("limit").is_null()) continue;
        ++judged;
        ASSERT_TRUE(m.contains("budget")) << where;
        double squares = 0;
        for (const json& term : m.at("budget")) {
          const double u = term.at("standard_uncertainty");
          squares += u * u;
        }
        EXPECT_NEAR(2 * std::sqrt(squares), m.at("expanded_uncertainty").get<double>(), 1e-12) << where;
        EXPECT_EQ(m.contains("risk"), m.at("name") != "pressure_drop") << where;
      }
  EXPECT_GT(judged, 20);
}

// Sizes of the uncertainties by clause, as docs/uncertainty.md has them for the embedded bench.
TEST(Uncertainty, SizesOnTheEmbeddedBench) {
  const json record = record_of({});
  const auto u = [&](const char* clause, const char* name) {
    return measured(record, clause, name).at("expanded_uncertainty").get<double>();
  };
  EXPECT_NEAR(u("CJT503-5.3.5/6.7", "leakage"), 0.004, 0.002);
  EXPECT_NEAR(u("CJT503-5.3.7/6.9", "pressure_drop"), 4.7, 0.5);
  EXPECT_NEAR(u("CJT503-5.3.12/6.14", "closing_time"), 0.1, 0.06);
  EXPECT_GT(u("CJT503-5.3.18/6.20", "closing_time"), 0.5) << "two ranges of the sensor between two looks";
  EXPECT_NEAR(u("CJT503-5.3.10a/6.12a", "conversion_error"), 2 * std::sqrt(2.0) * 1 / std::sqrt(3.0) / 10, 0.1);
}

// (semantics: rig defaults)
TEST(Readings, AnotherDefinitionOfTheMaximumLeavesItOpen) {
  const std::string maximum = "CJT503-5.3.9/6.11";
  // 1.4 A for 40 us in a mean of 100 us, beside a mean of 1 ms.
  Story story{.only = {maximum}, .defects = {"cjt503-5.3.9-g2@1"}};
  EXPECT_EQ(verdict(record_of(story), maximum), "pass") << "the job agrees to the rig's reading";
  story.change = [](cli::RunFiles& files) { files.plan.job.agreements.clear(); };
  const json record = record_of(story);
  const json& m = measured(record, maximum, "valve_current");
  EXPECT_EQ(m.at("verdict"), "inconclusive");
  EXPECT_EQ(m.at("decision"), "pass");
  EXPECT_EQ(m.at("verdict_if_agreed"), "pass");
  const json& other = m.at("other_readings").at(0);
  EXPECT_EQ(other.at("verdict"), "fail");
  EXPECT_GT(other.at("value").get<double>(), 400);
}

// How long a meter may take to see the undervoltage: the maker says it, else the rig has to choose.
TEST(Readings, AFailureOnADefaultParameterIsOpenUntilAgreed) {
  const std::string protection = "CJT503-5.3.13/6.15";
  const auto warning = [&](bool declared, std::vector<std::string> accepts) {
    const json record = record_of({.only = {protection}, .defects = {"cjt503-5.3.13-x2@1"}, .change = [&](auto& files) {
                                     if (!declared) files.duts[0].detection_latency_s.reset();
                                     files.plan.job.agreements = {{"review", "client", "2026-11-21", accepts}};
                                   }});
    return measured(record, protection, "warning_at_undervoltage");
  };
  EXPECT_EQ(warning(true, {}).at("verdict"), "fail") << "the maker's own latency";
  const json open = warning(false, {});
  EXPECT_EQ(open.at("verdict"), "inconclusive");
  EXPECT_EQ(open.at("verdict_if_agreed"), "fail");
  EXPECT_EQ(open.at("rests_on"), json::array({"latency_s"}));
  for (const char* word :
       {"CJT503-5.3.13/6.15:latency_s", "CJT503-5.3.13/6.15:warning_at_undervoltage", "5.3.13", "all"})
    EXPECT_EQ(warning(false, {word}).at("verdict"), "fail") << word;
  EXPECT_EQ(warning(false, {"CJT503-5.3.13/6.15:ramp_v_per_s"}).at("verdict"), "inconclusive");
}

const char* const certificates = METERRIG_SOURCE_DIR "/tests/data/dcc/";

// A certificate in the place of the rig file's own data.
void certified(cli::RunFiles& files, const char* instrument, const char* certificate,
               std::map<std::string, double> drifts = {}) {
  plan::CalibrationData data;
  data.due = "2027-01-04";
  data.dcc = std::string(certificates) + certificate;
  data.drifts = std::move(drifts);
  files.rig.instruments[instrument].calibration = data;
}

TEST(Certificates, CorrectWhatTheInstrumentReads) {
  const json plain = record_of({.only = {quiescent}});
  const json corrected = record_of({.only = {quiescent}, .change = [](cli::RunFiles& files) {
                                      certified(files, "analyser1", "analyser_lists.xml", {{"current", 0.05e-6}});
                                    }});
  const json& before = measured(plain, quiescent, "quiescent_current");
  const json& after = measured(corrected, quiescent, "quiescent_current");
  EXPECT_FALSE(before.contains("correction"));
  // The instrument reads 0.1 to 0.6 uA too much, where it was calibrated: in the sleep, not in the wake-ups.
  const double correction = after.at("correction");
  EXPECT_LT(correction, -0.09);
  EXPECT_GT(correction, -0.3);
  EXPECT_NEAR(after.at("value").get<double>(), before.at("value").get<double>() + correction, 1e-9);
  EXPECT_NEAR(after.at("indication").get<double>(), before.at("value").get<double>(), 1e-9);
  std::set<std::string> terms;
  for (const json& term : after.at("budget")) terms.insert(term.at("term"));
  EXPECT_TRUE(terms.contains("calibration") && terms.contains("drift")) << after.dump(1);
  for (const json& instrument : corrected.at("instruments")) {
    if (instrument.at("name") != "analyser1") continue;
    const json& calibration = instrument.at("calibration");
    EXPECT_EQ(calibration.at("certificate"), "SAMPLE-ANALYSER-1");
    EXPECT_EQ(calibration.at("date"), "2026-01-05");
    EXPECT_EQ(calibration.at("signature"), "not verified");
    EXPECT_EQ(calibration.at("functions").at("current").at("points"), 4);
  }
}

TEST(Certificates, OfAVoltmeterValueByValue) {
  const json record = record_of(
      {.only = {quiescent}, .change = [](cli::RunFiles& files) { certified(files, "dmm1", "dmm_singles.xml"); }});
  const json& volts = measured(record, quiescent, "supply_voltage");
  EXPECT_LT(volts.at("correction").get<double>(), -0.0005) << volts.dump(1);
  EXPECT_EQ(verdict(record, quiescent), "pass");
}

TEST(Certificates, OfAnotherInstrumentAreRefused) {
  const auto with = [](const char* instrument, const char* certificate, const char* serial) {
    cli::RunFiles files = files_of({quiescent});
    certified(files, instrument, certificate);
    files.rig.instruments[instrument].serial = serial;
    return refusal(std::move(files));
  };
  EXPECT_EQ(with("analyser1", "analyser_lists.xml", "MY53000001"), "");
  EXPECT_NE(with("analyser1", "analyser_lists.xml", "MY53000002").find("of serial number MY53000001"),
            std::string::npos);
  EXPECT_NE(with("analyser1", "analyser_lists.xml", "").find("no serial number"), std::string::npos);
  EXPECT_NE(with("dmm1", "analyser_lists.xml", "MY53000001").find("is of model \"N6705C\""), std::string::npos);
  EXPECT_NE(with("psu1", "dmm_singles.xml", "MY54500001").find("is of manufacturer"), std::string::npos);
  EXPECT_NE(with("dmm1", "nothing.xml", "MY54500001").find("can't be read"), std::string::npos);
}

TEST(Certificates, ADriftOfWhatTheyDoNotHaveIsRefused) {
  cli::RunFiles files = files_of({quiescent});
  certified(files, "analyser1", "analyser_lists.xml", {{"voltage", 1e-3}});
  EXPECT_NE(refusal(std::move(files)).find("of which the certificate says nothing"), std::string::npos);
}

// Corrections in the rig file itself.
TEST(Certificates, TablesOfTheRigFileCorrectAsWell) {
  const json record = record_of({.only = {quiescent}, .change = [](cli::RunFiles& files) {
                                   plan::CalibrationTable table;
                                   table.function = "current";
                                   table.points = {{0, 0.2e-6, 0.01e-6}, {100e-6, 0.2e-6, 0.01e-6}};
                                   files.rig.instruments["analyser1"].calibration->tables = {table};
                                 }});
  const json& m = measured(record, quiescent, "quiescent_current");
  // All but the wake-ups, which lie outside of what was calibrated.
  EXPECT_NEAR(m.at("correction").get<double>(), 0.2, 0.002);
  EXPECT_EQ(m.at("budget")[0].at("term"), "accuracy") << "no drift is given: the specification stays";
}

TEST(Certificates, AFunctionThatTheProfileDoesNotHaveIsRefused) {
  cli::RunFiles files = files_of({quiescent});
  plan::CalibrationTable table;
  table.function = "curent";
  table.points = {{0, 0, 0}, {1, 0, 0}};
  files.rig.instruments["analyser1"].calibration->tables = {table};
  EXPECT_NE(refusal(std::move(files)).find("did you mean \"current\""), std::string::npos);
}

}  // namespace
}  // namespace meterrig::defects
