#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <sstream>

#include "bench/instruments/dmm34465a.hpp"
#include "bench/instruments/n6705c.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig::bench {
namespace {

std::vector<double> numbers(const std::string& text) {
  std::vector<double> values;
  std::istringstream in(text);
  for (std::string field; std::getline(in, field, ',');) values.push_back(std::stod(field));
  return values;
}

struct Multimeter : testing::Test {
  VirtualClock clock;
  ScriptedPath path;
  Dmm34465a dmm{clock, path, "MY54500001", 1};
  Line line{clock, dmm};
  Multimeter() { path.voltage.set_constant(clock.now(), 6.0); }
};

// As sigrok-cli 0.7.2 was heard: *OPC? before everything, and the MEAS that a real one rejects.
TEST_F(Multimeter, SpeaksTheGoldenDialogue) {
  EXPECT_EQ(line.ask("*OPC?"), "1");
  EXPECT_EQ(line.ask("*IDN?"), "Keysight Technologies,34465A,MY54500001,A.03.00-02.40-03.00-00.52-03-01");
  line.ask("CONF:CURR:DC");
  EXPECT_EQ(line.ask("CONF?"), "\"CURR +1.00000000E-03,+1.00000000E-09\"");
  EXPECT_EQ(line.ask("MEAS"), "<none>");
  EXPECT_EQ(line.ask("SYST:ERR?"), "-113,\"Undefined header\"");
  EXPECT_EQ(line.ask("SYST:ERR?"), "+0,\"No error\"");
  EXPECT_EQ(line.wait_for("READ?", 10s), "+0.00000000E+00");
  EXPECT_EQ(line.ask("ABORT"), "<none>");
}

TEST_F(Multimeter, ReadsTheMeanOverItsAperture) {
  line.ask("CONF:VOLT:DC 10;:VOLT:DC:NPLC 1");
  EXPECT_EQ(line.ask("READ?"), "<none>") << "it takes its time";
  const Instant asked = clock.now();
  EXPECT_NEAR(std::stod(line.wait_for("", 1s)), 6.0, 1e-4);
  EXPECT_EQ(clock.now() - asked, Duration{20ms});
  EXPECT_EQ(line.ask("VOLT:DC:RANG 1;:SYST:ERR?"), "+0,\"No error\"");
  EXPECT_EQ(line.wait_for("READ?", 1s), "+9.90000000E+37");
  EXPECT_EQ(line.ask("VOLT:DC:NPLC 11;:VOLT:DC:NPLC?"), "+1.00000000E+02") << "the next that it has";
  EXPECT_EQ(line.ask("VOLT:DC:NPLC 101;:SYST:ERR?").substr(0, 4), "-222");
  line.ask("CONF:VOLT:DC");
  path.voltage.set_ramp(clock.now(), 5.0, 1.0);
  EXPECT_NEAR(std::stod(line.wait_for("READ?", 1s)), 5.1, 1e-4) << "10 NPLC, centred";
}

TEST_F(Multimeter, SeesADipOnlyWhenItSamplesFastEnough) {
  for (const auto& [interval, seen] : {std::pair{"1e-3", true}, {"1", false}}) {
    const Instant start = clock.now();
    line.ask("*CLS;:CONF:VOLT:DC 10;:VOLT:DC:APER 200e-6;:SAMP:SOUR TIM;:SAMP:COUN 100000;:CALC:AVER:STAT ON");
    line.ask(std::string("SAMP:TIM ") + interval + ";:INIT");
    path.voltage.set_constant(start, 6.0);
    path.voltage.set_constant(start + 2500ms, 3.0);
    path.voltage.set_constant(start + 2505ms, 6.0);
    pass(clock, 5s);
    const auto all = numbers(line.ask("CALC:AVER:ALL?"));
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[2] < 3.01, seen) << interval;
    EXPECT_NEAR(all[3], 6.0, 1e-3);
    EXPECT_NEAR(all[0], 6.0, 0.01);
    EXPECT_NEAR(std::stod(line.ask("CALC:AVER:COUN?")), seen ? 5000 : 5, 1);
    EXPECT_EQ(line.ask("SYST:ERR?"), "+0,\"No error\"");
    line.ask("ABOR");
  }
}

TEST_F(Multimeter, StreamsAndStores) {
  line.ask("CONF:VOLT:DC 10;:VOLT:DC:NPLC 0.02;:SAMP:SOUR TIM;:SAMP:TIM 1e-3;:SAMP:COUN 10;:INIT");
  EXPECT_EQ(line.ask("INIT;:SYST:ERR?").substr(0, 4), "-213");
  pass(clock, 4500us);
  EXPECT_EQ(line.ask("DATA:POIN?"), "+5");
  const std::string block = line.ask("R? 2");
  EXPECT_EQ(block.substr(0, 4), "#231");
  EXPECT_EQ(line.ask("DATA:POIN?"), "+3");
  EXPECT_EQ(line.ask("DATA:LAST?").substr(15), " VDC");
  EXPECT_EQ(numbers(line.wait_for("FETC?", 1s)).size(), 8u) << "waits for the end";
  EXPECT_EQ(numbers(line.ask("FETC?")).size(), 8u) << "and does not remove";
  line.ask("FORM:DATA REAL,64;:FORM:BORD SWAP");
  const std::string binary = line.ask("FETC?");
  ASSERT_EQ(binary.substr(0, 4), "#264");
  double first = 0;
  std::memcpy(&first, binary.data() + 4, 8);
  EXPECT_NEAR(first, 6.0, 1e-4);
  line.ask("FORM ASC;:SAMP:COUN 3;:TRIG:SOUR BUS;:INIT");
  EXPECT_EQ(line.ask("*TRG;:SYST:ERR?"), "+0,\"No error\"");
  EXPECT_EQ(numbers(line.wait_for("FETC?", 1s)).size(), 3u);
  EXPECT_EQ(line.ask("VOLT:DC:NPLC 1;:TRIG:SOUR IMM;:INIT;:SYST:ERR?").substr(0, 4), "-221")
      << "the timer is shorter than the aperture";
  EXPECT_EQ(line.ask("R?").substr(0, 4), "#247");
  EXPECT_EQ(line.ask("R?"), "#10") << "nothing left";
}

struct Analyser : testing::Test {
  VirtualClock clock;
  ScriptedPath path;
  N6705c analyser{clock, "MY53000001", 1};
  Line line{clock, analyser};
  Analyser() {
    analyser.probe(1).connect(clock.now(), &path, Path::k1_microammeter);
    analyser.probe(2).connect(clock.now(), &path, Path::k2_ammeter);
    path.k1.set(clock.now(), 0);
  }
  // 18 uA asleep, 6 ms of 12 mA every 5 s: 32.3784 uA in the mean.
  void sleep_and_wake(int periods) {
    for (int i = 0; i < periods; ++i) {
      path.k1.set(Instant{} + i * Duration{5s}, 12'000'000);
      path.k1.set(Instant{} + i * Duration{5s} + 6ms, 18'000);
    }
  }
  std::string acquire(const char* settings) {
    line.ask(std::string("SENS:FUNC:CURR ON,(@1);:SENS:CURR:RANG:AUTO ON,(@1);:TRIG:ACQ:SOUR BUS,(@1);:") + settings);
    EXPECT_EQ(line.ask("INIT:ACQ (@1);:SYST:ERR?"), "+0,\"No error\"");
    EXPECT_EQ(line.ask("*TRG;:SYST:ERR?"), "+0,\"No error\"");
    return line.wait_for("FETC:ARR:CURR? (@1)", 100h);
  }
};

TEST_F(Analyser, GivesExactMeansToTheLastDigit) {
  sleep_and_wake(3);
  const auto samples = numbers(acquire("SENS:SWE:TINT 1e-3,(@1);:SENS:SWE:POIN 10000,(@1)"));
  ASSERT_EQ(samples.size(), 10000u);
  std::int64_t sum = 0;  // 0.1 nA
  for (const double sample : samples) sum += std::llround(sample * 1e10);
  EXPECT_EQ(sum, 10000 * 180'000LL + 12 * (120'000'000LL - 180'000LL));
  EXPECT_EQ(line.answer().substr(0, 15), "+1.20000000E-02");
  EXPECT_EQ(line.answer().substr(6 * 16, 15), "+1.80000000E-05");
  EXPECT_EQ(line.ask("FETC:CURR? (@1)"), "+3.23784000E-05");
  EXPECT_EQ(line.ask("FETC:CURR:MAX? (@1);MIN? (@1)"), "+1.20000000E-02;+1.80000000E-05");
}

TEST_F(Analyser, SplitsAStepWithinASample) {
  path.k1.set(Instant{} + 250us, 4'000);
  const auto samples = numbers(acquire("SENS:SWE:TINT 1 ms,(@1);:SENS:SWE:POIN 3,(@1)"));
  EXPECT_DOUBLE_EQ(samples.at(0), 3e-6);
  EXPECT_DOUBLE_EQ(samples.at(1), 4e-6);
}

TEST_F(Analyser, SendsDefiniteBlocks) {
  path.k1.set(clock.now(), 32'400);
  line.ask("FORM REAL;:FORM:BORD NORM");
  const std::string block = acquire("SENS:SWE:TINT 1e-3,(@1);:SENS:SWE:POIN 4,(@1)");
  EXPECT_EQ(block.substr(0, 4), "#216");
  EXPECT_EQ(block.size(), 20u);
  const float expected = 32.4e-6f;
  std::uint32_t bits = 0;
  std::memcpy(&bits, &expected, 4);
  EXPECT_EQ(static_cast<unsigned char>(block[4]), bits >> 24) << "big-endian";
  line.ask("FORM:BORD SWAP");
  const std::string swapped = line.ask("FETC:ARR:CURR? (@1)");
  EXPECT_EQ(static_cast<unsigned char>(swapped[7]), bits >> 24);
}

TEST_F(Analyser, WaitsForItsTrigger) {
  line.ask("SENS:SWE:TINT 1e-3,(@1);:SENS:SWE:POIN 100,(@1);:TRIG:ACQ:SOUR BUS");
  EXPECT_EQ(line.ask("FETC:ARR:CURR? (@1);:SYST:ERR?").substr(0, 4), "-230");
  EXPECT_EQ(line.ask("*TRG;:SYST:ERR?").substr(0, 4), "-211");
  line.ask("INIT:ACQ (@1)");
  EXPECT_EQ(line.ask("INIT:ACQ (@1);:SYST:ERR?").substr(0, 4), "-213");
  EXPECT_EQ(line.ask("STAT:OPER:COND? (@1,2)"), "8,0");
  line.ask("TRIG:ACQ (@1)");
  EXPECT_EQ(line.ask("STAT:OPER:COND? (@1)"), "40");
  EXPECT_EQ(line.ask("*OPC?"), "<none>");
  pass(clock, 101ms);
  EXPECT_EQ(line.answer(), "1");
  EXPECT_EQ(line.ask("STAT:OPER:COND? (@1)"), "0");
  line.ask("INIT:ACQ (@1);:ABOR:ACQ (@1)");
  EXPECT_EQ(line.ask("STAT:OPER:COND? (@1)"), "0");
  EXPECT_EQ(numbers(line.wait_for("MEAS:ARR:CURR? (@2)", 1s)).size(), 1024u);
}

TEST_F(Analyser, ShowsWhatCameBeforeTheTrigger) {
  line.ask("SENS:SWE:TINT 1e-3,(@1);:SENS:SWE:POIN 4,(@1);:SENS:SWE:OFFS:POIN -2,(@1);:TRIG:ACQ:SOUR BUS,(@1)");
  line.ask("INIT:ACQ (@1)");
  pass(clock, 10ms);
  path.k1.set(clock.now(), 1'000);
  line.ask("*TRG");
  const auto samples = numbers(line.wait_for("FETC:ARR:CURR? (@1)", 1s));
  EXPECT_EQ(samples, (std::vector<double>{0, 0, 1e-6, 1e-6}));
}

TEST_F(Analyser, MarksOverloads) {
  path.k1.set(clock.now(), 4'000'000'000);
  EXPECT_EQ(acquire("SENS:SWE:TINT 1e-3,(@1);:SENS:SWE:POIN 1,(@1)"), "+9.90000000E+37");
  EXPECT_EQ(line.ask("STAT:QUES:COND? (@1)"), "2");
  path.k1.set(clock.now(), 1'090'000);
  line.ask("SENS:CURR:RANG 1e-3,(@1)");
  line.ask("INIT:ACQ (@1);:TRIG:ACQ (@1)");
  EXPECT_EQ(line.wait_for("FETC:CURR? (@1)", 1s), "+1.09000000E-03") << "within 1.1 of the range";
  EXPECT_EQ(line.ask("STAT:QUES:COND? (@1)"), "0");
  path.k1.set(clock.now(), 18'000);
  path.k1.set(clock.now() + 400us, 12'000'000);
  path.k1.set(clock.now() + 410us, 18'000);
  line.ask("INIT:ACQ (@1);:TRIG:ACQ (@1)");
  EXPECT_EQ(line.wait_for("FETC:CURR? (@1)", 1s), "+9.90000000E+37") << "clipped within the sample";
  EXPECT_EQ(line.ask("SENS:CURR:RANG? (@1)"), "+1.00000000E-03");
}

TEST_F(Analyser, RejectsWhatItCanNotDo) {
  for (const auto& [wrong, code] : {std::pair{"SENS:SWE:TINT 5e-6,(@1)", "-222"},
                                    {"SENS:SWE:POIN 524289,(@1)", "-222"},
                                    {"SENS:SWE:POIN 10", "-109"},
                                    {"SENS:SWE:POIN 10, @(1)", "-101"},
                                    {"SENS:FUNC:CURR ON,(@3)", "-241"},
                                    {"SENS:FUNC:CURR ON,(@9)", "-222"},
                                    {"SENS:CURR:RANG 4,(@1)", "-222"},
                                    {"FORM INT", "-224"},
                                    {"EMUL PS2Q,(@1)", "-221"},
                                    {"FETC:ARR:CURR?", "-109"},
                                    {"MEAS", "-113"},
                                    {"TRIG:ACQ (@1)", "-211"}}) {
    EXPECT_EQ(line.ask(wrong), "<none>") << wrong;
    EXPECT_EQ(line.ask("SYST:ERR?").find(code), 0u) << wrong;
  }
  EXPECT_EQ(line.ask("OUTP ON,(@1);:OUTP? (@1,2);:EMUL AMET,(@1);:EMUL? (@1)"), "1,0;AMET");
}

}  // namespace
}  // namespace meterrig::bench
