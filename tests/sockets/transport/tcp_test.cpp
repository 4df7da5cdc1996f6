#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/sockets/transport/support.hpp"

namespace meterrig {
namespace {

// Takes connections into its queue and never looks at them.
struct SilentListener {
  explicit SilentListener(int queue) : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const auto at = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd, at, size) != 0 || ::listen(fd, queue) != 0 || ::getsockname(fd, at, &size) != 0) std::abort();
    url = Url::parse("tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  }
  ~SilentListener() { ::close(fd); }
  int fd;
  Url url;
};

struct Tcp : testing::Test {
  std::unique_ptr<ByteStream> open(const TcpLinkServer& server) {
    return run(clock, open_stream(clock, Url::parse(server.url()), clock.now() + 5s));
  }
  WallClock clock;
};

TEST_F(Tcp, RoundTrip) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  EXPECT_EQ(stream->name(), server.url());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(run(clock, ask(clock, *stream, "MEAS:VOLT? 1\n")), "MEAS:VOLT? 1\n");
}

TEST_F(Tcp, SegmentsAreNotAnswers) {
  Mute peer(clock);
  TcpLinkServer server(clock, peer);
  const auto stream = open(server);
  clock.run_until([&] { return peer.port != nullptr; });
  peer.port->send(bytes_of("RIG"), clock.now());
  peer.port->send(bytes_of("OL,DP832\n"), clock.now() + 30ms);
  EXPECT_EQ(run(clock, read_line(clock, *stream)), "RIGOL,DP832\n");
}

TEST_F(Tcp, SmallReadsTakeAPieceEach) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  const auto work = [&]() -> Task<std::string> {
    co_await stream->write(bytes_of("abcdef\n"), clock.now() + 1s);
    std::string all;
    Bytes two(2);
    while (all.empty() || all.back() != '\n') {
      const std::size_t count = co_await stream->read(two, clock.now() + 1s);
      all.append(two.begin(), two.begin() + static_cast<std::ptrdiff_t>(count));
    }
    co_return all;
  };
  EXPECT_EQ(run(clock, work()), "abcdef\n");
}

TEST_F(Tcp, MegabytesBothWays) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  std::string much(8 << 20, 'x');
  much.back() = '\n';
  EXPECT_EQ(run(clock, ask(clock, *stream, much, 20s)), much);
}

// A read for more than the stream's own buffer goes straight to where the bytes belong.
TEST_F(Tcp, LargeAndSmallReadsInTurnLoseNothing) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  std::string sent(3 << 20, 'x');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i * 7 % 23);
  sent.back() = '\n';
  const auto work = [&]() -> Task<std::string> {
    co_await stream->write(bytes_of(sent), clock.now() + 20s);
    std::string all;
    Bytes large(100'000), small(7);
    while (all.size() < sent.size()) {
      Bytes& into = all.size() % 3 == 0 ? small : large;
      const std::size_t count = co_await stream->read(into, clock.now() + 20s);
      all.append(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(count));
    }
    co_return all;
  };
  EXPECT_EQ(run(clock, work()), sent);
}

TEST_F(Tcp, AStopOfALargeReadLeavesTheBytesToTheNext) {
  Mute peer(clock);
  TcpLinkServer server(clock, peer);
  const auto stream = open(server);
  clock.run_until([&] { return peer.port != nullptr; });
  for (int i = 0; i < 20; ++i) {
    CancelScope scope;
    Timer stop(clock, [&] { scope.cancel("stop"); });
    stop.at(clock.now() + 2ms);
    {
      auto gone = std::make_unique<Bytes>(1 << 20);
      const auto large = [&]() -> Task<> { co_await stream->read(*gone, clock.now() + 5s); };
      EXPECT_THROW(run(clock, scope, large()), Cancelled);
    }
    peer.port->send(bytes_of("late\n"), clock.now());
    if (i % 2) run(clock, sleep_for(2ms));
    EXPECT_EQ(run(clock, read_line(clock, *stream)), "late\n");
  }
}

TEST_F(Tcp, ALargeReadTimesOutAndEndsWithTheLink) {
  Mute peer(clock);
  TcpLinkServer server(clock, peer);
  const auto stream = open(server);
  clock.run_until([&] { return peer.port != nullptr; });
  Bytes large(1 << 20);
  const auto read = [&]() -> Task<> { co_await stream->read(large, clock.now() + 50ms); };
  EXPECT_LT(failure_of<TimeoutError>(clock, read).after, Duration{5s});
  Timer hang_up(clock, [&] { peer.port->hang_up(); });
  hang_up.at(clock.now() + 5ms);
  failure_of<ClosedError>(clock, read);
}

TEST_F(Tcp, AResetIsAClosedErrorAndReopeningGoesOn) {
  SilentListener listener(4);
  const auto stream = run(clock, open_stream(clock, listener.url, clock.now() + 5s));
  for (const std::size_t room : {64u, 1u << 20}) {
    const int fd = ::accept(listener.fd, nullptr, nullptr);
    const linger at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(fd);
    Bytes into(room);
    const auto read = [&]() -> Task<> {
      co_await stream->write(bytes_of("READ?\n"), clock.now() + 1s);
      co_await stream->read(into, clock.now() + 1s);
    };
    failure_of<ClosedError>(clock, read);
    run(clock, stream->reopen(clock.now() + 1s));
  }
}

TEST_F(Tcp, TimesOutAndNamesTheExchange) {
  Mute peer(clock);
  TcpLinkServer server(clock, peer);
  const auto stream = open(server);
  const auto work = [&]() -> Task<> { co_await ask(clock, *stream, "MEAS:CURR?\n", 100ms); };
  const Exchange exchange = failure_of<TimeoutError>(clock, work);
  EXPECT_EQ(exchange.of, server.url());
  EXPECT_EQ(exchange.asked, "MEAS:CURR?");
  EXPECT_EQ(exchange.got, "");
  EXPECT_GE(exchange.after, Duration{95ms});
  EXPECT_LT(exchange.after, Duration{5s});
}

TEST_F(Tcp, ALateAnswerIsDrained) {
  LineEcho echo(clock);
  echo.delay = 60ms;
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  const auto work = [&]() -> Task<> { co_await ask(clock, *stream, "one\n", 10ms); };
  failure_of<TimeoutError>(clock, work);
  run(clock, sleep_for(150ms));
  stream->drain();
  EXPECT_EQ(run(clock, ask(clock, *stream, "two\n")), "two\n");
}

TEST_F(Tcp, TheEndIsAClosedError) {
  Mute peer(clock);
  TcpLinkServer server(clock, peer);
  const auto stream = open(server);
  clock.run_until([&] { return peer.port != nullptr; });
  Timer hang_up(clock, [&] { peer.port->hang_up(); });
  hang_up.at(clock.now() + 20ms);
  const auto work = [&]() -> Task<> { co_await ask(clock, *stream, "*IDN?\n"); };
  EXPECT_EQ(failure_of<ClosedError>(clock, work).asked, "*IDN?");
  EXPECT_EQ(failure_of<ClosedError>(clock, work).of, server.url());
  run(clock, stream->reopen(clock.now() + 1s));
  clock.run_until([&] { return peer.connections == 2; });
}

TEST_F(Tcp, ClosingEndsTheReadAndReopeningGoesOn) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  Timer close(clock, [&] { stream->close(); });
  close.at(clock.now() + 10ms);
  const auto work = [&]() -> Task<> { co_await read_line(clock, *stream); };
  failure_of<ClosedError>(clock, work);
  failure_of<ClosedError>(clock, work);
  run(clock, stream->reopen(clock.now() + 1s));
  EXPECT_EQ(run(clock, ask(clock, *stream, "again\n")), "again\n");
}

TEST_F(Tcp, ARefusedConnectionSaysWhy) {
  Url url;
  {
    LineEcho echo(clock);
    url = Url::parse(TcpLinkServer(clock, echo).url());
  }
  const auto work = [&]() -> Task<> { co_await open_stream(clock, url, clock.now() + 1s); };
  try {
    run(clock, work());
    FAIL() << "connected";
  } catch (const LinkError& error) {
    EXPECT_NE(std::string(error.what()).find("refused (errno 111)"), std::string::npos) << error.what();
    EXPECT_EQ(error.exchange().of, url.text());
    EXPECT_EQ(error.exchange().asked, "connect");
  }
}

TEST_F(Tcp, ANameIsLookedUp) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  Url url = Url::parse(server.url());
  url.host = "localhost";
  const auto stream = run(clock, open_stream(clock, url, clock.now() + 5s));
  EXPECT_EQ(run(clock, ask(clock, *stream, "hello\n")), "hello\n");
}

TEST_F(Tcp, NobodyAnswersTheConnection) {
  // A listener whose queue is full lets further clients wait for ever.
  const SilentListener listener(0);
  std::vector<std::unique_ptr<ByteStream>> taken;
  const auto work = [&]() -> Task<> {
    for (int i = 0; i < 8; ++i) taken.push_back(co_await open_stream(clock, listener.url, clock.now() + 100ms));
  };
  EXPECT_EQ(failure_of<TimeoutError>(clock, work).asked, "connect");
}

TEST_F(Tcp, AStopReachesTheReadAndLosesNothing) {
  LineEcho echo(clock);
  echo.delay = 30ms;
  TcpLinkServer server(clock, echo);
  const auto stream = open(server);
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  stop.at(clock.now() + 5ms);
  EXPECT_THROW(run(clock, scope, ask(clock, *stream, "late\n")), Cancelled);
  EXPECT_EQ(run(clock, read_line(clock, *stream)), "late\n");
  EXPECT_THROW(run(clock, scope, stream->write(bytes_of("x"), clock.now() + 1s)), Cancelled);
}

TEST_F(Tcp, QuickStopsAndDestructions) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo, {.most_clients = 4});
  for (int i = 0; i < 200; ++i) {
    auto stream = open(server);
    CancelScope scope;
    TaskGroup group(clock, &scope);
    group.spawn([](Clock& c, ByteStream& s) -> Task<> { co_await ask(c, s, "q\n"); }(clock, *stream));
    const std::uint64_t until = clock.turns() + static_cast<std::uint64_t>(i % 4);
    while (clock.turns() < until && clock.turn()) {
    }
    if (i % 3 == 0) scope.cancel("stop");
    if (i % 5 == 0) stream.reset();
    if (i % 3 == 1) clock.look();
  }
  const auto stream = open(server);
  EXPECT_EQ(run(clock, ask(clock, *stream, "still here\n")), "still here\n");
}

TEST_F(Tcp, AStopTakesTheRestOfAWriteBack) {
  Mute peer(clock);
  const SilentListener listener(4);
  const auto stream = run(clock, open_stream(clock, listener.url, clock.now() + 1s));
  const Bytes much(32 << 20);
  const auto write = [&]() -> Task<> { co_await stream->write(much, clock.now() + 50ms); };
  failure_of<TimeoutError>(clock, write);
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  stop.at(clock.now() + 20ms);
  const auto long_write = [&]() -> Task<> { co_await stream->write(much, clock.now() + 1h); };
  EXPECT_THROW(run(clock, scope, long_write()), Cancelled);
}

TEST_F(Tcp, OneClientAtATime) {
  LineEcho echo(clock);
  TcpLinkServer server(clock, echo);
  auto first = open(server);
  EXPECT_EQ(run(clock, ask(clock, *first, "a\n")), "a\n");
  auto second = open(server);
  const auto work = [&]() -> Task<> { co_await ask(clock, *second, "b\n"); };
  failure_of<ClosedError>(clock, work);
  EXPECT_EQ(run(clock, ask(clock, *first, "c\n")), "c\n");
  // Close and connect again at once, as sigrok does: the new connection counts, the old one does not.
  for (int i = 0; i < 20; ++i) {
    first.reset();
    first = open(server);
    EXPECT_EQ(run(clock, ask(clock, *first, "d\n")), "d\n");
  }
  EXPECT_EQ(echo.connections, 21);
}

TEST_F(Tcp, TheLastWordsOfAClientArrive) {
  Mute peer(clock);
  TcpLinkServer server(clock, peer);
  auto stream = open(server);
  run(clock, stream->write(bytes_of("OUTP OFF\n"), clock.now() + 1s));
  stream.reset();
  clock.run_until([&] { return peer.ends == 1; });
  EXPECT_EQ(peer.line, bytes_of("OUTP OFF\n"));
}

TEST_F(Tcp, AnswersKeepTheirTimeOnAScaledClock) {
  WallClock fast(20);
  LineEcho echo(fast);
  echo.delay = 2s;
  TcpLinkServer server(fast, echo, {.timing = {1ms, 0ms}});
  const auto stream = run(fast, open_stream(fast, Url::parse(server.url()), fast.now() + 50s));
  const Instant start = fast.now();
  EXPECT_EQ(run(fast, ask(fast, *stream, "1234567\n", 100s)), "1234567\n");
  // 8 characters in, 2 s of thinking, 8 characters out.
  EXPECT_GE(fast.now() - start, Duration{2016ms});
  EXPECT_LT(fast.now() - start, Duration{20s});
}

}  // namespace
}  // namespace meterrig
