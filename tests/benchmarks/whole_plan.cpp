#include <benchmark/benchmark.h>

#include "tests/support/virtual_rig.hpp"

namespace meterrig {
namespace {

// The plan cjt503-auto on three virtual meters under the virtual clock, 5000 valve cycles each included: what the
// program does, without its start, its store and its report.
void whole_plan(benchmark::State& state) {
  cli::RunOptions words;
  words.plan = "cjt503-auto";
  cli::RunFiles files = support::files_of(words);
  double rig_seconds = 0, exchanges = 0;
  for (auto _ : state) {
    support::VirtualRig rig(files);
    support::Session session(rig);
    session.to_end();
    rig_seconds += to_seconds(rig.clock.now().time_since_epoch());
    for (const auto& [member, count] : rig.connector->exchanges()) exchanges += count;
  }
  state.counters["rig_hours"] = benchmark::Counter(rig_seconds / 3600, benchmark::Counter::kAvgIterations);
  state.counters["exchanges"] = benchmark::Counter(exchanges, benchmark::Counter::kAvgIterations);
  state.counters["exchanges/s"] = benchmark::Counter(exchanges, benchmark::Counter::kIsRate);
}
BENCHMARK(whole_plan)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace meterrig
