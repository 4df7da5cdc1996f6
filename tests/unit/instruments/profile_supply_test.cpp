#include <gtest/gtest.h>

#include <regex>

#include "bench/instruments/profile_supply.hpp"
#include "core/json/node.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig::bench {
namespace {

struct Supply {
  explicit Supply(const std::string& name, int wired = 1)
      : profile(json::to_json(json::parse_file(profiles_folder() + "/" + name + ".json"))),
        supply(clock, path, profile, "SN1", wired, 1),
        line(clock, supply) {}

  // The code at the head of the error queue.
  std::string error_after(const std::string& text) {
    line.ask(text);
    const std::string error = line.ask("SYST:ERR?");
    return error.substr(0, error.find(','));
  }

  VirtualClock clock;
  ScriptedPath path;
  Profile profile;
  ProfileSupply supply;
  Line line;
};

TEST(ProfileSupply, IsWhoTheProfileRecognises) {
  for (const char* name : {"keysight_e36312a", "itech_it6302", "siglent_spd3303x", "rs_hmp4040", "rigol_dp832"}) {
    Supply own(name);
    const std::regex identity(own.profile.document().at("identity").get<std::string>());
    EXPECT_TRUE(std::regex_search(own.line.ask("*IDN?"), identity)) << name;
  }
}

TEST(ProfileSupply, KnowsItsProfileAndNothingElse) {
  Supply own("keysight_e36312a");
  EXPECT_EQ(own.error_after("VOLT 3.6,(@1)"), "0");
  EXPECT_EQ(own.error_after("volt  3.6, (@1)"), "0");
  EXPECT_EQ(own.error_after("VOLT 6.1,(@1)"), "-222");
  EXPECT_EQ(own.error_after("VOLT 3.6,(@4)"), "-222");
  EXPECT_EQ(own.error_after("VOLT x,(@1)"), "-104");
  EXPECT_EQ(own.error_after("VOLTS 3.6,(@1)"), "-113");
  EXPECT_EQ(own.error_after("INST:NSEL 1"), "-113");
  EXPECT_EQ(own.line.ask("VOLT? (@1);*OPC?;:CURR? (@2)"), "3.600;1;1.000");
  EXPECT_EQ(own.line.ask("SYST:REM?"), "<none>") << "what it does not know is not answered";
  for (int i = 0; i < 30; ++i) own.line.ask("NO");
  std::string last;
  for (int i = 0; i < 20; ++i) last = own.line.ask("SYST:ERR?");
  EXPECT_EQ(last.substr(0, 4), "-350");
}

TEST(ProfileSupply, FeedsTheStationAndShowsItsMode) {
  Supply own("keysight_e36312a", 2);
  own.line.ask("CURR 0.5,(@2);:VOLT 12.5,(@2);:OUTP ON,(@1)");
  EXPECT_FALSE(own.path.output) << "channel 1 has nothing connected";
  own.line.ask("OUTP ON,(@2)");
  EXPECT_TRUE(own.path.output && own.supply.output_on(2));
  EXPECT_DOUBLE_EQ(own.path.volts, 12.5);
  EXPECT_DOUBLE_EQ(own.path.amperes_limit, 0.5);
  EXPECT_NEAR(std::stod(own.line.ask("MEAS:VOLT? (@2)")), 12.5, 0.002);
  EXPECT_EQ(own.line.ask("STAT:QUES:INST:ISUM2:COND?"), "2");
  own.path.limiting = true;
  EXPECT_EQ(own.line.ask("STAT:QUES:INST:ISUM2:COND?"), "1");
  own.line.ask("*RST");
  EXPECT_FALSE(own.path.output);
}

TEST(ProfileSupply, TripsItsProtection) {
  Supply own("itech_it6302");
  own.line.ask("INST:NSEL 1;:VOLT 4;:VOLT:PROT 5;:CHAN:OUTP 1");
  EXPECT_EQ(own.line.ask("CHAN:OUTP?;:VOLT:PROT:STAT?"), "1;0");
  own.line.ask("VOLT 6");
  EXPECT_TRUE(own.path.output) << "its switch is off";
  own.line.ask("VOLT 4;:VOLT:PROT:STAT 1");
  own.line.ask("VOLT 6");
  EXPECT_FALSE(own.path.output);
  EXPECT_EQ(own.error_after("CHAN:OUTP 1"), "-221");
  own.line.ask("*RST;:VOLT 6;:CHAN:OUTP 1");
  EXPECT_TRUE(own.path.output);
}

TEST(ProfileSupply, PutsAllChannelsIntoOneStatusWord) {
  Supply own("siglent_spd3303x", 2);
  EXPECT_EQ(own.line.ask("SYST:STAT?"), "0x0");
  own.line.ask("OUTP CH1,ON");
  own.line.ask("OUTP CH2,ON");
  own.path.limiting = true;
  EXPECT_EQ(own.line.ask("SYST:STAT?"), "0x32");
}

TEST(ProfileSupply, TakesACommandOfSeveralUnits) {
  Supply own("rs_hmp4040", 4);
  EXPECT_EQ(own.error_after("SYST:REM;:INST:NSEL 4;:OUTP:SEL ON;:OUTP:GEN ON"), "0");
  EXPECT_TRUE(own.path.output);
  EXPECT_EQ(own.line.ask("INST:NSEL 4;:OUTP:SEL?;:OUTP:GEN?"), "1;1");
  EXPECT_EQ(own.line.ask("INST:NSEL 1;:OUTP:SEL?;:OUTP:GEN?"), "0;1");
  EXPECT_EQ(own.error_after("INST:NSEL 5"), "-222");
}

}  // namespace
}  // namespace meterrig::bench
