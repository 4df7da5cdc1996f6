#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "core/io/transport/blocking_stream.hpp"
#include "core/io/transport/serial_ports.hpp"
#include "tests/sockets/transport/support.hpp"

namespace meterrig {
namespace {

TEST(Serial, BothWaysAt2400EvenParity) {
  WallClock clock;
  LineEcho echo(clock);
  PtyLinkServer server(clock, echo, LineTiming::serial(2400));
  const Url url = Url::parse(server.url() + "?baud=2400&parity=even&data=8&stop=1&dtr=1&rts=1");
  const auto stream = run(clock, open_stream(clock, url, clock.now() + 1s));
  const Instant start = clock.now();
  EXPECT_EQ(run(clock, ask(clock, *stream, "0123456789\n")), "0123456789\n");
  // 22 characters of 11 bits.
  EXPECT_GE(to_seconds(clock.now() - start), 22 * 11 / 2400.0 - 0.001);
}

TEST(Serial, EveryByteValuePasses) {
  WallClock clock;
  Mute peer(clock);
  PtyLinkServer server(clock, peer);
  const auto stream = run(clock, open_stream(clock, Url::parse(server.url()), clock.now() + 1s));
  Bytes all(256);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
  run(clock, stream->write(all, clock.now() + 1s));
  clock.run_until([&] { return peer.line.size() == all.size(); });
  EXPECT_EQ(peer.line, all);
  peer.port->send(all, clock.now());
  Bytes back;
  const auto read = [&]() -> Task<> {
    Bytes in(100);
    while (back.size() < all.size()) {
      const std::size_t count = co_await stream->read(in, clock.now() + 1s);
      back.insert(back.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(count));
    }
  };
  run(clock, read());
  EXPECT_EQ(back, all);
}

TEST(Serial, TheServerSurvivesItsClients) {
  WallClock clock;
  LineEcho echo(clock);
  PtyLinkServer server(clock, echo);
  for (int i = 0; i < 5; ++i) {
    const auto stream = run(clock, open_stream(clock, Url::parse(server.url()), clock.now() + 1s));
    EXPECT_EQ(run(clock, ask(clock, *stream, "hello\n")), "hello\n");
    run(clock, stream->reopen(clock.now() + 1s));
    EXPECT_EQ(run(clock, ask(clock, *stream, "again\n")), "again\n");
  }
  EXPECT_EQ(echo.connections, 1);
}

TEST(Serial, StopTimeOutDrainAndClose) {
  WallClock clock;
  LineEcho echo(clock);
  echo.delay = 60ms;
  auto server = std::make_unique<PtyLinkServer>(clock, echo);
  const auto stream = run(clock, open_stream(clock, Url::parse(server->url()), clock.now() + 1s));
  const auto hasty = [&]() -> Task<> { co_await ask(clock, *stream, "one\n", 10ms); };
  EXPECT_EQ(failure_of<TimeoutError>(clock, hasty).asked, "one");
  run(clock, sleep_for(150ms));
  stream->drain();
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  stop.at(clock.now() + 5ms);
  EXPECT_THROW(run(clock, scope, ask(clock, *stream, "two\n")), Cancelled);
  EXPECT_EQ(run(clock, read_line(clock, *stream)), "two\n");
  server.reset();
  const auto gone = [&]() -> Task<> { co_await read_line(clock, *stream); };
  failure_of<ClosedError>(clock, gone);
}

TEST(Serial, AMissingPortSaysSo) {
  WallClock clock;
  const auto work = [&]() -> Task<> {
    co_await open_stream(clock, Url::parse("serial:///dev/no_such_port?baud=300"), clock.now() + 1s);
  };
  try {
    run(clock, work());
    FAIL() << "opened";
  } catch (const LinkError& error) {
    EXPECT_NE(std::string(error.what()).find("(errno 2)"), std::string::npos) << error.what();
  }
}

TEST(Serial, PortsCanBeListed) {
  for (const SerialPortInfo& port : list_serial_ports()) EXPECT_TRUE(port.path.starts_with("/dev/")) << port.path;
}

TEST(Serial, AVirtualAddressIsNotOpenedHere) {
  WallClock clock;
  const auto work = [&]() -> Task<> { co_await open_stream(clock, Url::parse("virtual:supply"), clock.now() + 1s); };
  failure_of<UserError>(clock, work);
}

// A socket pair that keeps messages apart stands for the kernel's driver.
struct Usbtmc : testing::Test {
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    const timeval patience{0, 100'000};
    ::setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    stream = make_usbtmc_stream(clock, "usbtmc:///dev/usbtmc0", ends[0]);
    far = ends[1];
  }
  void TearDown() override { ::close(far); }
  WallClock clock;
  std::unique_ptr<ByteStream> stream;
  int far = -1;
};

TEST_F(Usbtmc, OneWriteIsOneMessage) {
  run(clock, stream->write(bytes_of("*IDN?\n"), clock.now() + 1s));
  char buffer[64];
  ASSERT_EQ(::recv(far, buffer, sizeof buffer, 0), 6);
  ASSERT_EQ(::send(far, "RIGOL,DM3068\n", 13, 0), 13);
  EXPECT_EQ(run(clock, read_line(clock, *stream)), "RIGOL,DM3068\n");
}

TEST_F(Usbtmc, TimeOutAndLateAnswer) {
  const auto work = [&]() -> Task<> { co_await ask(clock, *stream, "READ?\n", 30ms); };
  const Exchange exchange = failure_of<TimeoutError>(clock, work);
  EXPECT_EQ(exchange.asked, "READ?");
  EXPECT_LT(exchange.after, Duration{90ms});
  ASSERT_EQ(::send(far, "1.0\n", 4, 0), 4);
  EXPECT_EQ(run(clock, read_line(clock, *stream)), "1.0\n");
}

TEST_F(Usbtmc, AStopIsImmediate) {
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  stop.at(clock.now() + 5ms);
  EXPECT_THROW(run(clock, scope, read_line(clock, *stream)), Cancelled);
  stream.reset();
}

// A socket knows no device clear, and says so.
TEST_F(Usbtmc, AClearThatFailsIsALinkError) {
  const auto work = [&]() -> Task<> { co_await stream->clear(clock.now() + 1s); };
  EXPECT_EQ(failure_of<LinkError>(clock, work).asked, "device clear");
}

// Holds a message until it is cleared; a call that finds nothing takes its whole time.
struct Clearable final : BlockingDevice {
  struct State {
    std::mutex mutex;
    std::string pending = "stale\n";
    std::atomic<int> opens{0}, clears{0}, ends{0};
  };
  explicit Clearable(std::shared_ptr<State> s) : state(std::move(s)) {}
  ~Clearable() override { ++state->ends; }
  int open(int) override { return ++state->opens, 0; }
  int send(std::span<const std::uint8_t> message, int) override {
    const std::lock_guard lock(state->mutex);
    state->pending.append(message.begin(), message.end());
    return 0;
  }
  int receive(Bytes& into, int milliseconds) override {
    {
      const std::lock_guard lock(state->mutex);
      into = bytes_of(std::exchange(state->pending, ""));
    }
    if (into.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    return into.empty() ? ETIMEDOUT : 0;
  }
  int clear(int) override {
    ++state->clears;
    const std::lock_guard lock(state->mutex);
    state->pending.clear();
    return 0;
  }
  std::shared_ptr<State> state;
};

TEST(Blocking, ADeviceClearForgetsWhatWasToCome) {
  WallClock clock;
  const auto state = std::make_shared<Clearable::State>();
  const auto stream = make_blocking_stream(clock, "fake", [state] { return std::make_unique<Clearable>(state); });
  run(clock, stream->reopen(clock.now() + 1s));
  EXPECT_TRUE(run(clock, stream->clear(clock.now() + 1s)));
  EXPECT_EQ(run(clock, ask(clock, *stream, "fresh\n")), "fresh\n");
  EXPECT_EQ(state->opens, 1);
  EXPECT_EQ(state->clears, 1);
}

TEST(Blocking, NobodyWaitsForACallThatNobodyWants) {
  WallClock clock;
  const auto state = std::make_shared<Clearable::State>();
  auto stream = make_blocking_stream(clock, "fake", [state] { return std::make_unique<Clearable>(state); });
  run(clock, stream->reopen(clock.now() + 1s));
  run(clock, stream->clear(clock.now() + 1s));
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  const Instant start = clock.now();
  stop.at(start + 10ms);
  EXPECT_THROW(run(clock, scope, read_line(clock, *stream, 800ms)), Cancelled);
  stream.reset();
  EXPECT_LT(clock.now() - start, Duration{700ms});
  EXPECT_EQ(state->ends, 0);
  while (state->ends == 0) std::this_thread::sleep_for(1ms);
  EXPECT_LT(clock.now() - start, Duration{5s});
}

}  // namespace
}  // namespace meterrig
