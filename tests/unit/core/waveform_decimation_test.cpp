#include "core/waveform/decimation.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "waveform_support.hpp"

namespace meterrig {
namespace {

using waveforms::Counts;

TEST(Decimation, LosesNoExtremeHoweverItIsFed) {
  const bool holds = rc::check([] {
    const Counts counts = waveforms::any_current();
    const auto most = 2 * *rc::gen::inRange<std::size_t>(1, 40);
    Decimation decimation(most);
    waveforms::feed_in_chunks(decimation, counts);
    const auto& buckets = decimation.buckets();
    const std::size_t width = decimation.samples_per_bucket();
    RC_ASSERT(buckets.size() <= most);
    RC_ASSERT(buckets.size() == (counts.size() + width - 1) / width);
    RC_ASSERT(width == 1 || buckets.size() > most / 2);
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const std::size_t from = i * width;
      const Totals expected = totals_of(std::span(counts).subspan(from, std::min(width, counts.size() - from)));
      RC_ASSERT(buckets[i].lowest == expected.lowest && buckets[i].highest == expected.highest);
      RC_ASSERT(buckets[i].overload == (expected.overloads > 0));
    }
  });
  EXPECT_TRUE(holds);
}

TEST(Decimation, OneSampleOfAMinuteShows) {
  Decimation decimation(800);
  Counts second(100'000, 180'000);
  for (int i = 0; i < 60; ++i) {
    second[777] = i == 34 ? 5'000'000'000 : 180'000;
    decimation.feed(second);
  }
  EXPECT_EQ(decimation.samples(), 6'000'000U);
  EXPECT_LE(decimation.buckets().size(), 800U);
  const std::uint64_t sample = 34 * 100'000ULL + 777;
  EXPECT_EQ(decimation.buckets()[sample / decimation.samples_per_bucket()].highest, 5'000'000'000);
}

TEST(Decimation, NeedsAnEvenNumberOfBuckets) {
  for (const std::size_t n : {0, 1, 3}) EXPECT_THROW(Decimation{n}, std::invalid_argument);
}

}  // namespace
}  // namespace meterrig
