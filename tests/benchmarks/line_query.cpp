#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include <fmt/format.h>

#include "core/io/transport/streams.hpp"
#include "tests/benchmarks/benchmarks.hpp"
#include "tests/benchmarks/plain_client.hpp"

// One line out, one line back, against a blocking loop of plain socket calls, turn about in one run.
namespace meterrig::benchmarks {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view question = "MEAS:VOLT?\n";
constexpr std::string_view answer = "+3.60012E+00\n";
constexpr int queries_a_round = 20'000;

// Takes connections one after the other and answers each line, with blocking calls.
class LineServer {
 public:
  LineServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address_;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address_), size);
    ::listen(listener_, 4);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
    thread_ = std::thread([this] { serve(); });
  }
  ~LineServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return ntohs(address_.sin_port); }
  std::string url() const { return fmt::format("tcp://127.0.0.1:{}", port()); }

 private:
  void serve() const {
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      char line[256];
      for (ssize_t count; (count = ::recv(fd, line, sizeof line, 0)) > 0;)
        if (line[count - 1] == '\n') ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
  }
  int listener_;
  sockaddr_in address_{};
  std::thread thread_;
};

double rate_since(Steady::time_point start) {
  return queries_a_round / std::chrono::duration<double>(Steady::now() - start).count();
}

double blocking_round(std::uint16_t port) {
  const int fd = connect_plainly(port);
  const auto start = Steady::now();
  for (int i = 0; i < queries_a_round; ++i) {
    ::send(fd, question.data(), question.size(), MSG_NOSIGNAL);
    char line[256];
    std::size_t held = 0;
    do {
      const ssize_t count = ::recv(fd, line + held, sizeof line - held, 0);
      if (count <= 0) std::abort();
      held += static_cast<std::size_t>(count);
    } while (line[held - 1] != '\n');
  }
  const double rate = rate_since(start);
  ::close(fd);
  return rate;
}

Task<std::size_t> query(Clock& clock, ByteStream& stream, std::span<std::uint8_t> line) {
  const Instant deadline = clock.now() + 1s;
  co_await stream.write({reinterpret_cast<const std::uint8_t*>(question.data()), question.size()}, deadline);
  std::size_t held = 0;
  do held += co_await stream.read(line.subspan(held), deadline);
  while (line[held - 1] != '\n');
  co_return held;
}

Task<double> streaming_round(WallClock& clock, std::string url) {
  const auto stream = co_await open_stream(clock, Url::parse(url), clock.now() + 1s);
  std::array<std::uint8_t, 256> line;
  const auto start = Steady::now();
  for (int i = 0; i < queries_a_round; ++i) co_await query(clock, *stream, line);
  co_return rate_since(start);
}

}  // namespace

bool line_query(int rounds) {
  constexpr double target = 0.75;
  const int cpu = processors().back();
  pin(cpu);
  std::vector<double> blocking, streaming, ratio;
  {
    // Made after the pinning, so that the server's thread inherits it.
    LineServer server;
    WallClock clock;
    for (int i = 0; i < rounds; ++i) {
      blocking.push_back(blocking_round(server.port()));
      streaming.push_back(run(clock, streaming_round(clock, server.url())));
      ratio.push_back(streaming.back() / blocking.back());
    }
  }
  const double result = median(ratio);
  fmt::print("line query, client and server on CPU {}, {} rounds of {} queries each\n", cpu, rounds, queries_a_round);
  fmt::print("  blocking socket calls   {:9.0f} /s\n", median(blocking));
  fmt::print("  WallClock + ByteStream  {:9.0f} /s\n", median(streaming));
  fmt::print("  ratio                   {:9.3f}    (target at least {:.2f}: {})\n", result, target,
             result >= target ? "met" : "MISSED");
  return result >= target;
}

}  // namespace meterrig::benchmarks
