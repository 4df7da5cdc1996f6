#include "meters/frame_receiver.hpp"

#include <gtest/gtest.h>

#include "meters/cjt188.hpp"
#include "meters/dlt645.hpp"
#include "meters/mbus.hpp"

namespace meterrig {
namespace {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

constexpr Duration byte_time{1'000'000'000LL * 11 / 2400};
constexpr Instant start{};

const cjt188::Frame question{0x10, {1, 2, 3, 4, 5, 6, 7}, 0x01, {0x90, 0x1F, 7}};
const cjt188::Frame answer{0x10, {1, 2, 3, 4, 5, 6, 7}, 0x81, Bytes(0x16, 0x12)};

// A line whose bytes come one by one, at the pace of 2400 8E1.
template <typename Receiver>
struct Line {
  Receiver receiver;
  Instant now = start;

  void send(View bytes) {
    for (const std::uint8_t& byte : bytes) {
      now += byte_time;
      receiver.feed(now, View(&byte, 1));
    }
  }
  void silence(Duration duration) { now += duration; }
};
using Cjt188Line = Line<FrameReceiver<cjt188::Scanner>>;

TEST(FrameReceiver, AGapWithinTheRuleIsNone) {
  const Bytes frame = cjt188::encode(answer, 2);
  for (std::size_t cut = 1; cut < frame.size(); ++cut) {
    Cjt188Line line{FrameReceiver<cjt188::Scanner>(cjt188_line(byte_time))};
    line.send(View(frame).first(cut));
    line.silence(byte_time + usual_tolerance);
    line.send(View(frame).subspan(cut));
    EXPECT_EQ(line.receiver.next(), answer);
    EXPECT_EQ(line.receiver.faults().truncated, 0u);
  }
}

TEST(FrameReceiver, ALongerGapEndsTheFrameAndTheNextIsRead) {
  const Bytes frame = cjt188::encode(answer, 2);
  for (std::size_t cut = 3; cut < frame.size(); ++cut) {
    Cjt188Line line{FrameReceiver<cjt188::Scanner>(cjt188_line(byte_time))};
    line.send(View(frame).first(cut));
    EXPECT_EQ(line.receiver.next(), std::nullopt);
    line.silence(byte_time + usual_tolerance + 1ns);
    line.send(View(frame).subspan(cut));
    EXPECT_EQ(line.receiver.next(), std::nullopt);
    EXPECT_EQ(line.receiver.faults().truncated, 1u);
    line.send(cjt188::encode(question));
    EXPECT_EQ(line.receiver.next(), question);
  }
}

// The noise before a frame says that it is longer than all that follows: only time tells.
TEST(FrameReceiver, WhatFollowsAGapIsNoDataOfWhatStoodBefore) {
  const Bytes inner = cjt188::encode(question, 0);
  Bytes data(200);
  std::copy(inner.begin(), inner.end(), data.begin() + 39);
  const Bytes outer = cjt188::encode({0x10, {}, 0x81, data}, 0);
  Cjt188Line line{FrameReceiver<cjt188::Scanner>(cjt188_line(byte_time))};
  line.send(View(outer).first(50));
  EXPECT_EQ(line.receiver.next(), std::nullopt);
  line.silence(100ms);
  line.receiver.feed(line.now + 163 * byte_time, View(outer).subspan(50));
  EXPECT_EQ(line.receiver.next(), question);
}

// As it is handed over by a port, a chunk is as long as its bytes.
TEST(FrameReceiver, AChunkBeganWhenItsFirstByteDid) {
  const Bytes frame = cjt188::encode(answer, 2);
  FrameReceiver<cjt188::Scanner> receiver(cjt188_line(byte_time, 0ns));
  receiver.feed(start + 5 * byte_time, View(frame).first(5));
  EXPECT_EQ(receiver.next(), std::nullopt);
  const auto rest = static_cast<std::int64_t>(frame.size() - 5);
  receiver.feed(start + (5 + 1 + rest) * byte_time, View(frame).subspan(5));
  EXPECT_EQ(receiver.next(), answer);
}

TEST(FrameReceiver, SaysWhenItGivesUp) {
  FrameReceiver<cjt188::Scanner> receiver(cjt188_line(byte_time));
  const Bytes frame = cjt188::encode(question, 0);
  EXPECT_EQ(receiver.gives_up_at(), std::nullopt);
  EXPECT_FALSE(receiver.give_up(start + 1h));
  receiver.feed(start, View(frame).first(7));
  EXPECT_EQ(receiver.next(), std::nullopt);
  const Instant at = start + 2 * byte_time + usual_tolerance;
  EXPECT_EQ(receiver.gives_up_at(), at);
  EXPECT_FALSE(receiver.give_up(at - 1ns));
  EXPECT_TRUE(receiver.give_up(at));
  EXPECT_EQ(receiver.faults().truncated, 1u);
  EXPECT_EQ(receiver.gives_up_at(), std::nullopt);
  EXPECT_FALSE(receiver.give_up(at));
  // A byte that came in time had ended by then.
  receiver.feed(at + 1s, View(frame).first(7));
  EXPECT_EQ(receiver.next(), std::nullopt);
  receiver.feed(*receiver.gives_up_at(), View(frame).subspan(7, 1));
  EXPECT_EQ(receiver.faults().truncated, 1u);
}

TEST(FrameReceiver, NoiseWithoutAStartIsNothingTruncated) {
  Cjt188Line line{FrameReceiver<cjt188::Scanner>(cjt188_line(byte_time))};
  line.send(Bytes{0xFF, 0x00, 0x16});
  EXPECT_EQ(line.receiver.next(), std::nullopt);
  EXPECT_EQ(line.receiver.gives_up_at(), std::nullopt);
  line.silence(1s);
  line.send(cjt188::encode(question));
  EXPECT_EQ(line.receiver.next(), question);
  EXPECT_EQ(line.receiver.faults().truncated, 0u);
}

TEST(FrameReceiver, Dlt645WaitsHalfASecond) {
  const dlt645::Frame frame = dlt645::read_request({1, 2, 3, 4, 5, 6}, 0x00010000);
  const Bytes bytes = dlt645::encode(frame, 4);
  for (const Duration gap : {500ms, 517ms}) {
    Line<FrameReceiver<dlt645::Scanner>> line{FrameReceiver<dlt645::Scanner>(dlt645_line(byte_time))};
    line.send(View(bytes).first(9));
    EXPECT_EQ(line.receiver.next(), std::nullopt);
    line.silence(gap);
    line.send(View(bytes).subspan(9));
    EXPECT_EQ(line.receiver.next().has_value(), gap == Duration{500ms});
    EXPECT_EQ(line.receiver.faults().truncated, gap == Duration{500ms} ? 0u : 1u);
    line.silence(1s);
    line.send(bytes);
    EXPECT_EQ(line.receiver.next(), frame);
  }
}

TEST(FrameReceiver, AnMbusAcknowledgeIsReadBehindNoiseAndSilence) {
  Line<FrameReceiver<mbus::Scanner>> line{FrameReceiver<mbus::Scanner>(mbus_line(byte_time))};
  line.send(Bytes{0x00});
  EXPECT_EQ(line.receiver.next(), std::nullopt);
  line.silence(3 * byte_time + usual_tolerance);
  line.send(Bytes{0xE5});
  EXPECT_EQ(line.receiver.next(), std::nullopt);
  line.silence(3 * byte_time + usual_tolerance + 1ns);
  line.send(Bytes{0xE5});
  EXPECT_TRUE(line.receiver.next());
}

// Each way to break a frame has its name, and the frame behind it is read.
TEST(FrameReceiver, EveryFaultHasItsName) {
  const Bytes good = cjt188::encode(answer, 2);
  Bytes malformed = good, wrong_sum = good;
  malformed.back() = 0x17;
  wrong_sum[good.size() - 2] ^= 0x40;
  const Bytes truncated(good.begin(), good.end() - 4);
  const Bytes oversized = cjt188::encode({0x10, {}, 0x81, Bytes(0x65)}, 2);
  const struct {
    Bytes bytes;
    unsigned FrameFaults::*fault;
  } cases[]{{malformed, &FrameFaults::bad_end},
            {wrong_sum, &FrameFaults::bad_checksum},
            {truncated, &FrameFaults::truncated},
            {oversized, &FrameFaults::bad_length}};
  for (const auto& broken : cases) {
    // 6.2.6: a reply holds at most 64H bytes of data.
    Cjt188Line line{FrameReceiver<cjt188::Scanner>(cjt188_line(byte_time), cjt188::Scanner(13 + 0x64))};
    line.send(broken.bytes);
    EXPECT_EQ(line.receiver.next(), std::nullopt);
    line.silence(30ms);
    line.send(good);
    EXPECT_EQ(line.receiver.next(), answer);
    const FrameFaults& faults = line.receiver.faults();
    EXPECT_EQ(faults.*broken.fault, 1u);
    EXPECT_EQ(faults.bad_end + faults.bad_checksum + faults.truncated + faults.bad_length, 1u);
    line.receiver.clear();
    EXPECT_EQ(faults.*broken.fault, 0u);
  }
}

}  // namespace
}  // namespace meterrig
