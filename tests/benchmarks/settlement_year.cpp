#include "tests/support/settlement_year.hpp"

#include <benchmark/benchmark.h>

namespace meterrig {
namespace {

// Three water meters through a year: 365 daily, 12 monthly, 4 quarterly settlements and one of the year, all read in
// frames and held against a reckoning of the customer's.
void settlement_year(benchmark::State& state) {
  support::SettlementYear year;
  for (auto _ : state) {
    year = support::live_a_year();
    if (!year.faults.empty()) state.SkipWithError(year.faults.front().c_str());
  }
  state.counters["settlements"] = year.settlements;
  state.counters["litres"] = static_cast<double>(year.litres);
  state.counters["frames"] = static_cast<double>(year.requests);
}
BENCHMARK(settlement_year)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace meterrig
