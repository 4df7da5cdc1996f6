#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

#include "core/io/transport/streams.hpp"
#include "instruments/scpi_session.hpp"
#include "tests/sockets/vxi11/vxi11_server.hpp"

// The VXI-11 stream through liblxi against an instrument and a portmapper of this folder.
namespace meterrig {
namespace {

struct Vxi11 : testing::Test {
  Url url = Url::parse("vxi11://127.0.0.1/inst0");
  std::string answer(const std::string& message) {
    heard.push_back(message);
    if (message == "*IDN?\n") return "RIGOL TECHNOLOGIES,DM3068,DM3O1,01.01\n";
    if (message == "READ?\n") return "+1.25E-05\n";
    if (message == "WAV?\n") return "#6300000" + std::string(300'000, 'w') + "\n";
    return "";
  }
  std::unique_ptr<ByteStream> open() { return run(clock, open_stream(clock, url, clock.now() + 5s)); }
  ScpiSession session() { return ScpiSession(clock, open(), {.name = "dmm1", .error_query = "", .timeout = 300ms}); }
  std::vector<std::string> heard;
  Vxi11Server server{[this](const std::string& message) { return answer(message); }};
  WallClock clock;
};

TEST_F(Vxi11, AsksAndAnswers) {
  url = Url::parse("vxi11://127.0.0.1/gpib0,5");
  ScpiSession dmm = session();
  EXPECT_EQ(run(clock, dmm.identify()).model, "DM3068");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run(clock, dmm.number("READ?")), 1.25e-5);
  EXPECT_EQ(server.device(), "gpib0,5");
  EXPECT_EQ(server.links, 1);
  EXPECT_EQ(heard.front(), "*IDN?\n");
}

TEST_F(Vxi11, LongAnswersInChunks) {
  ScpiSession dmm = session();
  for (const std::size_t chunk : {1u << 20, 262'144u, 1000u}) {
    server.chunk = chunk;
    EXPECT_EQ(run(clock, dmm.block("WAV?", 5s)), Bytes(300'000, 'w'));
  }
  EXPECT_EQ(server.links, 1);
}

TEST_F(Vxi11, ASilentInstrumentIsATimeOutAndItsLinkIsMadeAnew) {
  ScpiSession dmm = session();
  try {
    run(clock, dmm.query("FOO?"));
    FAIL() << "answered";
  } catch (const TimeoutError& late) {
    EXPECT_EQ(late.exchange().asked, "FOO?");
    EXPECT_GE(late.exchange().after, Duration{290ms});
    EXPECT_LT(late.exchange().after, Duration{3s});
  }
  EXPECT_EQ(run(clock, dmm.number("READ?")), 1.25e-5);
  EXPECT_EQ(server.links, 2);
}

// liblxi waits 25 s for a server that says nothing at all; the rig waits for nobody that long.
TEST_F(Vxi11, ADeadServerHoldsNothingUp) {
  const auto stream = open();
  server.dead = true;
  const Instant start = clock.now();
  EXPECT_THROW(run(clock, stream->write(Bytes{'X', '\n'}, start + 200ms)), TimeoutError);
  EXPECT_THROW(run(clock, stream->reopen(clock.now() + 200ms)), TimeoutError);
  stream->close();
  EXPECT_LT(clock.now() - start, Duration{5s});
}

TEST_F(Vxi11, AStopIsImmediate) {
  const auto stream = open();
  CancelScope scope;
  Timer stop(clock, [&] { scope.cancel("stop"); });
  const Instant start = clock.now();
  stop.at(start + 10ms);
  Bytes in(64);
  const auto read = [&]() -> Task<> { co_await stream->read(in, clock.now() + 60s); };
  EXPECT_THROW(run(clock, scope, read()), Cancelled);
  EXPECT_LT(clock.now() - start, Duration{5s});
}

TEST_F(Vxi11, ClosingEndsTheLinkOfTheInstrument) {
  open()->close();
  for (int i = 0; i < 500 && server.destroyed == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(server.destroyed, 1);
}

TEST(Vxi11Addresses, NobodyThere) {
  WallClock clock;
  const auto open = [&]() -> Task<> { co_await open_stream(clock, Url::parse("vxi11://127.0.0.1"), clock.now() + 5s); };
  EXPECT_THROW(run(clock, open()), LinkError);
}

// The portmapper's port is one that only root may open: the tests have a network of their own, which has nothing but
// loopback. Where that is forbidden they need the port itself.
bool network_of_our_own() {
  if (::unshare(CLONE_NEWNET) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return up;
}

}  // namespace
}  // namespace meterrig

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (!meterrig::network_of_our_own())
    std::fprintf(stderr, "no network of our own: port 111 must be free, and ours to open\n");
  return RUN_ALL_TESTS();
}
