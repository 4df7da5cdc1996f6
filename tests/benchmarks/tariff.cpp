#include <benchmark/benchmark.h>

#include <random>

#include "core/tariff/account.hpp"
#include "core/tariff/decimal_text.hpp"

// Pricing water: usages anywhere in a table of nine steps, the most that a meter's price table holds.

namespace meterrig::benchmarks {
namespace {

using namespace meterrig::tariff;

constexpr std::size_t usages = 1'000'000;

const PriceTable nine_steps{{12, 24, 36, 48, 60, 72, 84, 96, 108},
                            {207, 414, 621, 828, 1035, 1242, 1449, 1656, 1863, 2070}};

std::vector<Litres> any_usages() {
  std::mt19937_64 random(484);
  std::vector<Litres> drawn(usages);
  for (Litres& usage : drawn) usage = static_cast<Litres>(random() % 120'000);
  return drawn;
}

void count(benchmark::State& state) { state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * usages)); }

void pricing(benchmark::State& state) {
  const Staircase prices(nine_steps);
  const std::vector<Litres> drawn = any_usages();
  for (auto _ : state) {
    Cost sum = 0;
    for (const Litres usage : drawn) sum += prices.cost(usage);
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}
BENCHMARK(pricing)->Unit(benchmark::kMillisecond);

// A litre at a time through a period, as a meter charges.
void account(benchmark::State& state) {
  for (auto _ : state) {
    Account account(Staircase(nine_steps), 0);
    for (std::size_t i = 0; i < usages; ++i) account.use(1);
    if (account.cost() != account.prices().cost(usages)) state.SkipWithError("the litres do not add up");
  }
  count(state);
}
BENCHMARK(account)->Unit(benchmark::kMillisecond);

void text_to_text(benchmark::State& state) {
  const Staircase prices(nine_steps);
  std::vector<std::string> texts;
  for (const Litres usage : any_usages()) texts.push_back(volume_text(usage));
  for (auto _ : state)
    for (const std::string& text : texts) benchmark::DoNotOptimize(cost_text(prices.cost(volume_of(text))));
  count(state);
}
BENCHMARK(text_to_text)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace meterrig::benchmarks
