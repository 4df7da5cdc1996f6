#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/io/transport/streams.hpp"
#include "instruments/scpi_drivers.hpp"
#include "tests/benchmarks/benchmarks.hpp"
#include "tests/benchmarks/plain_client.hpp"

// A voltmeter read through its driver, profile, session and deadline, against a blocking loop of plain socket calls
// that sends and receives the same bytes; turn about in one run.
namespace meterrig::benchmarks {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view question = "READ?\n";
constexpr std::string_view answer = "+3.60012E+00\n";
constexpr std::string_view no_error = "+0,\"No error\"\n";
constexpr int queries_a_round = 20'000;

// Takes connections one after the other and answers each question, with blocking calls.
class LineServer {
 public:
  LineServer() : listener_(listen_plainly(port_)), thread_([this] { serve(); }) {}
  ~LineServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }
  std::string url() const { return fmt::format("tcp://127.0.0.1:{}", port_); }

 private:
  void serve() const {
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      char line[256];
      for (ssize_t count; (count = ::recv(fd, line, sizeof line, 0)) > 0;)
        reply(fd, {line, static_cast<std::size_t>(count)});
    }
  }
  // What the driver sends comes in whole lines, one or several at once; only questions are answered.
  static void reply(int fd, std::string_view lines) {
    for (std::size_t end; (end = lines.find('\n')) != std::string_view::npos; lines.remove_prefix(end + 1)) {
      const std::string_view line = lines.substr(0, end);
      const std::string_view said = line.find("ERR?") != std::string_view::npos ? no_error : answer;
      if (line.ends_with('?')) ::send(fd, said.data(), said.size(), MSG_NOSIGNAL);
    }
  }
  std::uint16_t port_ = 0;
  int listener_;
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

Task<double> driven_round(WallClock& clock, std::string url, const Profile& profile) {
  auto stream = co_await open_stream(clock, Url::parse(url), clock.now() + 1s);
  auto session = std::make_shared<ScpiSession>(clock, std::move(stream), scpi_options("dmm", profile));
  const auto voltmeter = make_scpi_voltmeter(clock, session, profile);
  co_await voltmeter->voltage();  // configures it
  const auto start = Steady::now();
  for (int i = 0; i < queries_a_round; ++i) co_await voltmeter->voltage();
  co_return rate_since(start);
}

}  // namespace

bool line_query(int rounds) {
  constexpr double target = 0.75;
  const int cpu = processors().back();
  pin(cpu);
  std::vector<double> blocking, driven, ratio;
  std::ifstream file(METERRIG_SOURCE_DIR "/config/instruments/keysight_34465a.json");
  const Profile profile(nlohmann::json::parse(file, nullptr, true, true));
  {
    // Made after the pinning, so that the server's thread inherits it.
    LineServer server;
    WallClock clock;
    for (int i = 0; i < rounds; ++i) {
      blocking.push_back(blocking_round(server.port()));
      driven.push_back(run(clock, driven_round(clock, server.url(), profile)));
      ratio.push_back(driven.back() / blocking.back());
    }
  }
  const double result = median(ratio);
  fmt::print("voltmeter reading, client and server on CPU {}, {} rounds of {} queries each\n", cpu, rounds,
             queries_a_round);
  fmt::print("  blocking socket calls   {:9.0f} /s\n", median(blocking));
  fmt::print("  driver, profile, session{:9.0f} /s\n", median(driven));
  fmt::print("  ratio                   {:9.3f}    (target at least {:.2f}: {})\n", result, target,
             result >= target ? "met" : "MISSED");
  return result >= target;
}

}  // namespace meterrig::benchmarks
