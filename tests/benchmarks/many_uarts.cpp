#include <atomic>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/io/transport/link_server.hpp"
#include "core/io/transport/streams.hpp"
#include "meters/cjt188_meter.hpp"
#include "tests/benchmarks/benchmarks.hpp"

// Meters on serial lines polled at once by one thread through their driver: what of the lines it uses, and what of a
// processor.
namespace meterrig::benchmarks {
namespace {

constexpr std::size_t uarts = 64;
const LineTiming line = LineTiming::serial(2400);
constexpr Duration bus_idle = 30ms;  // CJ/T 188-2004 6.4, before each question

// Answers each question with the current data, a character later.
struct UartMeter final : LinkPeer {
  explicit UartMeter(Clock& c) : clock(c) {}
  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    scanner.feed(bytes);
    while (const auto question = scanner.next()) {
      cjt188::Frame reply{question->type, question->address, 0x81, question->data};
      reply.data.resize(0x16);
      port.send(cjt188::encode(reply), clock.now() + line.byte_time);
    }
  }
  Clock& clock;
  cjt188::Scanner scanner;
};

// The meters' side: a thread and a clock of its own, a pseudo-terminal a meter.
class UartMeters {
 public:
  explicit UartMeters(int cpu) : thread_([this, cpu] { serve(cpu); }) {
    while (clock_.load() == nullptr) std::this_thread::yield();
  }
  ~UartMeters() {
    clock_.load()->post([this] { ending_ = true; });
    thread_.join();
  }
  const std::vector<std::string>& urls() const { return urls_; }

 private:
  void serve(int cpu) {
    pin(cpu);
    WallClock clock;
    std::vector<std::unique_ptr<UartMeter>> meters;
    std::vector<std::unique_ptr<PtyLinkServer>> servers;
    for (std::size_t i = 0; i < uarts; ++i) {
      meters.push_back(std::make_unique<UartMeter>(clock));
      servers.push_back(std::make_unique<PtyLinkServer>(clock, *meters.back(), line));
      urls_.push_back(servers.back()->url());
    }
    clock_ = &clock;
    clock.run_until([this] { return ending_; });
  }
  std::atomic<WallClock*> clock_{nullptr};
  std::vector<std::string> urls_;
  bool ending_ = false;
  std::thread thread_;
};

struct Count {
  std::size_t frames = 0;
  std::size_t errors = 0;
};

Task<> poll_one(WallClock& clock, Cjt188Meter& meter, Instant end, Count& count) {
  const std::vector<std::string> items{"accumulated_volume"};
  while (clock.now() < end) {
    try {
      co_await meter.read(items);
      ++count.frames;
    } catch (const InstrumentError&) {
      ++count.errors;
    }
    co_await sleep_for(bus_idle);
  }
}

Task<> open_all(WallClock& clock, const std::vector<std::string>& urls, const MeterProfile& profile,
                std::vector<std::unique_ptr<Cjt188Meter>>& meters) {
  for (const std::string& url : urls) {
    const cjt188::Address address{static_cast<std::uint8_t>(meters.size())};
    auto stream = co_await open_stream(clock, Url::parse(url), clock.now() + 5s);
    meters.push_back(std::make_unique<Cjt188Meter>(clock, std::move(stream), profile, address, line.byte_time, url));
  }
}

Count poll_all(WallClock& clock, std::vector<std::unique_ptr<Cjt188Meter>>& meters, Duration span) {
  Count count;
  TaskGroup group(clock, nullptr);
  for (const auto& meter : meters) group.spawn(poll_one(clock, *meter, clock.now() + span, count));
  clock.run_until([&] { return group.done(); });
  return count;
}

// Question and answer have 18 and 37 bytes with their preambles; the answer starts a character after the question.
const Duration shortest_cycle = (18 + 1 + 37) * line.byte_time + bus_idle;

}  // namespace

bool many_uarts(Duration span) {
  constexpr double most_processor = 0.30;
  const std::vector<int> cpus = processors();
  UartMeters served(cpus.front());
  pin(cpus.back());
  std::ifstream file(METERRIG_SOURCE_DIR "/config/meters/cjt188_gas.json");
  const MeterProfile profile(nlohmann::json::parse(file));
  WallClock clock;
  std::vector<std::unique_ptr<Cjt188Meter>> meters;
  run(clock, open_all(clock, served.urls(), profile, meters));
  poll_all(clock, meters, 1s);
  const double busy = processor_seconds_of_this_thread();
  const Instant start = clock.now();
  const Count count = poll_all(clock, meters, span);
  const double took = to_seconds(clock.now() - start);
  const double processor = (processor_seconds_of_this_thread() - busy) / took;
  const double rate = static_cast<double>(count.frames) / took;
  const bool met = processor <= most_processor && count.errors == 0;
  fmt::print("{} meters on pseudo-terminals at 2400 8E1, polling on CPU {}, meters on CPU {}\n", uarts, cpus.back(),
             cpus.front());
  fmt::print("  frames                  {:9.1f} /s, {} errors\n", rate, count.errors);
  fmt::print("  share of the ideal      {:9.3f}\n", rate * to_seconds(shortest_cycle) / uarts);
  fmt::print("  polling's processor     {:8.1f} %  {:6.1f} us a frame (target at most {:.0f} %: {})\n", 100 * processor,
             1e6 * processor / rate, 100 * most_processor, met ? "met" : "MISSED");
  return met;
}

}  // namespace meterrig::benchmarks
