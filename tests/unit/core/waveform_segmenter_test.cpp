#include "core/waveform/segmenter.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "waveform_support.hpp"

namespace meterrig {
namespace {

using waveforms::Counts;
using waveforms::hold;
using waveforms::microampere;
using waveforms::milliampere;

constexpr std::int64_t sleep_current = 18 * microampere;
constexpr std::int64_t receive_current = 12 * milliampere;
constexpr std::int64_t transmit_current = 120 * milliampere;
constexpr std::int64_t motor_current = 80 * milliampere;

std::vector<Segment> cut(const Counts& counts, Duration interval = 1ms) {
  Segmenter segmenter(interval, battery_meter_events());
  segmenter.feed(counts);
  segmenter.finish();
  return segmenter.take();
}

// Kinds and lengths, "sleep 100, receive_window 6".
std::string outline(const std::vector<Segment>& segments) {
  std::string text;
  for (const Segment& s : segments) {
    text += (text.empty() ? "" : ", ") + s.kind + " " + std::to_string(s.totals.samples) + (s.complete ? "" : " cut");
  }
  return text;
}

TEST(Segmenter, FindsTheEventsOfAMeter) {
  Counts counts;
  hold(counts, 100, sleep_current);
  hold(counts, 6, receive_current);
  hold(counts, 300, sleep_current);
  hold(counts, 20, receive_current);
  hold(counts, 60, transmit_current);
  hold(counts, 15, receive_current);
  hold(counts, 200, sleep_current);
  hold(counts, 3000, motor_current);
  hold(counts, 80, 250 * milliampere);
  hold(counts, 50, sleep_current);
  const auto segments = cut(counts);
  EXPECT_EQ(outline(segments),
            "sleep 100 cut, receive_window 6, sleep 300, receive_window 20, transmit_burst 60, receive_window 15, "
            "sleep 200, valve_motor 3080, sleep 50 cut");
  const Segment& burst = segments[4];
  EXPECT_EQ(burst.start(), 426ms);
  EXPECT_EQ(burst.duration(), 60ms);
  EXPECT_EQ(burst.mean(), 0.12);
  EXPECT_EQ(burst.peak(), 0.12);
  EXPECT_EQ(burst.charge(), 0.12 * 0.06);
  EXPECT_EQ(segments[7].peak(), 0.25);
}

TEST(Segmenter, ChunksDoNotMoveAnEvent) {
  const bool holds = rc::check([] {
    const Counts counts = waveforms::any_current();
    Segmenter in_chunks(1ms, battery_meter_events());
    std::vector<Segment> got;
    waveforms::feed_in_chunks(in_chunks, counts);
    in_chunks.finish();
    got = in_chunks.take();
    const std::vector<Segment> expected = cut(counts);
    RC_ASSERT(outline(got) == outline(expected));
    for (std::size_t i = 0; i < got.size(); ++i) {
      RC_ASSERT(got[i].first == expected[i].first);
      RC_ASSERT(got[i].totals.sum == expected[i].totals.sum);
      RC_ASSERT(got[i].totals.squares == expected[i].totals.squares);
      RC_ASSERT(got[i].peak() == expected[i].peak());
    }
  });
  EXPECT_TRUE(holds);
}

// Events cover the waveform without gap or overlap, and their totals are those of their samples.
TEST(Segmenter, EachSampleBelongsToOneEvent) {
  const bool holds = rc::check([] {
    const Counts counts = waveforms::any_current();
    std::uint64_t next = 0;
    const std::vector<Segment> segments = cut(counts);
    for (const Segment& s : segments) {
      RC_ASSERT(s.first == next);
      next = s.last();
      const Totals totals = totals_of(std::span(counts).subspan(s.first, s.totals.samples));
      RC_ASSERT(totals.sum == s.totals.sum && totals.overloads == s.totals.overloads);
      RC_ASSERT(totals.highest == s.totals.highest && totals.lowest == s.totals.lowest);
      RC_ASSERT(s.complete == (s.first > 0 && next < counts.size()));
    }
    RC_ASSERT(next == counts.size());
    for (std::size_t i = 1; i < segments.size(); ++i) RC_ASSERT(segments[i].kind != segments[i - 1].kind);
  });
  EXPECT_TRUE(holds);
}

TEST(Segmenter, NoiseOnTheThresholdIsOneEvent) {
  // 1 mA begins a receive window, 0.7 mA ends it: noise between 0.8 and 1.2 mA is one window, not hundreds.
  Counts counts;
  hold(counts, 50, sleep_current);
  for (int i = 0; i < 400; ++i) counts.push_back(i % 2 == 0 ? 12 * milliampere / 10 : 8 * milliampere / 10);
  hold(counts, 50, sleep_current);
  EXPECT_EQ(outline(cut(counts)), "sleep 50 cut, receive_window 400, sleep 50 cut");
  // Noise below the threshold that ends nothing begins nothing.
  counts.assign(300, 95 * milliampere / 100);
  EXPECT_EQ(outline(cut(counts)), "sleep 300 cut");
}

TEST(Segmenter, SpikesAndGapsAreNoEvents) {
  Counts counts;
  hold(counts, 500, sleep_current);
  hold(counts, 4, transmit_current);  // 0.4 ms at 10 kHz
  hold(counts, 500, sleep_current);
  hold(counts, 100, receive_current);
  hold(counts, 49, sleep_current);  // 4.9 ms
  hold(counts, 100, receive_current);
  hold(counts, 500, sleep_current);
  const auto segments = cut(counts, 100us);
  EXPECT_EQ(outline(segments), "sleep 1004 cut, receive_window 249, sleep 500 cut");
  EXPECT_EQ(segments[0].peak(), 0.12) << "the spike is in the event that it belongs to";
}

TEST(Segmenter, EdgesBelongToTheHigherEvent) {
  // Ramps through the receive level, too short to be a window of their own.
  Counts counts;
  hold(counts, 100, sleep_current);
  hold(counts, 3, receive_current);
  hold(counts, 600, transmit_current);
  hold(counts, 4, receive_current);
  hold(counts, 100, sleep_current);
  EXPECT_EQ(outline(cut(counts, 100us)), "sleep 100 cut, transmit_burst 607, sleep 100 cut");
}

TEST(Segmenter, ABurstOverTheMotorBelongsToTheValve) {
  Counts counts;
  hold(counts, 100, sleep_current);
  hold(counts, 1000, motor_current);
  hold(counts, 60, motor_current + transmit_current);
  hold(counts, 1000, motor_current);
  hold(counts, 20, sleep_current);
  const auto segments = cut(counts);
  EXPECT_EQ(outline(segments), "sleep 100 cut, valve_motor 2060, sleep 20 cut");
  EXPECT_EQ(segments[1].peak(), 0.2);
}

TEST(Segmenter, AnEventAtTheEndIsToldAsCut) {
  Counts counts;
  hold(counts, 100, sleep_current);
  hold(counts, 1, transmit_current);
  EXPECT_EQ(outline(cut(counts)), "sleep 100 cut, transmit_burst 1 cut");
  hold(counts, 298, transmit_current);
  EXPECT_EQ(outline(cut(counts)), "sleep 100 cut, transmit_burst 299 cut");
  hold(counts, 1, transmit_current);
  EXPECT_EQ(outline(cut(counts)), "sleep 100 cut, valve_motor 300 cut");
  EXPECT_EQ(outline(cut({})), "");
}

TEST(Segmenter, AnOverloadIsOfTheHighestLevel) {
  Counts counts(100, sleep_current);
  hold(counts, 30, overload_count);
  hold(counts, 100, sleep_current);
  const auto segments = cut(counts);
  EXPECT_EQ(outline(segments), "sleep 100 cut, transmit_burst 30, sleep 100 cut");
  EXPECT_EQ(segments[1].peak(), INFINITY);
  EXPECT_THROW(segments[1].mean(), std::logic_error);
}

TEST(Segmenter, TellsEventsAsSoonAsTheyAreCertain) {
  Segmenter segmenter(1ms, battery_meter_events());
  segmenter.feed(Counts(100, sleep_current));
  segmenter.feed(Counts(6, receive_current));
  EXPECT_EQ(segmenter.take().size(), 0U) << "the window may still turn out to be an edge";
  segmenter.feed(Counts(200, sleep_current));
  EXPECT_EQ(outline(segmenter.take()), "sleep 100 cut");
  segmenter.feed(Counts(6, receive_current));
  EXPECT_EQ(outline(segmenter.take()), "receive_window 6");
}

TEST(Segmenter, RefusesATableThatMakesNoSense) {
  const auto made = [](std::vector<EventShape> table) { return Segmenter(1ms, std::move(table)); };
  EXPECT_THROW(made({}), std::invalid_argument);
  EXPECT_THROW(made({{"a", 0, 0, 1ms}, {"b", 2, 1, 1ms}, {"c", 1, 1, 1ms}}), std::invalid_argument);
  EXPECT_THROW(made({{"a", 0, 0, 1ms}, {"b", 1, 2, 1ms}}), std::invalid_argument);
  EXPECT_THROW(Segmenter(0ms, battery_meter_events()), std::invalid_argument);
}

}  // namespace
}  // namespace meterrig
