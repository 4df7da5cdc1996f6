#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <random>

#include <fmt/format.h>

#include "meters/cjt188.hpp"
#include "meters/dlt645.hpp"

// Finding and checking frames in a byte stream, as fast as it comes and with no memory asked for.

namespace {
std::atomic<std::size_t> allocations{0};
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace meterrig::benchmarks {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t stream_size = 1 << 20;

struct Stream {
  const char* name;
  Bytes bytes;
  std::size_t frames = 0;
};

void append(Bytes& to, const Bytes& bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// A bus that is read in turns: questions and answers of usual lengths with their preambles, the idle line between them
// as FF, and on each tenth exchange some noise. No start byte but those of the frames, so that all of them are found.
template <typename MakeFrame>
Stream mixed_traffic(const MakeFrame& make_frame, std::vector<std::size_t> lengths) {
  std::mt19937 random(188);
  const auto harmless = [&] { return static_cast<std::uint8_t>(random() % 0x30); };
  Stream stream{"mixed", {}, 0};
  while (stream.bytes.size() < stream_size) {
    Bytes data(lengths[random() % lengths.size()]);
    for (auto& byte : data) byte = harmless();
    append(stream.bytes, make_frame(data, static_cast<int>(2 + random() % 3)));
    ++stream.frames;
    append(stream.bytes, Bytes(random() % 16, 0xFF));
    if (random() % 10 != 0) continue;
    for (std::size_t i = random() % 30; i > 0; --i) stream.bytes.push_back(harmless());
  }
  return stream;
}

Stream repeated(const char* name, const Bytes& pattern) {
  Stream stream{name, {}, 0};
  while (stream.bytes.size() < stream_size) append(stream.bytes, pattern);
  return stream;
}

template <typename Scanner>
void scan(benchmark::State& state, const Stream& stream, std::size_t chunk) {
  Scanner scanner;
  std::size_t frames = 0;
  const auto pass = [&] {
    for (std::size_t at = 0; at < stream.bytes.size(); at += chunk) {
      scanner.feed(std::span(stream.bytes).subspan(at, std::min(chunk, stream.bytes.size() - at)));
      while (!scanner.next_bytes().empty()) ++frames;
    }
  };
  pass();
  if (frames != stream.frames) state.SkipWithError("the frames of the stream were not found");
  std::size_t asked = 0;
  for (auto _ : state) {
    const std::size_t before = allocations;
    pass();
    asked += allocations - before;
  }
  if (asked > 0) state.SkipWithError("memory was asked for");
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * stream.bytes.size()));
  state.counters["allocations"] = static_cast<double>(asked);
}

template <typename Scanner>
void add(const char* protocol, Stream stream) {
  for (const std::size_t chunk : {std::size_t{64}, std::size_t{4096}, stream_size}) {
    const std::string name = fmt::format("{}/{}/chunks of {}", protocol, stream.name, chunk);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [stream, chunk](benchmark::State& state) { scan<Scanner>(state, stream, chunk); });
  }
}

void add_all() {
  const auto cjt188_frame = [](const Bytes& data, int preamble) {
    return cjt188::encode({0x10, {0x21, 0x43, 0x05, 0x00, 0x00, 0x01, 0x11}, 0x81, data}, preamble);
  };
  const auto dlt645_frame = [](const Bytes& data, int preamble) {
    return dlt645::encode({{0x21, 0x43, 0x05, 0x00, 0x00, 0x01}, 0x91, data}, preamble);
  };
  add<cjt188::Scanner>("cjt188", mixed_traffic(cjt188_frame, {3, 3, 3, 0x16, 0x16, 0x2E}));
  add<cjt188::Scanner>("cjt188", repeated("starts only", {0x68}));
  // Start bytes whose lengths lead to end bytes, so that nothing but the checksum is wrong: each third byte, and each
  // seventh twice, is a start whose frame would be of nearly the greatest length.
  add<cjt188::Scanner>("cjt188", repeated("wrong checksums", {0x68, 0xFE, 0x16}));
  add<dlt645::Scanner>("dlt645", mixed_traffic(dlt645_frame, {4, 4, 4, 8, 10, 36}));
  add<dlt645::Scanner>("dlt645", repeated("starts only", {0x68}));
  add<dlt645::Scanner>("dlt645", repeated("wrong checksums", {0x68, 0x68, 0xFC, 0xFC, 0x16, 0x16, 0x00}));
}

}  // namespace
}  // namespace meterrig::benchmarks

int main(int argc, char** argv) {
  meterrig::benchmarks::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return EXIT_FAILURE;
  benchmark::RunSpecifiedBenchmarks();
  return EXIT_SUCCESS;
}
