#include <gtest/gtest.h>

#include "bench/instruments/dmm34465a.hpp"
#include "bench/instruments/dp832.hpp"
#include "bench/instruments/n6705c.hpp"
#include "bench/instruments/scpi_device.hpp"
#include "bench/instruments/spread.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig::bench {
namespace {

// A device that has one of everything that the grammar knows.
class Specimen final : public ScpiDevice {
 public:
  explicit Specimen(Clock& clock) : ScpiDevice(clock, "TEST,SPECIMEN,1,1", dialect()) {
    query("MEASure:VOLTage:DC", {}, [](ScpiCall& call) { call.out += '0'; });
    query("MEASure:VOLTage:AC", {}, [](ScpiCall& call) { call.out += '1'; });
    command("CHANnel#:LEVel[:IMMediate]", {scpi::real("V")}, [this](ScpiCall& call) {
      channel_ = call.suffix(0);
      level_ = call.number(0, {-10, 10, 1});
    });
    query("CHANnel#:LEVel[:IMMediate]", {}, [this](ScpiCall& call) { call.reply("{}:{:g}", channel_, level_); });
    command("STATe", {scpi::boolean(), scpi::optional(scpi::channels())}, [this](ScpiCall& call) {
      level_ = call.on(0);
      channel_ = call.has(1) ? call.values[1].channel_count : 0;
    });
    command("NAME", {scpi::string()}, [this](ScpiCall& call) { name_ = call.values[0].text; });
    query("NAME", {}, [this](ScpiCall& call) { call.reply("\"{}\"", name_); });
    command("MODE", {scpi::choice("NORMal|FAST")}, [this](ScpiCall& call) { level_ = call.choice(0); });
    command("STARt", {}, [this](ScpiCall&) { end_ = now() + 2s; });
    query("FAIL", {}, [](ScpiCall& call) {
      call.out += "half an answer";
      throw ScpiError{-200};
    });
  }
  static ScpiDialect dialect() {
    ScpiDialect dialect;
    dialect.error_detail = true;
    dialect.error_queue = 17;
    return dialect;
  }
  Instant operations_end() const override { return end_; }
  void reset() override { level_ = 0; }

 private:
  int channel_ = 0;
  double level_ = 0;
  std::string name_;
  Instant end_ = Instant::min();
};

struct ScpiGrammar : testing::Test {
  VirtualClock clock;
  Specimen device{clock};
  Line line{clock, device};
  // Sends what must be rejected and gives the code.
  std::string rejected(std::string_view text) {
    line.ask("*CLS");
    EXPECT_EQ(line.ask(text), "<none>") << text;
    const std::string entry = line.ask("SYST:ERR?");
    return entry.substr(0, entry.find(','));
  }
};

TEST_F(ScpiGrammar, TakesShortAndLongFormsAndNothingBetween) {
  for (const char* form : {"MEAS:VOLT:DC?", "measure:voltage:dc?", ":Meas:Volt:Dc?", " MEAS:VOLT:DC? \r"})
    EXPECT_EQ(line.ask(form), "0") << form;
  for (const char* form : {"MEASU:VOLT:DC?", "MEA:VOLT:DC?", "MEAS:VOLT?", "FOO", "FOO?", "*FOO?", "MEAS:VOLT:DC"})
    EXPECT_EQ(rejected(form), "-113") << form;
  line.ask("FOO?");
  EXPECT_EQ(line.ask("SYST:ERR?"), "-113,\"Undefined header;FOO?\"");
}

TEST_F(ScpiGrammar, FollowsThePathOfCompoundMessages) {
  EXPECT_EQ(line.ask("MEAS:VOLT:DC?;AC?"), "0;1");
  EXPECT_EQ(line.ask("MEAS:VOLT:DC?;*OPC?;AC?"), "0;1;1");
  EXPECT_EQ(line.ask("MEAS:VOLT:DC?;:CHAN2:LEV 3;:CHAN2:LEV?"), "0;2:3");
  EXPECT_EQ(line.ask("CHAN3:LEV 250 mV;LEV?"), "3:0.25");
  EXPECT_EQ(line.writes.size(), 1u) << "one message, one write";
  EXPECT_EQ(line.ask("MEAS:VOLT:DC?;:MEAS:NONE?;:MEAS:VOLT:AC?"), "0;1") << "a failing query gives no answer";
  EXPECT_EQ(line.ask("FAIL?;:MEAS:VOLT:AC?"), "1");
  EXPECT_EQ(line.ask("SYST:ERR?;ERR?;ERR?").substr(0, 5), "-113,");
}

TEST_F(ScpiGrammar, JudgesParameters) {
  EXPECT_EQ(rejected("CHAN:LEV"), "-109");
  EXPECT_EQ(rejected("CHAN:LEV 1,2"), "-108");
  EXPECT_EQ(rejected("CHAN:LEV \"1\""), "-104");
  EXPECT_EQ(rejected("CHAN:LEV ON"), "-104");
  EXPECT_EQ(rejected("CHAN:LEV 11"), "-222");
  EXPECT_EQ(rejected("CHAN:LEV 1 2"), "-103");
  EXPECT_EQ(rejected("CHAN:LEV 1 A"), "-131");
  EXPECT_EQ(rejected("CHAN:LEV 1,"), "-102");
  EXPECT_EQ(rejected("CHAN:LEV +-1"), "-121");
  EXPECT_EQ(rejected("CHAN:LEV @(1)"), "-101");
  EXPECT_EQ(rejected("CHAN0:LEV 1"), "-114");
  EXPECT_EQ(rejected("CHAN::LEV 1"), "-102");
  EXPECT_EQ(rejected("CHANNELCHANNEL:LEV 1"), "-112");
  EXPECT_EQ(rejected("NAME \"open"), "-101");
  EXPECT_EQ(rejected("NAME 5"), "-104");
  EXPECT_EQ(rejected("MODE SLOW"), "-224");
  EXPECT_EQ(rejected("STAT ON,(1)"), "-171");
  EXPECT_EQ(rejected("STAT ON,(@1,x)"), "-171");
  EXPECT_EQ(rejected("*OPC? 1"), "-108");
  EXPECT_EQ(line.ask("CHAN:LEV MAX;LEV?"), "0:10");
  EXPECT_EQ(line.ask("CHAN:LEV #H5;LEV?"), "0:5");
  EXPECT_EQ(line.ask("CHAN:LEV 2000uV;LEV?"), "0:0.002");
  EXPECT_EQ(line.ask("NAME 'a;b,(c';NAME?"), "\"a;b,(c\"");
  EXPECT_EQ(line.ask("STAT 1, (@1,3:5);:CHAN:LEV?"), "4:1");
  EXPECT_EQ(line.ask("SYST:ERR?"), "0,\"No error\"");
}

TEST_F(ScpiGrammar, KeepsTheStatusOfIeee488) {
  EXPECT_EQ(line.ask("*ESR?"), "128") << "power on";
  line.ask("*CLS");
  line.ask("*ESE 32;*SRE 36");
  line.ask("FOO");
  EXPECT_EQ(line.ask("*STB?"), "100");
  EXPECT_EQ(line.ask("*ESR?"), "32");
  EXPECT_EQ(line.ask("*STB?"), "68");
  line.ask("*CLS");
  EXPECT_EQ(line.ask("*STB?;*ESE?;*SRE?"), "0;32;36") << "*CLS leaves the enables";
  for (int i = 0; i < 30; ++i) line.ask("FOO");
  EXPECT_EQ(line.ask("SYST:ERR:COUN?"), "17");
  std::string last;
  for (int i = 0; i < 17; ++i) last = line.ask("SYST:ERR?");
  EXPECT_EQ(last.substr(0, 4), "-350");
  EXPECT_EQ(line.ask("SYST:ERR:ALL?"), "0,\"No error\"");
  EXPECT_EQ(line.ask("*IDN?;*OPC?"), "TEST,SPECIMEN,1,1");
  EXPECT_EQ(line.ask("SYST:ERR?").substr(0, 4), "-440");
  EXPECT_EQ(line.ask("*CLS;*ESE 0;*TST?;*STB?"), "0;16") << "message available";
}

TEST_F(ScpiGrammar, WaitsForOverlappedOperations) {
  line.ask("*CLS");
  EXPECT_EQ(line.ask("STAR;*OPC"), "<none>");
  EXPECT_EQ(line.ask("*ESR?"), "0");
  EXPECT_EQ(line.ask("*OPC?"), "<none>");
  line.put("MEAS:VOLT:AC?\n");
  pass(clock, 1900ms);
  EXPECT_EQ(line.answer(), "<none>") << "the parser waits, too";
  pass(clock, 200ms);
  EXPECT_EQ(line.answer(), "1\n1");
  EXPECT_EQ(line.ask("*ESR?"), "1");
  line.ask("STAR");
  EXPECT_EQ(line.ask("MEAS:VOLT:DC?;*WAI;AC?"), "<none>");
  pass(clock, 2100ms);
  EXPECT_EQ(line.answer(), "0;1");
}

TEST_F(ScpiGrammar, TakesBrokenInput) {
  line.put("*ID");
  line.put("N?\nMEAS:VOLT:DC?\n");
  EXPECT_EQ(line.answer(), "TEST,SPECIMEN,1,1\n0");
  line.ask("*CLS");
  line.writes.clear();
  line.put(std::string(200'000, 'A'));
  line.put("\n*OPC?\n");
  EXPECT_EQ(line.answer(), "1");
  EXPECT_EQ(line.ask("SYST:ERR?").substr(0, 4), "-363");
  line.put("MEAS:VOLT:DC");
  Line other(clock, device);
  EXPECT_EQ(other.ask("*OPC?"), "1") << "connections have their own buffers";
}

TEST(ScpiDevices, NeverFallOverRandomBytes) {
  VirtualClock clock;
  ScriptedPath path;
  Dp832 psu(clock, path, "DP8A000001", 1);
  Dmm34465a dmm(clock, path, "MY54500001", 1);
  N6705c analyser(clock, "MY53000001", 1);
  const std::string_view pieces[] = {"MEAS",
                                     ":",
                                     "VOLT",
                                     "?",
                                     " ",
                                     ";",
                                     "(@1",
                                     ")",
                                     ",",
                                     "\"",
                                     "#",
                                     "1e999",
                                     "CH1",
                                     "\n",
                                     "*IDN?",
                                     "FETC:ARR:CURR? (@1)",
                                     "INIT",
                                     "SENS:SWE:POIN ",
                                     "-",
                                     "\r",
                                     "APPL ",
                                     "R?",
                                     "SAMP:COUN MAX",
                                     "OUTP:OVP:VAL",
                                     "(@1:9)",
                                     "(@9999999999)",
                                     "\x80\xff",
                                     "'",
                                     "INF"};
  Spread random(7);
  for (ScpiDevice* device :
       {static_cast<ScpiDevice*>(&psu), static_cast<ScpiDevice*>(&dmm), static_cast<ScpiDevice*>(&analyser)}) {
    Line line(clock, *device);
    for (int i = 0; i < 20'000; ++i) {
      line.writes.clear();
      std::string text;
      for (std::uint64_t n = random.next() % 6; n > 0; --n) text += pieces[random.next() % std::size(pieces)];
      if (random.next() % 8 == 0) text += static_cast<char>(random.next());
      if (random.next() % 2 == 0) text += '\n';
      line.put(text);
    }
    pass(clock, 10s);
    Line fresh(clock, *device);
    EXPECT_NE(fresh.wait_for("*CLS;*OPC?", 100000h), "<none>");
  }
}

struct Rigol : testing::Test {
  VirtualClock clock;
  ScriptedPath path;
  Dp832 psu{clock, path, "DP8A123456789", 1};
  Line line{clock, psu};
};

// As sigrok-cli 0.7.2 (libsigrok 0.5.2) was heard to talk to a DP832.
TEST_F(Rigol, SpeaksTheGoldenDialogue) {
  const std::pair<const char*, const char*> dialogue[] = {
      {"*IDN?", "RIGOL TECHNOLOGIES,DP832,DP8A123456789,00.01.14"},
      {"SYST:LOCAL", "<none>"},
      {"SYST:REMOTE", "<none>"},
      {"SYST:BEEP:STAT?", "ON"},
      {"SYST:BEEP:STAT OFF", "<none>"},
      {":INST:NSEL 1", "<none>"},
      {":OUTP:MODE?", "CV"},
      {":OUTP:OVP?", "OFF"},
      {":OUTP:OVP:QUES?", "NO"},
      {":OUTP:OVP:VAL?", "33.000"},
      {":OUTP:OCP?", "OFF"},
      {":OUTP:OCP:QUES?", "NO"},
      {":OUTP:OCP:VAL?", "3.300"},
      {":MEAS:VOLT?", "0.0000"},
      {":SOUR:VOLT?", "5.000"},
      {":MEAS:CURR?", "0.0000"},
      {":MEAS:POWE?", "0.0000"},
      {":SOUR:CURR?", "1.000"},
      {":OUTP?", "OFF"},
      {":SYST:OTP?", "ON"},
      {":SOUR:VOLT 12.500000", "<none>"},
      {":SOUR:CURR 0.250000", "<none>"},
      {":OUTP ON", "<none>"},
      {":OUTP?", "ON"},
      {":SOUR:VOLT?", "12.500"},
      {":OUTP:OVP ON", "<none>"},
      {":OUTP:OCP:STAT ON", "<none>"},
      {":OUTP:OVP:VAL 13.500000", "<none>"},
      {":OUTP:OCP:VAL 0.600000", "<none>"},
      {":OUTP:OVP?", "ON"},
      {":SYST:ERR?", "0,\"No error\""},
      {":OUTP OFF", "<none>"},
      {"SYST:BEEP:STAT ON", "<none>"},
      {"SYST:LOCAL", "<none>"},
  };
  for (const auto& [asked, answer] : dialogue) EXPECT_EQ(line.ask(asked), answer) << asked;
  EXPECT_DOUBLE_EQ(path.volts, 12.5);
  EXPECT_DOUBLE_EQ(path.amperes_limit, 0.25);
}

TEST_F(Rigol, AddressesItsChannels) {
  EXPECT_EQ(line.ask(":APPL CH1,3.6,0.5;:APPL? CH1"), "CH1:30V/3A,3.600,0.500");
  EXPECT_EQ(line.ask(":OUTP CH1,ON;:OUTP? CH1;:OUTP? CH2"), "ON;OFF");
  EXPECT_TRUE(path.output);
  EXPECT_EQ(line.ask(":INST:NSEL 3;:SOUR:VOLT 5;:SOUR:VOLT?;:INST:NSEL?;:INST?"), "5.000;3;CH3:5V/3A");
  EXPECT_DOUBLE_EQ(path.volts, 3.6) << "channel 3 is not the station's";
  path.amperes = 0.036;
  EXPECT_NEAR(std::stod(line.ask(":MEAS:VOLT? CH1")), 3.6, 0.003);
  EXPECT_NEAR(std::stod(line.ask(":MEAS:CURR? CH1")), 0.036, 0.0005);
  EXPECT_EQ(line.ask(":MEAS:ALL? CH1").find(line.ask(":MEAS:VOLT? CH1")), 0u);
  path.limiting = true;
  EXPECT_EQ(line.ask(":OUTP:MODE? CH1"), "CC");
  EXPECT_EQ(line.ask(":SOUR2:VOLT 2;:SOUR2:VOLT?;:VOLT? MAX"), "2.000;5.300");
  for (const auto& [wrong, code] : {std::pair{":SOUR1:VOLT 40", "-222"},
                                    {":INST:NSEL 4", "-222"},
                                    {":OUTP CH4,ON", "-224"},
                                    {":OUTP CH1", "-109"},
                                    {":SOUR4:VOLT 1", "-114"},
                                    {":OUTP:OVP:VAL CH1,34", "-222"},
                                    {":SOURC:VOLT 1", "-113"}}) {
    EXPECT_EQ(line.ask(wrong), "<none>");
    EXPECT_EQ(line.ask(":SYST:ERR?").find(code), 0u) << wrong;
  }
  EXPECT_EQ(line.ask("FOO;:SYST:ERR?"), "-113,\"Undefined header; keyword cannot be found\"");
  line.ask("*RST");
  EXPECT_FALSE(path.output);
}

TEST_F(Rigol, TripsItsProtections) {
  line.ask(":SOUR:VOLT 6;:OUTP:OVP:VAL 7;:OUTP:OVP ON;:OUTP ON");
  EXPECT_EQ(line.ask(":OUTP?"), "ON");
  line.ask(":SOUR:VOLT 8");
  EXPECT_EQ(line.ask(":OUTP?;:OUTP:OVP:QUES? CH1"), "OFF;YES");
  EXPECT_FALSE(path.output);
  EXPECT_EQ(line.ask(":OUTP ON;:SYST:ERR?").substr(0, 4), "-221");
  line.ask(":SOUR:VOLT 6;:OUTP:OVP:CLE;:OUTP:OCP:VAL CH1,0.5;:OUTP:OCP CH1,ON;:OUTP ON");
  EXPECT_TRUE(path.output);
  path.amperes = 0.6;
  path.changed();
  pass(clock, 50ms);
  EXPECT_EQ(line.ask(":OUTP?;:OUTP:OCP:QUES?"), "OFF;YES");
}

}  // namespace
}  // namespace meterrig::bench
