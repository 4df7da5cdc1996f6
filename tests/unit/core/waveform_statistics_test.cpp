#include "core/waveform/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "waveform_support.hpp"

namespace meterrig {
namespace {

using waveforms::Counts;
using waveforms::hold;
using waveforms::microampere;
using waveforms::milliampere;

constexpr StatisticsOptions at_1_khz{
    .interval = 1ms, .threshold_a = 1e-3, .expected_period = 1s, .period_threshold_a = 5e-3};

WaveformStatistics of(const Counts& counts, const StatisticsOptions& options = at_1_khz) {
  WaveformStatistics statistics(options);
  statistics.feed(counts);
  return statistics;
}

// All that can be asked, as bits.
std::vector<std::uint64_t> told(const WaveformStatistics& s) {
  std::vector<std::uint64_t> all{s.samples(), s.overloads(), s.samples_above().samples, s.samples_above().longest,
                                 s.means().means()};
  const auto add = [&](double value) { all.push_back(std::bit_cast<std::uint64_t>(value)); };
  if (s.samples() > 0 && s.overloads() == 0) {
    for (const double value : {s.mean(), s.rms(), s.charge(), s.minimum(), s.maximum()}) add(value);
  }
  if (s.means().means() > 0)
    for (const double percent : {0.0, 10.0, 50.0, 99.9, 100.0}) add(s.percentile(percent));
  const PeriodStretch whole = s.whole_periods();
  all.insert(all.end(), {whole.from, whole.to, static_cast<std::uint64_t>(whole.periods), whole.totals.samples});
  if (whole.periods > 0 && whole.totals.overloads == 0) add(whole.totals.mean());
  return all;
}

TEST(WaveformStatistics, ChunksDoNotChangeABit) {
  const bool holds = rc::check([] {
    const Counts counts = waveforms::any_current();
    WaveformStatistics in_chunks(at_1_khz);
    waveforms::feed_in_chunks(in_chunks, counts);
    WaveformStatistics one_by_one(at_1_khz);
    for (const std::int64_t& count : counts) one_by_one.feed(std::span(&count, 1));
    const auto expected = told(of(counts));
    RC_ASSERT(told(in_chunks) == expected);
    RC_ASSERT(told(one_by_one) == expected);
  });
  EXPECT_TRUE(holds);
}

// Held against sums of long doubles and plain loops: what a reader would write down.
TEST(WaveformStatistics, AgreesWithThePlainDefinition) {
  const bool holds = rc::check([] {
    Counts counts = waveforms::any_current();
    std::erase_if(counts, is_overload);
    RC_PRE(!counts.empty());
    const WaveformStatistics s = of(counts);
    long double sum = 0, squares = 0;
    std::uint64_t above = 0, longest = 0, running = 0;
    for (const std::int64_t count : counts) {
      const auto value = static_cast<long double>(count);
      sum += value;
      squares += value * value;
      running = count > 10'000'000 ? running + 1 : 0;
      above += running > 0;
      longest = std::max(longest, running);
    }
    const auto n = static_cast<long double>(counts.size());
    const auto near = [](double got, long double expected) {
      return std::abs(got - static_cast<double>(expected)) <= 1e-12 + 1e-13 * std::abs(static_cast<double>(expected));
    };
    RC_ASSERT(near(s.mean(), sum / n / 1e10L));
    RC_ASSERT(near(s.rms(), std::sqrt(squares / n) / 1e10L));
    RC_ASSERT(near(s.charge(), sum * 1e-13L));
    RC_ASSERT(s.minimum() == amperes(*std::min_element(counts.begin(), counts.end())));
    RC_ASSERT(s.maximum() == amperes(*std::max_element(counts.begin(), counts.end())));
    RC_ASSERT(s.samples_above().samples == above && s.samples_above().longest == longest);
    RC_ASSERT(s.time_above() == 1ms * static_cast<std::int64_t>(above));
  });
  EXPECT_TRUE(holds);
}

TEST(WaveformStatistics, SamplesAtALimitAreAtTheLimit) {
  const bool holds = rc::check([] {
    const auto limit = *rc::gen::inRange<std::int64_t>(-count_limit, count_limit + 1);
    const Counts counts(*rc::gen::inRange<std::size_t>(1, 5000), limit);
    const WaveformStatistics s = of(counts);
    RC_ASSERT(s.mean() == amperes(limit));
    RC_ASSERT(s.rms() == std::abs(amperes(limit)));
    if (counts.size() >= 10) RC_ASSERT(s.percentile(37) == amperes(limit));
  });
  EXPECT_TRUE(holds);
}

TEST(WaveformStatistics, LongSumsStayExact) {
  // 3 A for 20 million samples would lose its last digits in doubles; one count more must show.
  Counts block(1 << 20, 30'000'000'000);
  WaveformStatistics s({.interval = 10us});
  for (int i = 0; i < 20; ++i) s.feed(block);
  EXPECT_EQ(s.mean(), 3.0);
  EXPECT_EQ(s.rms(), 3.0);
  EXPECT_DOUBLE_EQ(s.charge(), 3.0 * 20 * (1 << 20) * 1e-5);
  s.feed(Counts{30'000'000'001});
  EXPECT_TRUE(s.totals().sum % 30'000'000'000 == 1);
}

TEST(WaveformStatistics, AnOverloadHasNoMean) {
  Counts counts(100, 18 * microampere);
  counts[40] = overload_count;
  counts[41] = count_limit + 1;
  counts[42] = -count_limit - 1;
  const WaveformStatistics s = of(counts);
  EXPECT_EQ(s.overloads(), 3U);
  EXPECT_THROW(s.mean(), std::logic_error);
  EXPECT_THROW(s.rms(), std::logic_error);
  EXPECT_THROW(s.charge(), std::logic_error);
  EXPECT_EQ(s.maximum(), 18e-6);
  EXPECT_EQ(s.longest_above(), 3ms);
  EXPECT_EQ(s.percentile(50), 18e-6);
  EXPECT_EQ(s.percentile(100), INFINITY);
  EXPECT_THROW(of({}).mean(), std::logic_error);
  EXPECT_THROW(of({overload_count}).maximum(), std::logic_error);
}

TEST(WaveformStatistics, MeanOverWholePeriods) {
  // Wakes of 6 ms at 12 mA each 5 s; the record begins and ends in between, so its plain mean is wrong.
  Counts counts;
  hold(counts, 1700, 18 * microampere);
  for (int i = 0; i < 4; ++i) {
    hold(counts, 6, 12 * milliampere);
    hold(counts, 4994, 18 * microampere);
  }
  const WaveformStatistics s = of(counts, {.interval = 1ms, .expected_period = 5s, .period_threshold_a = 6e-3});
  const PeriodStretch whole = s.whole_periods();
  EXPECT_EQ(whole.periods, 3);
  EXPECT_EQ(whole.from, 1700U);
  EXPECT_EQ(whole.to, 16'700U);
  EXPECT_EQ(whole.totals.samples, 15'000U);
  EXPECT_EQ(whole.totals.mean(), (6 * 12e-3 + 4994 * 18e-6) / 5000);
  EXPECT_NE(s.mean(), whole.totals.mean());
}

TEST(WaveformStatistics, RefusesWhatHasNoMeaning) {
  EXPECT_THROW(WaveformStatistics({.interval = 0ms}), std::invalid_argument);
  EXPECT_THROW(WaveformStatistics({.interval = 1us, .mean_width = 1s}), std::invalid_argument);
  EXPECT_THROW(of(Counts(100, 1)).percentile(101), std::invalid_argument);
  EXPECT_THROW(of(Counts(5, 1)).percentile(50), std::logic_error);
}

double exact_percentile(const std::vector<std::int64_t>& means, double percent) {
  return amperes(means[static_cast<std::size_t>(percent / 100 * static_cast<double>(means.size() - 1) + 0.5)]);
}

TEST(MeansDistribution, IsExactWhileItFitsAndWithinItsErrorBeyond) {
  MeansDistribution means(1);
  std::vector<std::int64_t> all;
  std::uint64_t state = 1;
  const auto grow = [&](std::size_t to) {
    Counts counts;
    while (all.size() + counts.size() < to) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      // From 0.1 nA to 1 A, a few below zero.
      const auto size = static_cast<std::int64_t>(state >> 30) >> (state % 33);
      counts.push_back(state % 10 == 0 ? -size : size);
    }
    each_block(counts, [&](const Block& block) { means.feed(block); });
    all.insert(all.end(), counts.begin(), counts.end());
    std::sort(all.begin(), all.end());
  };
  grow(MeansDistribution::exact_means);
  ASSERT_TRUE(means.exact());
  for (const double percent : {0.0, 3.0, 50.0, 99.0, 100.0})
    EXPECT_EQ(means.percentile(percent), exact_percentile(all, percent));
  for (const std::size_t size : {MeansDistribution::exact_means + 1, MeansDistribution::exact_means * 3}) {
    grow(size);
    ASSERT_FALSE(means.exact());
    for (double percent = 0; percent <= 100; percent += 2.5) {
      const double expected = exact_percentile(all, percent);
      EXPECT_LE(std::abs(means.percentile(percent) - expected), MeansDistribution::relative_error * std::abs(expected))
          << percent << " % of " << size;
    }
  }
}

}  // namespace
}  // namespace meterrig
