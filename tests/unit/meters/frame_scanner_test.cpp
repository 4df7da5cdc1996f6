#include "meters/frame_scanner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "meters/cjt188.hpp"
#include "meters/dlt645.hpp"
#include "meters/mbus.hpp"
#include "tests/unit/meters/telegram_data.hpp"

namespace meterrig {
namespace {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

// Where the frame at the front ends and where its checksum begins to count; 0 0: no frame begins there, and while it
// can't be told a size that is not there. As the standards' pictures of a frame say it.
struct Extent {
  std::size_t size = 0, summed_from = 0;
  bool bad_length = false;
};
constexpr std::size_t unknown = 1000;

Extent cjt188_extent(View bytes) {
  if (bytes[0] != 0x68) return {};
  return {bytes.size() < 11 ? unknown : 13u + bytes[10]};
}
Extent dlt645_extent(View bytes) {
  if (bytes[0] != 0x68 || (bytes.size() > 7 && bytes[7] != 0x68)) return {};
  return {bytes.size() < 10 ? unknown : 12u + bytes[9]};
}
Extent mbus_extent(View bytes) {
  if (bytes[0] == 0x10) return {5, 1};
  if (bytes[0] != 0x68 || (bytes.size() > 1 && bytes[1] < 3)) return {};
  if (bytes.size() < 4) return {unknown, 4};
  if (bytes[3] != 0x68) return {};
  return {6u + bytes[1], 4, bytes[1] != bytes[2]};
}

// Finds frames as slowly as it can be done: looks at all that is there each time.
struct SlowScanner {
  Extent (*extent)(View);
  Bytes buffer;
  FrameFaults faults;

  void feed(View bytes) { buffer.insert(buffer.end(), bytes.begin(), bytes.end()); }
  Bytes next() {
    std::size_t pending = buffer.size();
    for (std::size_t at = 0; at < buffer.size(); ++at) {
      const View bytes = View(buffer).subspan(at);
      const Extent frame = extent(bytes);
      if (frame.size == 0) continue;
      unsigned* fault = &faults.bad_length;
      if (!frame.bad_length) {
        if (frame.size > bytes.size()) {
          pending = std::min(pending, at);
          continue;
        }
        const View summed = bytes.subspan(frame.summed_from, frame.size - frame.summed_from - 2);
        const unsigned sum = std::accumulate(summed.begin(), summed.end(), 0u) & 0xFF;
        fault = bytes[frame.size - 1] != 0x16 ? &faults.bad_end : &faults.bad_checksum;
        if (bytes[frame.size - 1] == 0x16 && bytes[frame.size - 2] == sum) {
          faults.truncated += pending < at;
          const Bytes found(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(frame.size));
          buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(at + frame.size));
          return found;
        }
      }
      if (at < pending) ++*fault;
    }
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(pending));
    return {};
  }
};

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

Bytes some_frame(Random& random, Extent (*extent)(View)) {
  Bytes data(below(random, 8) == 0 ? below(random, 250) : below(random, 30));
  for (auto& byte : data) byte = below(random, 4) == 0 ? 0x68 : static_cast<std::uint8_t>(random());
  const auto control = static_cast<std::uint8_t>(random());
  if (extent == cjt188_extent) return cjt188::encode({0x10, {1, 2, 3, 0x68, 5, 6, 7}, control, data}, 2);
  if (extent == dlt645_extent) return dlt645::encode({{0x68, 2, 3, 4, 5, 6}, control, data}, 4);
  if (data.empty()) return mbus::encode({control, 5, std::nullopt, {}});
  return mbus::encode({control, 5, 0x72, data});
}

// Frames whole and damaged, with noise of the bytes that matter in between.
Bytes some_stream(Random& random, Extent (*extent)(View)) {
  static constexpr std::uint8_t likely[]{0x68, 0x68, 0x68, 0x16, 0x16, 0xFF, 0x05, 0x00, 0x10, 0x22, 0xFE, 0x74};
  Bytes stream;
  while (stream.size() < 600) {
    Bytes piece = some_frame(random, extent);
    const std::size_t kind = below(random, 6), at = below(random, piece.size());
    if (kind == 0) piece[at] ^= static_cast<std::uint8_t>(1u << below(random, 8));
    if (kind == 1) piece.resize(at);
    if (kind == 2) piece.insert(piece.begin() + static_cast<std::ptrdiff_t>(at), 0x68);
    if (kind == 3) {
      piece.resize(below(random, 300));
      for (auto& byte : piece) byte = likely[below(random, std::size(likely))];
    }
    stream.insert(stream.end(), piece.begin(), piece.end());
  }
  // The slow one doesn't know this frame of M-Bus.
  std::replace(stream.begin(), stream.end(), 0xE5, 0xE6);
  return stream;
}

template <typename Scanner>
void expect_as_slow(Extent (*extent)(View), unsigned seed) {
  Random random(seed);
  FrameFaults seen;
  std::size_t frames = 0;
  for (int round = 0; round < 400; ++round) {
    Scanner scanner;
    SlowScanner slow{extent, {}, {}};
    const Bytes stream = some_stream(random, extent);
    const std::size_t longest_chunk = std::size_t{1} << below(random, 11);
    for (std::size_t at = 0; at < stream.size();) {
      const View chunk = View(stream).subspan(at, std::min(1 + below(random, longest_chunk), stream.size() - at));
      at += chunk.size();
      scanner.feed(chunk);
      slow.feed(chunk);
      for (Bytes expected = slow.next();; expected = slow.next()) {
        const auto found = scanner.next_bytes();
        ASSERT_EQ(to_hex(found), to_hex(expected)) << "round " << round;
        if (expected.empty()) break;
        ++frames;
      }
      ASSERT_EQ(scanner.faults().bad_checksum, slow.faults.bad_checksum) << "round " << round;
      ASSERT_EQ(scanner.faults().bad_end, slow.faults.bad_end) << "round " << round;
      ASSERT_EQ(scanner.faults().bad_length, slow.faults.bad_length) << "round " << round;
      ASSERT_EQ(scanner.faults().truncated, slow.faults.truncated) << "round " << round;
      ASSERT_EQ(scanner.begun(), !slow.buffer.empty());
    }
    seen.bad_checksum += slow.faults.bad_checksum;
    seen.truncated += slow.faults.truncated;
  }
  EXPECT_GT(frames, 1000u);
  EXPECT_GT(seen.bad_checksum, 100u);
  EXPECT_GT(seen.truncated, 100u);
}

TEST(FrameScanner, FindsAndCountsWhatTheSlowOneDoes) {
  expect_as_slow<cjt188::Scanner>(cjt188_extent, 188);
  expect_as_slow<dlt645::Scanner>(dlt645_extent, 645);
  expect_as_slow<mbus::Scanner>(mbus_extent, 13757);
}

TEST(FrameScanner, KeepsItsMemory) {
  const Bytes frame = cjt188::encode({0x10, {}, 0x81, Bytes(0x16)}, 2);
  cjt188::Scanner scanner;
  scanner.feed(Bytes(300, 0x68));
  const std::uint8_t* lowest = nullptr;
  for (int i = 0; i < 1000; ++i) {
    scanner.feed(frame);
    const auto found = scanner.next_bytes();
    ASSERT_EQ(found.size(), 13u + 0x16);
    if (lowest == nullptr || found.data() < lowest) lowest = found.data();
    EXPECT_LT(found.data() - lowest, 2000);
    EXPECT_TRUE(scanner.next_bytes().empty());
    if (i % 10 == 0) scanner.clear();
  }
}

TEST(FrameScanner, RefusesWhatIsLongerThanItMayBe) {
  const Bytes oversized = dlt645::encode({{}, 0x91, Bytes(201)}, 4);
  const Bytes longest = dlt645::encode({{}, 0x91, Bytes(200)}, 4);
  dlt645::Scanner scanner(12 + 200);
  scanner.feed(oversized);
  EXPECT_TRUE(scanner.next_bytes().empty());
  EXPECT_EQ(scanner.faults().bad_length, 1u);
  EXPECT_EQ(scanner.bad_formats(), 1u);
  EXPECT_FALSE(scanner.begun());
  scanner.feed(longest);
  EXPECT_EQ(scanner.next_bytes().size(), 212u);
}

TEST(FrameScanner, OfAFrameInAFrameTheOuterOneIsTaken) {
  const Bytes inner = cjt188::encode({0x30, {}, 0x01, {0x90, 0x1F, 7}}, 0);
  const Bytes outer = cjt188::encode({0x30, {}, 0x81, inner}, 2);
  cjt188::Scanner scanner;
  scanner.feed(outer);
  EXPECT_EQ(scanner.next_bytes().size(), outer.size() - 2);
  EXPECT_TRUE(scanner.next_bytes().empty());
  // What has not come yet holds nothing up.
  scanner.feed(View(outer).first(outer.size() - 1));
  EXPECT_EQ(scanner.next_bytes().size(), inner.size());
}

mbus::Scanner fed(std::string_view hex) {
  mbus::Scanner scanner;
  scanner.feed(bytes_from_hex(hex));
  return scanner;
}

TEST(MbusScanner, ReadsEveryFormOfAFrame) {
  mbus::Scanner scanner = fed("E5 68 03 03 68 08 01 78 81 16 10 40 01 41 16 E5 E5 00");
  const mbus::Frame acknowledge{mbus::control::acknowledge, 0, std::nullopt, {}};
  EXPECT_EQ(scanner.next(), acknowledge);
  EXPECT_EQ(scanner.next(), (mbus::Frame{0x08, 1, 0x78, {}}));
  EXPECT_EQ(scanner.next(), (mbus::Frame{0x40, 1, std::nullopt, {}}));
  EXPECT_EQ(scanner.next(), acknowledge);
  EXPECT_EQ(scanner.next(), acknowledge);
  EXPECT_EQ(scanner.next(), std::nullopt);
}

TEST(MbusScanner, ReadsPublishedFrames) {
  int count = 0;
  for (const auto& entry : published_frames("mbus")) {
    if (entry.at("verdict") != "accept") continue;
    SCOPED_TRACE(entry.at("id"));
    const Bytes bytes = bytes_from_hex(entry.at("hex").get<std::string>());
    mbus::Scanner scanner;
    for (const std::uint8_t& byte : bytes) {
      EXPECT_EQ(scanner.next(), std::nullopt);
      scanner.feed(View(&byte, 1));
    }
    const auto frame = scanner.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(bytes.size() == 1 ? Bytes{mbus::acknowledge_byte} : mbus::encode(*frame), bytes);
    ++count;
  }
  EXPECT_GT(count, 0);
}

TEST(MbusScanner, AnAcknowledgeFollowsNothingButFrames) {
  EXPECT_EQ(fed("00 E5").next(), std::nullopt);
  EXPECT_EQ(fed("68 03 E5 E5").next(), std::nullopt);
  mbus::Scanner scanner = fed("00");
  EXPECT_EQ(scanner.next(), std::nullopt);
  scanner.gap();
  scanner.feed(bytes_from_hex("E5"));
  EXPECT_TRUE(scanner.next());
  // Bytes that were moved on in the buffer don't make one.
  scanner.feed(Bytes(2000, 0));
  EXPECT_EQ(scanner.next(), std::nullopt);
  scanner.feed(Bytes(4000, 0xE5));
  EXPECT_EQ(scanner.next(), std::nullopt);
}

TEST(MbusScanner, CountsWhatItDrops) {
  mbus::Scanner scanner = fed("68 04 03 68 08 01 78 81 16");
  EXPECT_EQ(scanner.next(), std::nullopt);
  EXPECT_EQ(scanner.faults().bad_length, 1u);
  scanner.feed(bytes_from_hex("10 40 01 42 16 10 40 01 41 17 10 40 01 41 16"));
  EXPECT_TRUE(scanner.next());
  EXPECT_EQ(scanner.faults().bad_checksum, 1u);
  EXPECT_EQ(scanner.faults().bad_end, 1u);
}

}  // namespace
}  // namespace meterrig
