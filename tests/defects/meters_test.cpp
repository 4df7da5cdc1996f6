#include <gtest/gtest.h>

#include "tests/defects/whole_run.hpp"

// Rigs whose voltmeter or microammeter is another one than the embedded rig's.
namespace meterrig::defects {
namespace {

using nlohmann::json;

const std::string quiescent = "CJT503-5.3.8/6.10";
const std::string undervoltage = "CJT503-5.3.13/6.15";

// The role of every station is filled by an instrument of that profile.
std::function<void(cli::RunFiles&)> with(const std::string& role, const std::string& profile, const std::string& name) {
  return [=](cli::RunFiles& files) {
    for (std::size_t i = 0; i < files.rig.stations.size(); ++i) {
      const std::string member = name + std::to_string(i + 1);
      plan::RigInstrument instrument = files.rig.instruments.at("dmm" + std::to_string(i + 1));
      instrument.name = member;
      instrument.profile = profile;
      if (profile != "keysight_34465a") instrument.serial = "77000" + std::to_string(i + 1);
      instrument.address.path = member;
      files.rig.instruments[member] = instrument;
      plan::RoleBinding& binding = files.rig.stations[i].roles.at(role);
      binding.instrument = member;
      binding.channel = 0;
    }
  };
}

json run_with(const std::string& role, const std::string& profile, const std::string& clause,
              const std::vector<std::string>& defects = {}, const std::vector<std::string>& faults = {},
              const std::string& name = "dmm") {
  return record_of({.duts = {"wg25-r-1"},
                    .only = {clause},
                    .defects = defects,
                    .faults = faults,
                    .change = with(role, profile, name)});
}

struct Voltmeters : testing::TestWithParam<const char*> {};

TEST_P(Voltmeters, GiveTheSameVerdictOfUndervoltage) {
  const json good = run_with("voltmeter", GetParam(), undervoltage);
  EXPECT_EQ(result_of(good, 0, undervoltage).at("verdict"), "pass") << reasons_of(result_of(good, 0, undervoltage));
  EXPECT_TRUE(ended_safe(good));
  // It closes 0.25 V below the declared minimum voltage.
  const json bad = run_with("voltmeter", GetParam(), undervoltage, {"cjt503-5.3.13-d2@1"});
  EXPECT_EQ(result_of(bad, 0, undervoltage).at("verdict"), "fail") << reasons_of(result_of(bad, 0, undervoltage));
}

TEST_P(Voltmeters, ThatReadTooHighAreFound) {
  const json record = run_with("voltmeter", GetParam(), undervoltage, {}, {"reads-high:dmm"});
  EXPECT_TRUE(shows(result_of(record, 0, undervoltage), "V at the meter's terminals instead of"))
      << reasons_of(result_of(record, 0, undervoltage));
}

TEST_P(Voltmeters, ThatAreStuckAreFound) {
  const json record = run_with("voltmeter", GetParam(), undervoltage, {}, {"stuck-reading:dmm"});
  EXPECT_NE(result_of(record, 0, undervoltage).at("verdict"), "pass");
  EXPECT_NE(result_of(record, 0, undervoltage).at("verdict"), "fail");
  EXPECT_TRUE(shows(result_of(record, 0, undervoltage), "the voltmeter reads"))
      << reasons_of(result_of(record, 0, undervoltage));
}

TEST_P(Voltmeters, ThatOnlyShowAnOverloadAreFound) {
  const json record = run_with("voltmeter", GetParam(), undervoltage, {}, {"overload-reading:dmm"});
  EXPECT_TRUE(shows(result_of(record, 0, undervoltage), "is over its range"))
      << reasons_of(result_of(record, 0, undervoltage));
}

INSTANTIATE_TEST_SUITE_P(Models, Voltmeters,
                         testing::Values("keysight_34465a", "keithley_dmm6500", "rigol_dm3068", "siglent_sdm3065x"),
                         [](const auto& its) { return std::string(its.param); });

TEST(WrongLanguage, IsRefusedWithAdviceBeforeAnythingIsOn) {
  for (const auto& [profile, advice] : {std::pair{"keithley_dmm6500", "set the command language to SCPI"},
                                        {"rigol_dm3068", "choose the RIGOL command set"}}) {
    const json record = run_with("voltmeter", profile, undervoltage, {}, {"wrong-language:dmm"});
    const json& result = result_of(record, 0, undervoltage);
    EXPECT_TRUE(shows(result, advice)) << reasons_of(result);
    EXPECT_NE(result.at("verdict"), "fail");
  }
}

// 100 uA clip at every wake-up; 12 mA for some milliseconds: whatever its mean is, this instrument did not see it.
TEST(Microammeter, AMultimeterThatClipsMakesTheClauseVoidNotTheMeterBad) {
  const json record = run_with("microammeter", "keysight_34465a", quiescent, {}, {}, "ua");
  const json& result = result_of(record, 0, quiescent);
  EXPECT_NE(result.at("verdict"), "pass") << reasons_of(result);
  EXPECT_NE(result.at("verdict"), "fail") << reasons_of(result);
  const bool told = shows(result, "clips") || shows(result, "while K changed over");
  EXPECT_TRUE(told) << reasons_of(result);
  EXPECT_TRUE(ended_safe(record));
}

TEST(Microammeter, AsMuchAsSingleReadingsIsRefusedBeforeAnythingIsOn) {
  for (const char* profile : {"keithley_6485", "rigol_dm3068", "siglent_sdm3065x"}) {
    const json record = run_with("microammeter", profile, quiescent, {}, {}, "ua");
    const json& result = result_of(record, 0, quiescent);
    EXPECT_TRUE(shows(result, "gives single readings as microammeter")) << reasons_of(result);
    EXPECT_EQ(record.dump().find("supply_voltage"), std::string::npos) << "the station was powered";
  }
}

TEST(Voltmeter, ThatCannotWatchIsRefusedBeforeAnythingIsOn) {
  const json record = run_with("voltmeter", "rigol_dm3068", quiescent);
  EXPECT_TRUE(shows(result_of(record, 0, quiescent), "cannot watch a voltage"))
      << reasons_of(result_of(record, 0, quiescent));
  EXPECT_EQ(record.dump().find("supply_voltage"), std::string::npos) << "the station was powered";
}

TEST(Voltmeter, OfAnotherMakerWatchesTheChangeOver) {
  const json record = run_with("voltmeter", "keithley_dmm6500", quiescent);
  EXPECT_EQ(result_of(record, 0, quiescent).at("verdict"), "pass") << reasons_of(result_of(record, 0, quiescent));
  const json gap = run_with("voltmeter", "keithley_dmm6500", quiescent, {}, {"R1"});
  EXPECT_TRUE(shows(result_of(gap, 0, quiescent), "while K changed over")) << reasons_of(result_of(gap, 0, quiescent));
}

}  // namespace
}  // namespace meterrig::defects
