#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <thread>

#include <gtest/gtest.h>

#include "core/io/transport/modbus_frame.hpp"
#include "tests/sockets/transport/support.hpp"

namespace meterrig {
namespace {

using Words = std::vector<std::uint16_t>;

// The same bus over a socket and over a pseudo-terminal.
struct Modbus : testing::TestWithParam<bool> {
  void SetUp() override {
    if (GetParam()) {
      tcp = std::make_unique<ModbusTcpServer>(clock);
      tcp->attach(3, device);
      tcp->attach(9, other);
      url = Url::parse("modbus-tcp://127.0.0.1:" + std::to_string(tcp->port()) + "/3");
    } else {
      rtu = std::make_unique<ModbusRtuServer>(clock);
      rtu->attach(3, device);
      rtu->attach(9, other);
      url = Url::parse("modbus-rtu://" + rtu->path() + "?baud=115200&parity=even&unit=3");
    }
    bus = run(clock, open_bus(clock, url, clock.now() + 5s));
  }
  Words read(RegisterTable table, std::uint16_t address, std::uint16_t count, int unit = 3) {
    return run(clock, bus->read(unit, table, address, count, clock.now() + 5s));
  }
  void write(RegisterTable table, std::uint16_t address, Words values) {
    run(clock, bus->write(3, table, address, std::move(values), clock.now() + 5s));
  }

  WallClock clock;
  Registers device;
  Registers other;
  std::unique_ptr<ModbusTcpServer> tcp;
  std::unique_ptr<ModbusRtuServer> rtu;
  Url url;
  std::unique_ptr<RegisterBus> bus;
};
INSTANTIATE_TEST_SUITE_P(Bus, Modbus, testing::Bool(), [](const auto& param) { return param.param ? "Tcp" : "Rtu"; });

TEST_P(Modbus, ReadsAndWrites) {
  EXPECT_EQ(bus->name(), url.text());
  EXPECT_EQ(read(RegisterTable::holding, 10, 3), (Words{100, 110, 120}));
  EXPECT_EQ(read(RegisterTable::input, 99, 1), (Words{990}));
  write(RegisterTable::holding, 20, {0xFFFF});
  write(RegisterTable::holding, 21, {1, 2, 3});
  EXPECT_EQ(read(RegisterTable::holding, 20, 5), (Words{0xFFFF, 1, 2, 3, 240}));
  write(RegisterTable::coils, 4, {1});
  write(RegisterTable::coils, 6, {1, 0, 1, 1});
  EXPECT_EQ(read(RegisterTable::coils, 0, 12), (Words{0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 0, 0}));
  write(RegisterTable::coils, 5, {0x5500});
  EXPECT_EQ(device.coils[5], 0x5500);
  EXPECT_EQ(read(RegisterTable::holding, 0, 1, 9), (Words{0}));
}

TEST_P(Modbus, ExceptionsCarryTheirCode) {
  try {
    read(RegisterTable::holding, 99, 2);
    FAIL() << "no exception";
  } catch (const ModbusException& exception) {
    EXPECT_EQ(exception.code(), 2);
    EXPECT_EQ(exception.exchange().asked, "03 00 63 00 02");
    EXPECT_EQ(exception.exchange().got, "83 02");
  }
  EXPECT_EQ(read(RegisterTable::holding, 1, 1), (Words{10}));
}

TEST_P(Modbus, SilenceIsATimeOut) {
  device.silent = true;
  const auto work = [&]() -> Task<> { co_await bus->read(3, RegisterTable::holding, 0, 1, clock.now() + 80ms); };
  const Exchange exchange = failure_of<TimeoutError>(clock, work);
  EXPECT_EQ(exchange.of, url.text() + " unit 3");
  EXPECT_GE(exchange.after, Duration{70ms});
  EXPECT_LT(exchange.after, Duration{3s});
  const auto nobody = [&]() -> Task<> { co_await bus->read(44, RegisterTable::holding, 0, 1, clock.now() + 50ms); };
  failure_of<TimeoutError>(clock, nobody);
  device.silent = false;
  EXPECT_EQ(read(RegisterTable::holding, 2, 1), (Words{20}));
}

TEST_P(Modbus, AStopIsImmediateAndTheLateAnswerIsDropped) {
  tcp.reset();
  rtu.reset();
  if (GetParam()) {
    tcp = std::make_unique<ModbusTcpServer>(clock, ServeOptions{.port = url.port, .most_clients = 8}, 40ms);
    tcp->attach(3, device);
  } else {
    rtu = std::make_unique<ModbusRtuServer>(clock, LineTiming{}, 40ms);
    rtu->attach(3, device);
    url.path = rtu->path();
    bus = run(clock, open_bus(clock, url, clock.now() + 1s));
  }
  for (int i = 0; i < 5; ++i) {
    CancelScope scope;
    Timer stop(clock, [&] { scope.cancel("stop"); });
    const Instant start = clock.now();
    stop.at(start + 10ms);
    EXPECT_THROW(run(clock, scope, bus->read(3, RegisterTable::holding, 7, 1, clock.now() + 200ms)), Cancelled);
    EXPECT_LT(clock.now() - start, Duration{5s});
    EXPECT_EQ(read(RegisterTable::holding, 8, 1), (Words{80}));
  }
}

// Nobody waits for the call that the worker is in longer than that call's own time-out, not even the bus's end.
TEST_P(Modbus, AnAbortEndsABlockedCallWithinItsOwnTimeOut) {
  device.silent = true;
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  const Instant start = clock.now();
  stop.at(start + 20ms);
  EXPECT_THROW(run(clock, scope, bus->read(3, RegisterTable::holding, 7, 1, start + 400ms)), Cancelled);
  EXPECT_LT(clock.now() - start, Duration{300ms});
  device.silent = false;
  // On a serial line the call under way keeps the line until its time-out; the next one has the line after it.
  const std::vector<std::uint16_t> words = run(clock, bus->read(3, RegisterTable::holding, 8, 1, clock.now() + 2s));
  EXPECT_EQ(words, (Words{80}));
  EXPECT_LT(clock.now() - start, Duration{900ms});
  device.silent = true;
  CancelScope second;
  Timer again(clock, [&] { second.cancel("stop"); });
  const Instant asked = clock.now();
  again.at(asked + 20ms);
  EXPECT_THROW(run(clock, second, bus->read(3, RegisterTable::holding, 7, 1, asked + 400ms)), Cancelled);
  bus.reset();
  EXPECT_LT(clock.now() - asked, Duration{GetParam() ? 300ms : 800ms});
}

TEST_P(Modbus, ManyAskAtOnce) {
  TaskGroup group(clock, nullptr);
  int good = 0;
  const auto one = [&](std::uint16_t address) -> Task<> {
    const Words words = co_await bus->read(3, RegisterTable::holding, address, 1, clock.now() + 5s);
    good += words == Words{static_cast<std::uint16_t>(10 * address)};
  };
  for (std::uint16_t i = 0; i < 50; ++i) group.spawn(one(i));
  clock.run_until([&] { return group.done(); });
  EXPECT_EQ(good, 50);
}

TEST_P(Modbus, CloseAndReopen) {
  bus->close();
  const auto work = [&]() -> Task<> { co_await bus->read(3, RegisterTable::holding, 0, 1, clock.now() + 1s); };
  failure_of<ClosedError>(clock, work);
  run(clock, bus->reopen(clock.now() + 5s));
  EXPECT_EQ(read(RegisterTable::holding, 3, 1), (Words{30}));
}

TEST_P(Modbus, QuickStopsAndDestructions) {
  device.silent = true;
  for (int i = 0; i < 40; ++i) {
    CancelScope scope;
    TaskGroup group(clock, &scope);
    const auto work = [&]() -> Task<> { co_await bus->read(3, RegisterTable::holding, 0, 1, clock.now() + 20ms); };
    group.spawn(work());
    while (clock.turn()) {
    }
    if (i % 2) scope.cancel("stop");
    if (i % 3 == 0) clock.look();
  }
  device.silent = false;
  EXPECT_EQ(read(RegisterTable::holding, 5, 1), (Words{50}));
}

TEST_P(Modbus, CountsBeyondAFrameAreRefused) {
  const auto work = [&](std::uint16_t count) { read(RegisterTable::holding, 0, count); };
  EXPECT_THROW(work(0), std::invalid_argument);
  EXPECT_THROW(work(126), std::invalid_argument);
}

// A peer that answers each request with a frame made up here.
struct Answering : LinkPeer {
  explicit Answering(Clock& c) : clock(c) {}
  void receive(Port& port, std::span<const std::uint8_t>) override { port.send(answer, clock.now()); }
  Clock& clock;
  Bytes answer;
};

TEST(ModbusAnswers, WrongUnitAndBrokenFrames) {
  WallClock clock;
  Answering peer(clock);
  TcpLinkServer tcp(clock, peer, {.most_clients = 4});
  PtyLinkServer pty(clock, peer);
  const Bytes pdu{3, 2, 0, 42};
  const auto tcp_bus =
      run(clock, open_bus(clock, Url::parse("modbus-tcp://127.0.0.1:" + std::to_string(tcp.port())), clock.now() + 5s));
  const auto rtu_bus = run(clock, open_bus(clock, Url::parse("modbus-rtu://" + pty.path()), clock.now() + 5s));
  RegisterBus* bus = tcp_bus.get();
  const auto work = [&]() -> Task<> { co_await bus->read(5, RegisterTable::holding, 0, 1, clock.now() + 2s); };
  peer.answer = modbus::tcp_frame(0, 6, pdu);
  failure_of<ForeignReply>(clock, work);
  peer.answer = modbus::tcp_frame(77, 5, pdu);
  failure_of<ProtocolError>(clock, work);
  peer.answer = modbus::tcp_frame(0, 5, Bytes{3, 4, 0, 1, 0, 2});
  failure_of<ProtocolError>(clock, work);
  peer.answer = modbus::tcp_frame(0, 5, pdu);
  run(clock, work());
  bus = rtu_bus.get();
  peer.answer = modbus::rtu_frame(6, pdu);
  failure_of<ForeignReply>(clock, work);
  peer.answer = modbus::rtu_frame(5, pdu);
  peer.answer.back() ^= 1;
  failure_of<ProtocolError>(clock, work);
  peer.answer.back() ^= 1;
  run(clock, work());
}

struct Program {
  int status;
  std::string output;
};

// Runs a program while the clock serves it.
Program run_program(WallClock& clock, const std::string& command) {
  Program result{-1, ""};
  bool done = false;
  const auto expectation = clock.expect_post();
  std::thread thread([&] {
    std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::array<char, 512> text;
    while (pipe && std::fgets(text.data(), text.size(), pipe)) result.output += text.data();
    result.status = pipe ? ::pclose(pipe) : -1;
    clock.post([&] { done = true; });
  });
  clock.run_until([&] { return done; });
  thread.join();
  return result;
}

TEST(ModbusAnswers, MbpollReadsAndWrites) {
  WallClock clock;
  if (run_program(clock, "command -v mbpoll").status != 0)
    FAIL() << "mbpoll is not installed, so no independent client checks the Modbus server: apt-get install mbpoll";
  ModbusTcpServer server(clock);
  Registers device;
  server.attach(1, device);
  const std::string with = "timeout 20 mbpoll -m tcp -p " + std::to_string(server.port()) + " -0 -1 -o 2 ";
  const auto expect = [&](const std::string& arguments, const std::string& words) {
    const Program program = run_program(clock, with + arguments);
    EXPECT_NE(program.output.find(words), std::string::npos) << arguments << "\n" << program.output;
  };
  expect("-a 1 -r 10 -c 4 -t 4 127.0.0.1", "[12]: \t120");
  expect("-a 1 -r 10 -c 4 -t 3 127.0.0.1", "[13]: \t130");
  expect("-a 1 -r 20 -t 4:float -B 127.0.0.1 -- 3.25", "Written 1 references.");
  EXPECT_EQ(device.holding[20], 0x4050);
  EXPECT_EQ(device.holding[21], 0x0000);
  expect("-a 1 -r 3 -t 0 127.0.0.1 1", "Written 1 references.");
  EXPECT_EQ(device.coils[3], 1);
  expect("-a 1 -r 0 -c 8 -t 0 127.0.0.1", "[3]: \t1");
  expect("-a 1 -r 99 -c 2 -t 4 127.0.0.1", "Illegal data address");
  expect("-a 7 -o 0.2 -r 0 -c 1 -t 4 127.0.0.1", "timed out");
}

TEST(ModbusAnswers, MbpollOverRtu) {
  WallClock clock;
  if (run_program(clock, "command -v mbpoll").status != 0)
    FAIL() << "mbpoll is not installed, so no independent client checks the Modbus server: apt-get install mbpoll";
  ModbusRtuServer server(clock);
  Registers device;
  server.attach(1, device);
  const Program program =
      run_program(clock, "timeout 20 mbpoll -m rtu -b 115200 -P none -a 1 -0 -1 -r 10 -c 4 -t 4 " + server.path());
  EXPECT_NE(program.output.find("[12]: \t120"), std::string::npos) << program.output;
}

}  // namespace
}  // namespace meterrig
