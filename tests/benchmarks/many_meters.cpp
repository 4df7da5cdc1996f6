#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "core/io/transport/link_server.hpp"
#include "core/io/transport/streams.hpp"
#include "tests/benchmarks/benchmarks.hpp"
#include "tests/benchmarks/plain_client.hpp"

// Many meters polled at once by one thread: how near the ideal, and what it costs.
namespace meterrig::benchmarks {
namespace {

constexpr std::size_t meters = 256;
constexpr Duration answer_delay = 10ms;
constexpr std::size_t frame_size = 16;

// Answers each frame with one of the same size, the delay later.
struct Meter final : LinkPeer {
  explicit Meter(Clock& c) : clock(c) {}
  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    port.send(bytes, clock.now() + answer_delay);
  }
  Clock& clock;
};

// The meters' side: a thread, a clock and a port of its own.
class Meters {
 public:
  explicit Meters(int cpu) : thread_([this, cpu] { serve(cpu); }) {
    while (port_.load() == 0) std::this_thread::yield();
  }
  ~Meters() {
    clock_.load()->post([this] { ending_ = true; });
    thread_.join();
  }
  std::uint16_t port() const { return port_; }

 private:
  void serve(int cpu) {
    pin(cpu);
    WallClock clock;
    Meter meter(clock);
    TcpLinkServer server(clock, meter, {.most_clients = 2 * meters});
    clock_ = &clock;
    port_ = server.port();
    clock.run_until([this] { return ending_; });
  }
  std::atomic<WallClock*> clock_{nullptr};
  std::atomic<std::uint16_t> port_{0};
  bool ending_ = false;
  std::thread thread_;
};

struct Count {
  std::size_t frames = 0;
  std::size_t errors = 0;
};

Task<> poll_one(WallClock& clock, ByteStream& stream, Instant end, Count& count) {
  const Bytes frame(frame_size, 0x68);
  Bytes in(64);
  while (clock.now() < end) {
    const Instant deadline = clock.now() + 1s;
    co_await stream.write(frame, deadline);
    std::size_t held = 0;
    while (held < frame_size) held += co_await stream.read(std::span(in).subspan(held), deadline);
    count.errors += held != frame_size || in[0] != 0x68;
    ++count.frames;
  }
}

Task<> connect_all(WallClock& clock, std::uint16_t port, std::vector<std::unique_ptr<ByteStream>>& streams) {
  const Url url = Url::parse(fmt::format("tcp://127.0.0.1:{}", port));
  for (std::size_t i = 0; i < meters; ++i) streams.push_back(co_await open_stream(clock, url, clock.now() + 5s));
}

Count poll_all(WallClock& clock, std::vector<std::unique_ptr<ByteStream>>& streams, Duration span) {
  Count count;
  TaskGroup group(clock, nullptr);
  for (const auto& stream : streams) group.spawn(poll_one(clock, *stream, clock.now() + span, count));
  clock.run_until([&] { return group.done(); });
  return count;
}

}  // namespace

bool many_meters(Duration span) {
  constexpr double least_share = 0.90;
  constexpr double most_processor = 0.15;
  const std::vector<int> cpus = processors();
  Meters server(cpus.front());
  pin(cpus.back());
  const PlainPoll plain = poll_plainly(server.port(), meters, frame_size, span);
  WallClock clock;
  std::vector<std::unique_ptr<ByteStream>> streams;
  run(clock, connect_all(clock, server.port(), streams));
  poll_all(clock, streams, span / 5);
  const double busy = processor_seconds_of_this_thread();
  const Instant start = clock.now();
  const Count count = poll_all(clock, streams, span);
  const double took = to_seconds(clock.now() - start);
  const double processor = (processor_seconds_of_this_thread() - busy) / took;
  const double rate = static_cast<double>(count.frames) / took;
  const double share = rate / (meters / to_seconds(answer_delay));
  const bool met = share >= least_share && processor <= most_processor && count.errors == 0;
  fmt::print("{} meters, {} ms answer delay, client on CPU {}, meters on CPU {}\n", meters,
             answer_delay / Duration{1ms}, cpus.back(), cpus.front());
  fmt::print("  frames                  {:9.0f} /s, {} errors\n", rate, count.errors);
  fmt::print("  share of the ideal      {:9.3f}    (target at least {:.2f})\n", share, least_share);
  fmt::print("  client's processor      {:8.1f} %  {:6.2f} us a frame (target at most {:.0f} %)\n", 100 * processor,
             1e6 * processor / rate, 100 * most_processor);
  fmt::print("  plain epoll, the same   {:8.1f} %  {:6.2f} us a frame, {:.0f} frames/s\n", 100 * plain.processor,
             1e6 * plain.processor / plain.frames_a_second, plain.frames_a_second);
  fmt::print("  {}\n", met ? "met" : "MISSED");
  return met;
}

}  // namespace meterrig::benchmarks
