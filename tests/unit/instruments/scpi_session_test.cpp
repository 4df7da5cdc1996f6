#include "tests/unit/instruments/scpi_support.hpp"

namespace meterrig {
namespace {

using Lines = std::vector<std::string>;

TEST_F(Scpi, LineEndsOfBothKinds) {
  peer.answers = {{"READ?", {"+1.5\n", "+2.5\r\n"}}};
  ScpiSession& dmm = open();
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1.5);
  EXPECT_EQ(run(clock, dmm.number("READ?")), 2.5);
  EXPECT_EQ(peer.connections, 1);
}

TEST_F(Scpi, AnswersSplitAnywhere) {
  peer.piece = 1;
  peer.answers = {{"*IDN?", {"Keysight Technologies,34465A,MY1,A.03\r\n"}}};
  const Identity identity = run(clock, open().identify());
  EXPECT_EQ(identity.model, "34465A");
  EXPECT_EQ(identity.firmware, "A.03");
}

TEST_F(Scpi, SentinelsAreNoNumbers) {
  peer.answers = {{"READ?", {"+9.91000000E+37\n", "-9.90000000E+37\n", "abc\n"}}};
  ScpiSession& dmm = open();
  failure<NoReading>(dmm.number("READ?"));
  failure<OverRange>(dmm.number("READ?"));
  EXPECT_EQ(failure<ProtocolError>(dmm.number("READ?")).exchange().got, "abc");
}

TEST_F(Scpi, TheWholeErrorQueueIsTold) {
  peer.answers = {{"VOLT 99;:SYST:ERR?", {"-222,\"Data out of range;VOLT 99, \"\"x\"\", y\"\n"}},
                  {":SYST:ERR?", {"-113,\"Undefined header\"\n", "+101,\"a;b\"\n", no_errors}},
                  {"VOLT 1;:SYST:ERR?", {no_errors}}};
  ScpiSession& dmm = open();
  const auto errors = failure<ScpiErrors>(dmm.command("VOLT 99"));
  ASSERT_EQ(errors.entries().size(), 3u);
  EXPECT_EQ(errors.entries()[0].code, -222);
  EXPECT_EQ(errors.entries()[0].text, "Data out of range;VOLT 99, \"x\", y");
  EXPECT_EQ(errors.entries()[2].code, 101);
  EXPECT_EQ(errors.exchange().asked, "VOLT 99");
  for (const char* part : {"-222,", "-113,", "101,"})
    EXPECT_NE(std::string(errors.what()).find(part), std::string::npos) << errors.what();
  run(clock, dmm.command("VOLT 1"));
  EXPECT_EQ(peer.connections, 1);
}

TEST_F(Scpi, AQueueThatNeverEndsIsLeftAtItsDepth) {
  peer.answers = {{"VOLT 1;:SYST:ERR?", {"-350,\"Queue overflow\"\n"}}, {":SYST:ERR?", {"-350,\"Queue overflow\"\n"}}};
  ScpiOptions options;
  options.error_queue_depth = 7;
  const auto errors = failure<ScpiErrors>(open(options).command("VOLT 1"));
  EXPECT_EQ(errors.entries().size(), 8u);
  EXPECT_EQ(peer.heard.size(), 8u);
  EXPECT_NE(std::string(errors.what()).find("did not end"), std::string::npos);
}

TEST_F(Scpi, AQueryErrorMakesTheLinkSuspect) {
  peer.answers = {{"VOLT 1;:SYST:ERR?", {"-410,\"Query INTERRUPTED\"\n"}},
                  {":SYST:ERR?", {no_errors}},
                  {"*IDN?", {"a,b,c,d\n"}},
                  {"READ?", {"1\n"}}};
  ScpiSession& dmm = open();
  EXPECT_TRUE(failure<ScpiErrors>(dmm.command("VOLT 1")).entries().front().of_query());
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1);
  EXPECT_EQ(peer.connections, 2);
  EXPECT_EQ(peer.heard, (Lines{"VOLT 1;:SYST:ERR?", ":SYST:ERR?", "*IDN?", "READ?"}));
}

TEST_F(Scpi, ARejectedQueryIsToldWithItsError) {
  peer.answers = {{"*IDN?", {"a,b,c,d\n"}}, {":SYST:ERR?", {"-113,\"Undefined header;FOO?\"\n"}}};
  const auto errors = failure<ScpiErrors>(open().query("FOO?"));
  EXPECT_EQ(errors.entries().front().code, -113);
  EXPECT_EQ(errors.exchange().asked, "FOO?");
}

TEST_F(Scpi, ALateAnswerIsNeverTheNextOnes) {
  peer.delay = 3s;
  peer.answers = {{"READ?", {"1\n"}}};
  ScpiOptions options;
  options.error_query.clear();
  ScpiSession& dmm = open(options);
  const auto late = failure<TimeoutError>(dmm.number("READ?"));
  EXPECT_EQ(late.exchange().after, Duration{2s});
  peer.delay = {};
  peer.answers = {{"READ?", {"2\n"}}, {"*IDN?", {"a,b,c,d\n"}}};
  EXPECT_EQ(run(clock, dmm.number("READ?")), 2);
  EXPECT_EQ(peer.connections, 2);
}

TEST_F(Scpi, AnUnaskedAnswerMakesTheLinkSuspect) {
  peer.answers = {{"READ?", {"1\n9\n", "2\n"}}, {"*IDN?", {"a,b,c,d\n"}}};
  ScpiSession& dmm = open();
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1);
  EXPECT_EQ(run(clock, dmm.number("READ?")), 2);
  EXPECT_EQ(peer.connections, 2);
}

TEST_F(Scpi, OpeningComesFirstAndAgainAfterEachReopening) {
  peer.answers = {{"READ?", {"1\n"}}, {"*IDN?", {"a,b,c,d\n"}}};
  ScpiOptions options;
  options.error_query.clear();
  options.opening = {"SYST:REM", "SYST:BEEP:STAT OFF"};
  options.clear_on_open = true;
  ScpiSession& dmm = open(options);
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1);
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1);
  EXPECT_EQ(peer.heard, (Lines{"*CLS", "SYST:REM", "SYST:BEEP:STAT OFF", "READ?", "READ?"}));
  peer.heard.clear();
  failure<TimeoutError>(dmm.number("FOO?"));
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1);
  EXPECT_EQ(peer.heard, (Lines{"FOO?", "*CLS", "SYST:REM", "SYST:BEEP:STAT OFF", "*IDN?", "READ?"}));
}

TEST_F(Scpi, PacingKeepsMessagesApart) {
  peer.answers = {{"VOLT 1", {}}, {"READ?", {"1\n"}}};
  peer.delay = 5ms;
  ScpiOptions options;
  options.error_query.clear();
  options.opening = {"SYST:REM"};
  options.pacing = 100ms;
  ScpiSession& dmm = open(options);
  run(clock, dmm.command("VOLT 1"));
  run(clock, dmm.number("READ?"));
  run(clock, dmm.number("READ?"));
  ASSERT_EQ(peer.heard_at.size(), 4u);
  EXPECT_EQ(peer.heard_at[1] - peer.heard_at[0], Duration{100ms});
  EXPECT_EQ(peer.heard_at[2] - peer.heard_at[1], Duration{100ms});
  EXPECT_EQ(peer.heard_at[3] - peer.heard_at[2], Duration{105ms});  // counted from the end of the answer
}

TEST_F(Scpi, ASettingIsOverWhenTheInstrumentSaysSo) {
  peer.answers = {{"*OPC?", {"0\n", "0\n", "1\n"}}, {":SYST:ERR?", {no_errors}}};
  ScpiOptions options;
  options.operation_complete = true;
  run(clock, open(options).command("VOLT 1"));
  EXPECT_EQ(peer.heard, (Lines{"VOLT 1", "*OPC?", "*OPC?", "*OPC?", ":SYST:ERR?"}));
}

TEST_F(Scpi, AnInstrumentThatStaysBusyIsATimeOut) {
  peer.answers = {{"*OPC?", {"0\n"}}, {":SYST:ERR?", {no_errors}}};
  ScpiOptions options;
  options.operation_complete = true;
  const auto busy = failure<TimeoutError>(open(options).command("VOLT 1"));
  EXPECT_EQ(busy.exchange().asked, "VOLT 1");
  EXPECT_EQ(busy.exchange().got, "0");
  EXPECT_GE(busy.exchange().after, Duration{1900ms});
  EXPECT_LE(busy.exchange().after, Duration{2s});
}

// Each answer names its question, so that an interleaved one would be seen.
struct Echoing : Listed {
  using Listed::Listed;
  void answer(Port& port, const std::string& line) override { send(port, line + "\n", 10ms); }
};

TEST(ScpiShared, DriversTakeTurnsInTheOrderOfAsking) {
  VirtualClock clock;
  Echoing peer(clock);
  ScpiSession session(clock, std::make_unique<MemoryLink>(clock, "virtual:dmm1", peer, LineTiming{}), {.name = "dmm1"});
  CancelScope impatient;
  TaskGroup group(clock, nullptr);
  std::vector<std::string> answered;
  const auto ask = [&](std::string text) -> Task<> {
    const std::string answer = co_await session.query(text);
    EXPECT_EQ(answer, text);
    answered.push_back(answer);
  };
  group.spawn(ask("a?"));
  group.spawn(ask("b?"));
  group.spawn(ask("stopped?"), &impatient);
  {
    TaskGroup abandoned(clock, nullptr);
    abandoned.spawn(ask("abandoned?"));
    group.spawn(ask("c?"));
    clock.run_until([&] { return answered.size() == 1; });
    impatient.cancel("enough");
  }
  clock.run_until([&] { return group.done(); });
  EXPECT_EQ(answered, (std::vector<std::string>{"a?", "b?", "c?"}));
  EXPECT_EQ(peer.heard, (Lines{"a?", "b?", "c?"}));
  EXPECT_EQ(clock.now().time_since_epoch(), Duration{30ms});
}

TEST(ScpiShared, AStopInMidExchangeLeavesACleanLinkToTheNext) {
  VirtualClock clock;
  Echoing peer(clock);
  peer.answers = {};
  ScpiSession session(clock, std::make_unique<MemoryLink>(clock, "virtual:dmm1", peer, LineTiming{}),
                      {.name = "dmm1", .error_query = ""});
  CancelScope scope;
  TaskGroup group(clock, nullptr);
  std::string second;
  const auto stopped = [&]() -> Task<> { co_await session.query("slow?"); };
  const auto next = [&]() -> Task<> { second = co_await session.query("next,,?"); };
  group.spawn(stopped(), &scope);
  group.spawn(next());
  Timer stop(clock, [&] { scope.cancel("stop"); });
  stop.at(clock.now() + 5ms);
  clock.run_until([&] { return group.done(); });
  // The echo of *IDN? is no identity: recovery says so instead of trusting the link.
  EXPECT_EQ(second, "");
  EXPECT_EQ(peer.heard, (Lines{"slow?", "*IDN?"}));
}

TEST(ErrorEntries, ArePartedAsTheInstrumentWroteThem) {
  const auto codes = [](std::string_view answer) {
    std::vector<int> found;
    for (const ScpiErrorEntry& entry : parse_error_entries(answer)) found.push_back(entry.code);
    return found;
  };
  EXPECT_EQ(codes("0"), (std::vector<int>{0}));
  EXPECT_EQ(codes("+0,\"No error\""), (std::vector<int>{0}));
  EXPECT_EQ(codes("0, No error\r\n"), (std::vector<int>{0}));
  EXPECT_EQ(codes("-113,\"Undefined header;OUTPut 1, (@1)\",-222,\"Data; out, of \"\"range\"\"\""),
            (std::vector<int>{-113, -222}));
  EXPECT_EQ(codes("-113,\"a\";-100,\"b\";0,\"No error\""), (std::vector<int>{-113, -100, 0}));
  EXPECT_EQ(codes(""), (std::vector<int>{}));
  EXPECT_EQ(codes("3.6 V"), (std::vector<int>{}));
  EXPECT_EQ(codes("-113,\"never closed"), (std::vector<int>{}));
  EXPECT_EQ(parse_error_entries("-222,\"\"\"x\"\"\"").front().text, "\"x\"");
}

}  // namespace
}  // namespace meterrig
