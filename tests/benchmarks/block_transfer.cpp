#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <thread>

#include <fmt/format.h>

#include "core/io/transport/streams.hpp"
#include "instruments/sample_block.hpp"
#include "instruments/scpi_session.hpp"
#include "instruments/waveform.hpp"
#include "tests/benchmarks/benchmarks.hpp"
#include "tests/benchmarks/plain_client.hpp"

// A waveform of a million samples as a block of big-endian floats, into native floats, against plain calls that receive
// the same bytes and do nothing with them; turn about in one run.
namespace meterrig::benchmarks {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t samples = 1'000'000;
constexpr int blocks_a_round = 25;

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

float sample(std::size_t i) { return 1e-6f * static_cast<float>(i % 5000); }

// Answers each line with the block.
class BlockServer {
 public:
  explicit BlockServer(int cpu) : listener_(listen_plainly(port_)), thread_([this, cpu] { serve(cpu); }) {}
  ~BlockServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }
  static std::size_t size() { return 9 + 4 * samples + 1; }

 private:
  void serve(int cpu) const {
    pin(cpu);
    Bytes block(size());
    std::memcpy(block.data(), "#74000000", 9);
    for (std::size_t i = 0; i < samples; ++i) {
      const std::uint32_t word = __builtin_bswap32(std::bit_cast<std::uint32_t>(sample(i)));
      std::memcpy(block.data() + 9 + 4 * i, &word, 4);
    }
    block.back() = '\n';
    for (int fd; (fd = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(fd)) {
      char line[64];
      while (::recv(fd, line, sizeof line, 0) > 0)
        for (std::size_t sent = 0; sent < block.size();) {
          const ssize_t count = ::send(fd, block.data() + sent, block.size() - sent, MSG_NOSIGNAL);
          if (count <= 0) break;
          sent += static_cast<std::size_t>(count);
        }
    }
  }
  std::uint16_t port_ = 0;
  int listener_;
  std::thread thread_;
};

double plain_round(int fd, Bytes& into) {
  const auto start = Steady::now();
  for (int i = 0; i < blocks_a_round; ++i) {
    ::send(fd, "WAV?\n", 5, MSG_NOSIGNAL);
    for (std::size_t held = 0; held < into.size();) {
      const ssize_t count = ::recv(fd, into.data() + held, into.size() - held, 0);
      if (count <= 0) std::abort();
      held += static_cast<std::size_t>(count);
    }
  }
  return blocks_a_round * static_cast<double>(into.size()) / seconds_since(start);
}

Task<double> session_round(ScpiSession& session, std::vector<float>& values) {
  const auto start = Steady::now();
  for (int i = 0; i < blocks_a_round; ++i) co_await session.floats("WAV?", 10s, std::endian::big, values);
  const double rate = blocks_a_round * static_cast<double>(BlockServer::size()) / seconds_since(start);
  for (std::size_t i = 0; i < samples; ++i)
    if (values.size() != samples || values[i] != sample(i)) std::abort();
  co_return rate;
}

}  // namespace

bool block_transfer(int rounds) {
  constexpr double target = 0.9;
  const std::vector<int> cpus = processors();
  BlockServer server(cpus.front());
  pin(cpus.back());
  WallClock clock;
  const Url url = Url::parse(fmt::format("tcp://127.0.0.1:{}", server.port()));
  std::vector<double> plain, parsed, ratio, converting;
  Bytes raw(BlockServer::size());
  std::vector<float> values;
  std::vector<std::int64_t> counts(samples);
  for (int i = 0; i <= rounds; ++i) {
    const int fd = connect_plainly(server.port());
    plain.push_back(plain_round(fd, raw));
    ::close(fd);
    {
      ScpiSession session(clock, run(clock, open_stream(clock, url, clock.now() + 5s)), {.name = "analyser"});
      parsed.push_back(run(clock, session_round(session, values)));
    }
    ratio.push_back(parsed.back() / plain.back());
    const auto start = Steady::now();
    if (!counts_of(values, counts, Waveform::overload)) std::abort();
    converting.push_back(seconds_since(start));
    // The first round is for the pages and the sockets' buffers.
    if (i == 0) plain.clear(), parsed.clear(), ratio.clear(), converting.clear();
  }
  const double result = median(ratio);
  const double whole = static_cast<double>(BlockServer::size()) / median(parsed);
  fmt::print("block of {} floats, client on CPU {}, server on CPU {}, {} rounds of {} blocks each\n", samples,
             cpus.back(), cpus.front(), rounds, blocks_a_round);
  fmt::print("  plain socket calls      {:9.0f} MB/s\n", median(plain) / 1e6);
  fmt::print("  session, native floats  {:9.0f} MB/s\n", median(parsed) / 1e6);
  fmt::print("  ratio                   {:9.3f}    (target at least {:.2f}: {})\n", result, target,
             result >= target ? "met" : "MISSED");
  fmt::print("  into whole counts       {:9.2f} ms a block, {:.0f} % on top of the transfer\n",
             1e3 * median(converting), 100 * median(converting) / whole);
  return result >= target;
}

}  // namespace meterrig::benchmarks
