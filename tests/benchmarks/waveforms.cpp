#include <benchmark/benchmark.h>

#include "core/waveform/decimation.hpp"
#include "core/waveform/segmenter.hpp"
#include "core/waveform/statistics.hpp"
#include "rig/record/chunk_codec.hpp"
#include "tests/benchmarks/waveform_signal.hpp"

// What looks at samples as they come, and what packs them: 64-bit counts in chunks as an acquisition delivers them, ten
// seconds at 100 kS/s going round.

namespace meterrig::benchmarks {
namespace {

constexpr std::size_t chunk = 50'000;

std::vector<std::int64_t> ten_seconds() {
  std::vector<std::int64_t> samples(10 * MeterCurrent::rate);
  MeterCurrent().next(samples);
  return samples;
}

constexpr StatisticsOptions everything{
    .interval = 10us, .threshold_a = 1e-3, .expected_period = 5s, .period_threshold_a = 6e-3};

template <typename Feed>
void over(benchmark::State& state, Feed feed) {
  const std::vector<std::int64_t> samples = ten_seconds();
  for (auto _ : state) {
    for (std::size_t at = 0; at < samples.size(); at += chunk) feed(std::span(samples).subspan(at, chunk));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * samples.size()));
}

void statistics_and_events(benchmark::State& state) {
  WaveformStatistics statistics(everything);
  Segmenter segmenter(10us, battery_meter_events());
  std::size_t events = 0;
  over(state, [&](std::span<const std::int64_t> samples) {
    each_block(samples, [&](const Block& block) {
      statistics.feed(block);
      segmenter.feed(block);
    });
    events += segmenter.take().size();
  });
  // Two receive windows, a transmission and two sleeps in each round; the last two are still open.
  if (events < 3 * static_cast<std::size_t>(state.iterations())) state.SkipWithError("events were not found");
  benchmark::DoNotOptimize(statistics.rms());
}
BENCHMARK(statistics_and_events);

void statistics_alone(benchmark::State& state) {
  WaveformStatistics statistics(everything);
  over(state, [&](std::span<const std::int64_t> samples) { statistics.feed(samples); });
  benchmark::DoNotOptimize(statistics.rms());
}
BENCHMARK(statistics_alone);

void events_alone(benchmark::State& state) {
  Segmenter segmenter(10us, battery_meter_events());
  over(state, [&](std::span<const std::int64_t> samples) {
    segmenter.feed(samples);
    benchmark::DoNotOptimize(segmenter.take());
  });
}
BENCHMARK(events_alone);

void decimation(benchmark::State& state) {
  Decimation buckets(600);
  over(state, [&](std::span<const std::int64_t> samples) { buckets.feed(samples); });
  benchmark::DoNotOptimize(buckets.buckets().data());
}
BENCHMARK(decimation);

void packing(benchmark::State& state) {
  std::size_t bytes = 0;
  over(state, [&](std::span<const std::int64_t> samples) { bytes = record::pack(samples).size(); });
  state.counters["bytes/sample"] = static_cast<double>(bytes) / chunk;
}
BENCHMARK(packing);

void unpacking(benchmark::State& state) {
  const std::vector<std::int64_t> samples = ten_seconds();
  const std::string packed = record::pack(std::span(samples).first(chunk));
  for (auto _ : state) benchmark::DoNotOptimize(record::unpack(packed, chunk));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * chunk));
}
BENCHMARK(unpacking);

}  // namespace
}  // namespace meterrig::benchmarks
