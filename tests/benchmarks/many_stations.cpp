#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include "rig/run/forecast.hpp"
#include "tests/support/shared_rig.hpp"

namespace meterrig {
namespace {

constexpr double most_over_the_bound = 1.05;

double peak_mebibytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The plan cjt503-auto on 48 stations with one microammeter, one leak sensor and one flow standard between them, 5000
// valve cycles each. The lower bound is that of the times which the clauses of this very run took.
void many_stations(benchmark::State& state) {
  cli::RunFiles files = support::shared_files(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    support::VirtualRig rig(files);
    support::Session session(rig);
    session.to_end();
    state.PauseTiming();
    const rig::RunSetup setup = rig.setup();
    const auto& events = session.run().journal().events();
    const rig::LowerBound bound = rig::lower_bound(rig::demands_of(setup, support::times_in(events, setup)));
    const double took_s = support::makespan_s(events);
    state.counters["rig_hours"] = took_s / 3600;
    state.counters["bound_hours"] = bound.seconds / 3600;
    state.counters["ratio"] = took_s / bound.seconds;
    state.counters["forecast_hours"] = rig::forecast(setup).duration_s / 3600;
    state.counters["peak_MiB"] = peak_mebibytes();
    state.SetLabel("bottleneck " + bound.resource);
    if (took_s > most_over_the_bound * bound.seconds) state.SkipWithError("more than 1.05 of the lower bound");
    if (rig.bench->collisions() > 0) state.SkipWithError("an instrument stood at two stations");
    state.ResumeTiming();
  }
}
BENCHMARK(many_stations)->Arg(48)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(1);

// The schedule alone.
void forecast(benchmark::State& state) {
  cli::RunFiles files = support::shared_files(static_cast<int>(state.range(0)));
  support::VirtualRig rig(files);
  const rig::RunSetup setup = rig.setup();
  for (auto _ : state) benchmark::DoNotOptimize(rig::forecast(setup).duration_s);
}
BENCHMARK(forecast)->Arg(3)->Arg(48)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace meterrig
