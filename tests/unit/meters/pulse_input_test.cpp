#include "meters/pulse_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/errors.hpp"

namespace meterrig {
namespace {

using Train = std::vector<Duration>;

// Sixteen pulses of a gas meter at 4 m3/h and 0.01 m3 a pulse.
constexpr Duration period = 9s;
constexpr std::size_t length = 16;

Train steady(std::size_t count = length, Duration each = period, Duration from = 5s) {
  Train train;
  for (std::size_t i = 0; i < count; ++i) train.push_back(from + static_cast<std::int64_t>(i) * each);
  return train;
}

// Each pulse is up to so many hundredths of the period early or late, never twice the same way in a row.
Train jittered(int hundredths) {
  Train train = steady();
  for (std::size_t i = 0; i < train.size(); ++i)
    train[i] += period * (static_cast<int>(i * 7 % 11) - 5) * hundredths / 500;
  return train;
}

Train without(Train train, std::size_t first, std::size_t count = 1) {
  const auto from = train.begin() + static_cast<std::ptrdiff_t>(first);
  train.erase(from, from + static_cast<std::ptrdiff_t>(count));
  return train;
}

Train with(Train train, Duration extra) {
  train.insert(std::upper_bound(train.begin(), train.end(), extra), extra);
  return train;
}

// The train and then pulses at other distances.
Train then(Train train, std::vector<Duration> distances) {
  for (const Duration distance : distances) train.push_back(train.back() + distance);
  return train;
}

PulseInput fed(const Train& train, Duration debounce = Duration::zero()) {
  PulseInput input(debounce);
  for (const Duration at : train) input.add(at);
  return input;
}

PulseFindings judged(const Train& train) { return fed(train).judge(); }

void expect_nothing(const PulseFindings& found, const std::string& of) {
  EXPECT_EQ(found.missing_pulses(), 0u) << of;
  EXPECT_EQ(found.extra_pulses(), 0u) << of;
  EXPECT_TRUE(found.pauses.empty()) << of;
}

TEST(PulseInput, CountsAndTakesBouncesOff) {
  Train bouncing;
  for (const Duration at : steady())
    for (const Duration after : {0us, 400us, 1100us, 2700us}) bouncing.push_back(at + after);
  EXPECT_EQ(fed(bouncing).pulses().size(), 4 * length);
  EXPECT_EQ(fed(bouncing, 1ms).pulses().size(), 3 * length) << "1.1 ms behind the first, 1.6 ms behind that";
  const PulseInput right = fed(bouncing, 3ms);
  EXPECT_EQ(right.pulses(), steady());
  EXPECT_EQ(right.bounces(), 3 * length);
  expect_nothing(right.judge(), "bounces");
}

TEST(PulseInput, TakesWhatACounterGives) {
  PulseInput input;
  input.add(std::vector<PulseEdge>{{7, 1s}, {8, 3s}});
  EXPECT_EQ(input.pulses(), (Train{1s, 3s}));
}

TEST(PulseInput, RefusesTimeThatRunsBack) {
  PulseInput input(1s);
  input.add(5s);
  input.add(5500ms);
  EXPECT_THROW(input.add(5400ms), std::invalid_argument) << "the bounce was later";
  EXPECT_NO_THROW(input.add(5500ms));
  EXPECT_THROW(PulseInput(-1ns), std::invalid_argument);
}

TEST(PulseInput, GivesDistancesAndRate) {
  EXPECT_FALSE(fed({}).intervals());
  EXPECT_FALSE(fed({5s}).intervals());
  EXPECT_FALSE(fed({5s}).pulses_per_hour());
  EXPECT_FALSE(fed({5s, 5s, 5s}).pulses_per_hour()) << "no distance";
  const PulseInput input = fed(then(steady(3), {7s, 30s, 9s}));
  EXPECT_EQ(input.intervals()->minimum, 7s);
  EXPECT_EQ(input.intervals()->median, 9s);
  EXPECT_EQ(input.intervals()->maximum, 30s);
  EXPECT_EQ(fed({0s, 4s, 10s}).intervals()->median, 4s) << "the shorter of both";
  EXPECT_EQ(input.pulses_per_hour(), "400.000") << "the pause does not bend it";
  EXPECT_EQ(fed({0s, 7s}).pulses_per_hour(), "514.286");
  EXPECT_EQ(fed({0s, 7200s}).pulses_per_hour(), "0.500");
}

TEST(PulseInput, SaysNothingOfASteadyFlow) {
  for (const int hundredths : {0, 2, 5}) {
    const PulseFindings found = judged(jittered(hundredths));
    expect_nothing(found, std::to_string(hundredths) + " % jitter");
    EXPECT_EQ(found.judged, length - 3) << "all intervals but the first and the last";
  }
}

TEST(PulseInput, FindsAMissingPulseAndItsPlace) {
  for (const int hundredths : {0, 2, 5})
    for (std::size_t lost = 2; lost <= length - 3; ++lost) {
      const Train whole = jittered(hundredths);
      const PulseFindings found = judged(without(whole, lost));
      ASSERT_EQ(found.missing.size(), 1u) << lost;
      EXPECT_EQ(found.missing[0].count, 1u);
      EXPECT_LE(std::chrono::abs(found.missing[0].at - whole[lost]), period / 5) << lost;
      EXPECT_EQ(found.extra_pulses(), 0u);
    }
}

TEST(PulseInput, HasNothingToCompareTheEndsWith) {
  for (const std::size_t lost : {std::size_t{0}, std::size_t{1}, length - 2, length - 1})
    expect_nothing(judged(without(steady(), lost)), std::to_string(lost));
  expect_nothing(judged(without(steady(4), 2)), "two intervals");
  expect_nothing(judged(without(steady(5), 2)), "one on each side");
  EXPECT_EQ(judged(steady(3)).judged, 0u) << "two intervals";
}

TEST(PulseInput, FindsSeveralMissingPulses) {
  for (const std::size_t row : {2u, 3u}) {
    const PulseFindings found = judged(without(steady(), 6, row));
    ASSERT_EQ(found.missing.size(), 1u);
    EXPECT_EQ(found.missing[0].count, row);
    EXPECT_EQ(found.missing[0].at, steady()[6]) << "the first that was due";
  }
  EXPECT_EQ(judged(without(without(steady(), 10, 2), 4)).missing_pulses(), 3u) << "two places";
  Train train;
  for (std::size_t i = 0; i < 40; ++i)
    if (i % 4 != 3) train.push_back(steady(40)[i]);
  EXPECT_EQ(judged(train).missing.size(), 9u) << "every fourth: nine of them inside";
}

TEST(PulseInput, TakesMoreThanThreeForAPause) {
  const PulseFindings found = judged(without(steady(), 6, 4));
  EXPECT_TRUE(found.missing.empty());
  ASSERT_EQ(found.pauses.size(), 1u);
  EXPECT_EQ(found.pauses[0].at, steady()[5]);
  EXPECT_EQ(found.pauses[0].count, 4u);
}

TEST(PulseInput, FindsAnExtraPulseWhereverItComes) {
  for (std::size_t behind = 1; behind <= length - 4; ++behind)
    for (const int hundredths : {1, 10, 30, 50, 70, 90, 99}) {
      const Duration at = steady()[behind] + period * hundredths / 100;
      const PulseFindings found = judged(with(steady(), at));
      ASSERT_EQ(found.extra.size(), 1u) << behind << " " << hundredths;
      EXPECT_EQ(found.extra[0].count, 1u);
      EXPECT_LE(std::chrono::abs(found.extra[0].at - at), period / 5) << behind << " " << hundredths;
      EXPECT_EQ(found.missing_pulses(), 0u);
    }
}

TEST(PulseInput, FindsSeveralExtraPulsesInOneInterval) {
  const Duration from = steady()[6];
  const Train two = with(with(steady(), from + 2s), from + 5s);
  EXPECT_EQ(judged(two).extra_pulses(), 2u);
  const PulseFindings three = judged(with(two, from + 7s));
  ASSERT_EQ(three.extra.size(), 1u);
  EXPECT_EQ(three.extra[0].count, 3u);
  EXPECT_EQ(three.extra[0].at, from + 2s);
  EXPECT_EQ(three.judged, judged(steady()).judged - 3 + 4) << "four for one, and none of the two beside it";
}

TEST(PulseInput, TellsAChangeOfFlowFromALoss) {
  for (const Duration other : Train{18s, 27s, 36s, 45s, 13s, 6s, 4500ms, 1500ms}) {
    const std::string to = std::to_string(to_seconds(other));
    expect_nothing(judged(then(steady(8), Train(8, other))), "from then on " + to);
    for (const std::size_t intervals : {3u, 4u, 5u}) {
      const Train back = then(then(steady(8), Train(intervals, other)), Train(6, period));
      EXPECT_EQ(judged(back).missing_pulses(), 0u) << to << " for " << intervals;
      EXPECT_EQ(judged(back).extra_pulses(), 0u) << to << " for " << intervals;
    }
  }
  Train slower;
  Duration distance = period;
  for (int i = 0; i < 20; ++i, distance = distance * 107 / 100) slower.push_back(distance);
  expect_nothing(judged(then(steady(4), slower)), "a flow that falls");
}

TEST(PulseInput, TakesAStandStillForNoLoss) {
  const PulseFindings found = judged(then(then(steady(8), {300s}), Train(8, period)));
  EXPECT_TRUE(found.missing.empty());
  EXPECT_EQ(found.pauses.size(), 1u);
  for (const Duration odd : Train{13s, 22s, 31s, 6s})
    expect_nothing(judged(then(then(steady(8), {odd}), Train(8, period))), "no whole number of periods");
  // It starts slowly: nothing beside it to compare with.
  expect_nothing(judged(then(then(steady(8), {40s, 20s, 13s}), Train(8, period))), "a slow start");
}

TEST(PulseInput, ConfusesWhatItsHeaderSays) {
  EXPECT_EQ(judged(then(then(steady(8), {18s}), Train(6, period))).missing_pulses(), 1u) << "half the flow, once";
  EXPECT_EQ(judged(then(then(steady(8), {4500ms, 4500ms}), Train(6, period))).extra_pulses(), 1u) << "double, twice";
  expect_nothing(judged(steady(8, 2 * period)), "every second pulse lost");
  expect_nothing(judged(without(without(steady(), 8), 6)), "lost in two successive intervals");
}

TEST(PulseInput, SurvivesEdgesOfOneTime) {
  expect_nothing(judged(Train(20, 5s)), "all at once");
  EXPECT_EQ(judged(with(steady(), steady()[6])).extra_pulses(), 1u) << "two at once";
}

TEST(PulseVolume, IsExact) {
  EXPECT_EQ(pulse_volume(12, "0.010"), "0.120");
  EXPECT_EQ(pulse_volume(3, "0.1"), "0.3");
  EXPECT_EQ(pulse_volume(7, "10"), "70");
  EXPECT_EQ(pulse_volume(0, "0.01"), "0.00");
  EXPECT_EQ(pulse_volume(4294967295u, "0.00025"), "1073741.82375");
  for (const char* none : {"", ".", "0", "0.00", "-0.01", "+1", "1e-2", ".5", "5.", "1.2.3", "0,01", " 1", "x"})
    EXPECT_THROW(pulse_volume(1, none), UserError) << none;
  EXPECT_EQ(pulse_volume(1, "9999999999999999999"), "9999999999999999999");
  EXPECT_THROW(pulse_volume(2, "9999999999999999999"), UserError);
  EXPECT_THROW(pulse_volume(10, "1000000000000000000"), UserError) << "20 digits";
}

}  // namespace
}  // namespace meterrig
