#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/tariff/account.hpp"
#include "core/tariff/decimal_text.hpp"

// Laws of the cost that hold for every table, of no steps to nine, with the smallest and the greatest numbers.
namespace meterrig::tariff {
namespace {

__extension__ typedef __int128 Wide;

// The same examples in every run, unless who runs the test asks for others.
const bool repeatable = setenv("RC_PARAMS", "seed=484", 0) == 0;

// Both ends included, evenly and whatever size RapidCheck thinks of.
std::int64_t between(std::int64_t least, std::int64_t most) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(least, most + 1));
}

PriceTable any_table(std::int64_t volume_most) {
  std::set<std::int64_t> volumes;
  for (auto count = between(0, 9); count > 0; --count) volumes.insert(between(1, volume_most));
  PriceTable table{{volumes.begin(), volumes.end()}, {}};
  const Price most = between(0, 1) == 0 ? price_max : 1000;
  while (table.prices.size() <= volumes.size()) table.prices.push_back(between(0, most));
  return table;
}

// Near a step as often as anywhere else.
Litres any_usage(const PriceTable& table, Litres most) {
  if (table.volumes_m3.empty() || between(0, 1) == 0) return between(0, most);
  const auto step = table.volumes_m3[static_cast<std::size_t>(between(0, std::ssize(table.volumes_m3) - 1))];
  return std::clamp(step * litres_per_m3 + between(-2, 2), Litres{0}, most);
}

// What annex A says, without a thought of speed: each litre at the price of the step it is in.
Wide litre_by_litre(const PriceTable& table, Litres usage) {
  Wide sum = 0;
  for (Litres litre = 1; litre <= usage; ++litre) {
    std::size_t step = 0;
    while (step < table.volumes_m3.size() && litre > table.volumes_m3[step] * litres_per_m3) ++step;
    sum += table.prices[step];
  }
  return sum;
}

// The printed formula, term by term: sum of P_i (min(X, V_i) - V_i-1)+ and P_n+1 (X - V_n)+.
Wide term_by_term(const PriceTable& table, Litres usage) {
  Wide sum = 0;
  Litres below = 0;
  for (std::size_t i = 0; i < table.volumes_m3.size(); ++i) {
    const Litres step = table.volumes_m3[i] * litres_per_m3;
    sum += Wide{table.prices[i]} * std::max<Litres>(std::min(usage, step) - below, 0);
    below = step;
  }
  return sum + Wide{table.prices.back()} * std::max<Litres>(usage - below, 0);
}

TEST(TariffProperties, CostIsThatOfEachLitre) {
  EXPECT_TRUE(rc::check([] {
    const PriceTable table = any_table(12);
    const Litres usage = any_usage(table, 15'000);
    RC_ASSERT(Wide{Staircase(table).cost(usage)} == litre_by_litre(table, usage));
  }));
}

TEST(TariffProperties, CostIsThatOfTheFormulaUpToTheGreatestVolume) {
  EXPECT_TRUE(rc::check([] {
    const PriceTable table = any_table(step_volume_max_m3);
    const Litres usage = any_usage(table, between(0, 1) == 0 ? volume_max : 2 * step_volume_max_m3 * litres_per_m3);
    RC_ASSERT(Wide{Staircase(table).cost(usage)} == term_by_term(table, usage));
  }));
}

TEST(TariffProperties, CostNeverFallsAndAddsUpOverSplits) {
  EXPECT_TRUE(rc::check([] {
    const PriceTable table = any_table(step_volume_max_m3);
    const Staircase prices(table);
    std::vector<Litres> usages;
    for (int i = 0; i < 3; ++i) usages.push_back(any_usage(table, volume_max));
    std::ranges::sort(usages);
    const Litres a = usages[0], b = usages[1], c = usages[2];
    RC_ASSERT(prices.cost(0) == 0);
    RC_ASSERT(prices.cost(a) <= prices.cost(b));
    RC_ASSERT(prices.cost_between(a, b) + prices.cost_between(b, c) == prices.cost_between(a, c));
    Cost sum = 0;
    Litres reached = a;
    for (const StepCost& part : prices.parts(a, c)) {
      RC_ASSERT(part.from == reached);
      RC_ASSERT(part.price == table.prices[static_cast<std::size_t>(part.step - 1)]);
      RC_ASSERT(prices.price_fits(part.from, part.price) && prices.price_fits(part.to, part.price));
      RC_ASSERT(part.cost == (part.to - part.from) * part.price);
      reached = part.to;
      sum += part.cost;
    }
    RC_ASSERT(reached == c);
    RC_ASSERT(sum == prices.cost_between(a, c));
  }));
}

// Whatever the pieces: a chain costs what each period and table costs, and whole cents stay within the strict limit.
TEST(TariffProperties, AnAccountAddsUpPeriodsAndTables) {
  EXPECT_TRUE(rc::check([] {
    PriceTable table = any_table(20);
    Account account(Staircase(table), 0);
    Wide total = 0;
    Litres usage = 0, since = 0;
    const auto close = [&] { total += term_by_term(table, usage) - term_by_term(table, since); };
    for (int event = 0; event < 30; ++event) {
      const std::int64_t kind = between(0, 9);
      if (kind == 0) {
        close();
        usage = since = 0;
        account.settle();
      } else if (kind == 1) {
        close();
        since = usage;
        table = any_table(20);
        account.switch_table(Staircase(table));
      } else {
        const Litres volume = between(0, 3'000);
        usage += volume;
        account.use(volume);
      }
      RC_ASSERT(account.period_usage() == usage);
      RC_ASSERT(Wide{account.cost()} == total + term_by_term(table, usage) - term_by_term(table, since));
      const auto [whole, remainder] = charge_of(account.cost());
      RC_ASSERT(account.zone(-whole) == Zone::pass);
      RC_ASSERT(account.zone(-whole - 1) == (remainder == 0 ? Zone::fail : Zone::pass));
      RC_ASSERT(account.zone(-whole + 1) == Zone::fail);
    }
  }));
}

TEST(TariffProperties, TextComesBack) {
  EXPECT_TRUE(rc::check([] {
    const auto value = between(0, volume_max);
    RC_ASSERT(volume_of(volume_text(value)) == value);
    RC_ASSERT(money_of(money_text(value)) == value);
    RC_ASSERT(money_of(money_text(-value)) == -value);
    RC_ASSERT(price_of(price_text(value % (price_max + 1))) == value % (price_max + 1));
    const std::string cost = cost_text(value);
    RC_ASSERT(std::stoll(cost.substr(0, cost.find('.')) + cost.substr(cost.size() - 5)) == value);
  }));
}

}  // namespace
}  // namespace meterrig::tariff
