#include <gtest/gtest.h>

#include <map>

#include <fmt/format.h>

#include "bench/instruments/mt768.hpp"
#include "instruments/vendor_ascii.hpp"
#include "tests/support/calls.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig {
namespace {

// A symmetric load point: 230 V, currents lag their voltages by `lag` degrees.
AcLoadPoint symmetric(double amperes, double lag) {
  AcLoadPoint point;
  for (std::size_t i = 0; i < 3; ++i) {
    const double angle = -120.0 * static_cast<double>(i);
    point.phases[i] = {230, angle, amperes, angle - lag, true, amperes > 0};
  }
  return point;
}

struct Source : testing::Test, support::Calls<Source> {
  VirtualClock clock;
  bench::Mt768 device{clock, "MT-1", 3};
  Profile profile{support::profile_document("zera_mt768")};
  std::shared_ptr<VendorAscii> line = std::make_shared<VendorAscii>(
      clock, std::make_unique<MemoryLink>(clock, "link", device, LineTiming::serial(9600, 8, false, 2)), profile,
      "source1");
  std::unique_ptr<AcSource> source = make_vendor_ac_source(line);
  std::unique_ptr<ReferenceMeter> reference = make_vendor_reference_meter(line);
};

TEST_F(Source, SaysWhoItIs) { EXPECT_EQ(now(line->identify()), "MT768V05.52"); }

TEST_F(Source, GivesTheLoadPointThatItsReferenceSees) {
  now(source->apply(symmetric(5, 60)));
  const AcReading seen = now(reference->read());
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(seen.phases[i].volts, 230, 0.1);
    EXPECT_NEAR(seen.phases[i].amperes, 5, 0.002);
    EXPECT_NEAR(seen.phases[i].power_factor, 0.5, 1e-3);
    EXPECT_NEAR(seen.phases[i].watts, 575, 0.5);
    EXPECT_NEAR(seen.phases[i].vars, 995.9, 1);
  }
  // IEC: a lagging current makes positive reactive power and lies behind its voltage.
  EXPECT_NEAR(seen.phases[0].volts_angle, 0, 0.01);
  EXPECT_NEAR(seen.phases[0].amperes_angle, 300, 0.01);
  EXPECT_NEAR(seen.phases[1].volts_angle, 240, 0.01);
  EXPECT_NEAR(seen.watts, 1725, 1.5);
  EXPECT_EQ(seen.hertz, 50);
}

TEST_F(Source, AnAngleGoesTheOtherWayOnTheWire) {
  bench::Line wire{clock, device};
  const std::string said = "SUPAAR230.000000.00S230.000120.00T230.000240.00\r";
  wire.put(said);
  EXPECT_EQ(wire.answer(), "SOKUP\r");
}

TEST_F(Source, IsSeenOff) {
  now(source->apply(symmetric(10, 0)));
  EXPECT_TRUE(device.live());
  const auto states = now(source->make_safe());
  ASSERT_EQ(states.size(), 1u);
  EXPECT_TRUE(states[0].ok) << states[0].read_back;
  EXPECT_EQ(states[0].read_back, "0.000 V, 0.0000 A");
  EXPECT_FALSE(device.live());
}

TEST_F(Source, RefusesALoadPointBeforeAnythingIsSent) {
  AcLoadPoint point = symmetric(5, 0);
  point.phases[2].volts = 500;
  EXPECT_NE(refused<UserError>(source->apply(point)).find("a voltage of 500 V is outside 20 .. 480 V"),
            std::string::npos);
  point = symmetric(200, 0);
  EXPECT_NE(refused<UserError>(source->apply(point)), "");
  EXPECT_FALSE(device.live());
}

TEST_F(Source, ANakIsAnErrorOfTheInstrument) {
  EXPECT_NE(refused<InstrumentError>(line->ask("error_start")).find("refuses \"AEB0\": AEBNAK"), std::string::npos)
      << "no constant was set";
  EXPECT_EQ(now(line->identify()), "MT768V05.52") << "and it goes on";
}

TEST_F(Source, WhatTheSourceDoesNotUnderstandIsSilence) {
  const std::string said = refused<TimeoutError>(line->ask("frequency", {{"hertz", "99.00"}}));
  EXPECT_NE(said.find("source1 did not answer \"SFR99.00\" within 3 s"), std::string::npos) << said;
  EXPECT_EQ(now(line->identify()), "MT768V05.52");
}

TEST_F(Source, TheErrorOfAMeterIsCalculatedOverItsPulses) {
  device.connect_meter(1000, 0.8);
  now(source->apply(symmetric(10, 0)));
  now(reference->start_error({.meter_constant = 1000, .meter_pulses = 20}));
  EXPECT_EQ(now(reference->error_state()).phase, ReferenceMeter::ErrorState::Phase::running);
  EXPECT_FALSE(now(reference->error_state()).percent);
  now(sleep_for(11s));  // 6.9 kW: 20 pulses take 10.4 s
  const auto state = now(reference->error_state());
  ASSERT_EQ(state.phase, ReferenceMeter::ErrorState::Phase::finished);
  EXPECT_NEAR(state.percent.value(), 0.8, 1e-3);
  now(reference->stop_error());
  EXPECT_EQ(now(reference->error_state()).phase, ReferenceMeter::ErrorState::Phase::idle);
}

TEST_F(Source, LargeConstantsFitTheirSixDigits) {
  device.connect_meter(1'250'000'000, -0.1);
  now(source->apply(symmetric(1, 0)));
  now(reference->start_error({.meter_constant = 1'250'000'000, .meter_pulses = 1'000'000}));
  now(sleep_for(10s));
  EXPECT_NEAR(now(reference->error_state()).percent.value(), -0.1, 1e-3);
}

TEST_F(Source, ACurrentThatCannotFlowShowsInTheReference) {
  device.connect_current_load(1, 4);
  now(source->apply(symmetric(10, 0)));
  const AcReading seen = now(reference->read());
  EXPECT_NEAR(seen.phases[0].amperes, 10, 0.01);
  EXPECT_NEAR(seen.phases[1].amperes, 3, 0.01) << "12 V drive no more through 4 ohm";
}

// Says what it is told to, line by line; remembers what it heard.
struct ScriptedSource final : bench::LinePeer {
  ScriptedSource() : LinePeer('\r') {}
  void take(const std::string& line) override {
    heard.push_back(line);
    for (const std::string& answer : answers[line]) say(answer);
  }
  std::map<std::string, std::vector<std::string>> answers;
  std::vector<std::string> heard;
};

// ZeraGmbH/SourceMock, SerialPortMTMock: the forms that its patterns accept, its acknowledgements, and the measured
// values of its AMEReplyEmulator.
TEST(SourceConversation, IsThatOfTheMakersOwnMock) {
  VirtualClock clock;
  ScriptedSource peer;
  peer.answers = {{"SFR50.00", {"SOKFR"}},
                  {"SUPAAR230.000000.00S230.000120.00T230.000240.00", {"SOKUP"}},
                  {"SIPAAR005.000060.00S005.000180.00T005.000300.00", {"SOKIP"}},
                  {"SUIEEEPPPAAA", {"SOKUI"}},
                  {"SUIAAAAAAAAA", {"SOKUI"}},
                  {"AEP1000;00;20;0", {"AEPACK"}},
                  {"AEB0", {"AEBACK"}},
                  {"AES1", {"03", "1.23", "0.000000;1290.1234", "AESACK"}},
                  {"AEE", {"AEEACK"}}};
  const char* const values[] = {"1.9996199E+01",  "1.9995480E+01", "2.0000074E+01", "9.9997595E-02", "9.9997699E-02",
                                "1.0000440E-01",  "0.0000000E+00", "1.1999798E+02", "2.3999924E+02", "7.7056885E-04",
                                "1.1999476E+02",  "2.3999344E+02", "9.9965084E-01", "9.9996138E-01", "9.9992412E-01",
                                "1.9988739E+00",  "1.9994249E+00", "1.9999436E+00", "2.4177787E-05", "-1.1213896E-04",
                                "-2.0453637E-04", "1.9995722E+00", "1.9995022E+00", "2.0000954E+00", "5.9982424E+00",
                                "-2.9249751E-04", "5.9991698E+00", "123",           "50.01"};
  for (int i = 0; i < 29; ++i) peer.answers["AME"].push_back(fmt::format("{};{}", i, values[i]));
  peer.answers["AME"].push_back("AMEACK");
  const Profile profile{support::profile_document("zera_mt768")};
  auto line = std::make_shared<VendorAscii>(
      clock, std::make_unique<MemoryLink>(clock, "link", peer, LineTiming::serial(9600, 8, false, 2)), profile, "src");
  auto source = make_vendor_ac_source(line);
  auto reference = make_vendor_reference_meter(line);

  run(clock, source->apply(symmetric(5, 60)));
  const std::vector<std::string> order{"SFR50.00", "SUPAAR230.000000.00S230.000120.00T230.000240.00",
                                       "SIPAAR005.000060.00S005.000180.00T005.000300.00", "SUIEEEPPPAAA"};
  EXPECT_EQ(peer.heard, order);
  const AcReading seen = run(clock, reference->read());
  EXPECT_EQ(seen.phases[2].volts, 20.000074);
  EXPECT_EQ(seen.phases[0].amperes, 0.099997595);
  EXPECT_NEAR(seen.phases[1].volts_angle, 360 - 119.99798, 1e-9);
  EXPECT_EQ(seen.phases[2].watts, 1.9999436);
  EXPECT_EQ(seen.phases[1].vars, -1.1213896e-04);
  EXPECT_EQ(seen.watts, 5.9982424);
  EXPECT_EQ(seen.volt_amperes, 5.9991698);
  EXPECT_EQ(seen.hertz, 50.01);
  run(clock, reference->start_error({.meter_constant = 1000, .meter_pulses = 20}));
  EXPECT_EQ(run(clock, reference->error_state()).percent, 1.23);
  run(clock, reference->stop_error());
  // A dead phase would not read 20 V.
  EXPECT_FALSE(run(clock, source->make_safe()).at(0).ok);
}

}  // namespace
}  // namespace meterrig
