#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "core/waveform/decimation.hpp"
#include "core/waveform/segmenter.hpp"
#include "core/waveform/statistics.hpp"
#include "rig/record/recording.hpp"
#include "rig/record/sqlite_store.hpp"
#include "tests/benchmarks/waveform_signal.hpp"

// One hour at 100 kS/s: recorded into a store while statistics, events and a plot are made of it, read back whole and
// checked. How much memory does the process need? recording_hour [SECONDS]

namespace meterrig::benchmarks {
namespace {

double memory_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

int record_and_read(std::uint64_t span_s, const std::filesystem::path& folder) {
  using Now = std::chrono::steady_clock;
  VirtualClock clock{Utc{}};
  record::SqliteStore store(folder);
  record::Journal journal(store, clock, "hour");
  record::RecordingWriter writer(journal);
  WaveformStatistics statistics({.interval = 10us, .expected_period = 5s, .period_threshold_a = 6e-3});
  Segmenter segmenter(10us, battery_meter_events());
  Decimation plot(600);
  std::size_t events = 0;
  MeterCurrent meter;
  std::vector<std::int64_t> samples(MeterCurrent::rate / 2);
  const auto begun = Now::now();
  for (std::uint64_t half_second = 0; half_second < 2 * span_s; ++half_second) {
    meter.next(samples);
    statistics.feed(samples);
    segmenter.feed(samples);
    events += segmenter.take().size();
    plot.feed(samples);
    writer.feed(samples);
  }
  const std::string name = writer.finish();
  journal.append("note", {{"text", name}});
  journal.commit();
  const auto written = Now::now();
  record::RecordingReader reader(store, name);
  const std::string fault = reader.fault();
  const auto read = Now::now();
  const double mib = memory_mib();
  const auto bytes = static_cast<double>(std::filesystem::file_size(folder / record::SqliteStore::file_name));
  const auto s = [](auto from, auto to) { return std::chrono::duration<double>(to - from).count(); };
  fmt::print("{} samples, {} events, mean {:.6f} uA\n", statistics.samples(), events, statistics.mean() * 1e6);
  fmt::print("recorded in {:.1f} s, read back and checked in {:.1f} s, {:.2f} bytes a sample in the store\n",
             s(begun, written), s(written, read), bytes / static_cast<double>(statistics.samples()));
  fmt::print("largest memory {:.1f} MiB, target at most 64 MiB: {}\n", mib, mib <= 64 ? "met" : "not met");
  if (!fault.empty()) fmt::print(stderr, "{}\n", fault);
  return fault.empty() && mib <= 64 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace meterrig::benchmarks

int main(int argc, char** argv) {
  const std::uint64_t span_s = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 3600;
  std::string folder = (std::filesystem::temp_directory_path() / "meterrig-hour-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return EXIT_FAILURE;
  const int code = meterrig::benchmarks::record_and_read(span_s, folder);
  std::filesystem::remove_all(folder);
  return code;
}
