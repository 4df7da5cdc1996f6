#pragma once

#include <algorithm>

#include "meters/telegram.hpp"
#include "tests/fuzz/support.hpp"

// What holds for the frames in a stream, whatever the protocol: they are those that stand in it, however it is cut, and
// telegrams are made of the same ones.
namespace meterrig::fuzz {

// A frame that begins at one place, as its standard draws it. Size 0: none, or its length can't be told.
struct Extent {
  std::size_t size = 0;
  std::size_t summed_from = 0;
};
using ExtentAt = Extent (*)(const Bytes& stream, std::size_t at);

// A sound frame that stands in the stream.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};

inline unsigned sum_of(const std::uint8_t* from, const std::uint8_t* to) {
  unsigned sum = 0;
  for (; from != to; ++from) sum += *from;
  return sum & 0xFF;
}

// As slowly as it can be told.
inline std::vector<Place> sound_frames(const Bytes& stream, ExtentAt extent_at) {
  std::vector<Place> found;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    const Extent extent = extent_at(stream, at);
    const std::size_t end = at + extent.size;
    if (extent.size == 0 || end > stream.size() || stream[end - 1] != 0x16) continue;
    if (sum_of(&stream[at + extent.summed_from], &stream[end - 2]) == stream[end - 2]) found.push_back({at, end});
  }
  return found;
}

// A frame in the data of another: which one is found depends on what has arrived when one looks.
inline bool nested(const std::vector<Place>& places) {
  std::size_t end = 0;
  for (const Place& place : places) {
    if (place.end < end) return true;
    end = std::max(end, place.end);
  }
  return false;
}

inline std::vector<Place> one_after_another(const std::vector<Place>& places) {
  std::vector<Place> free;
  for (const Place& place : places)
    if (free.empty() || place.begin >= free.back().end) free.push_back(place);
  return free;
}

// Frames of a single byte apart: whether it is one depends on what stands around it. `Scanner` and `encode`: of the
// protocol.
template <typename Scanner, typename Encode>
std::vector<Bytes> scanned(const Bytes& stream, std::size_t chunk, Encode encode) {
  Scanner scanner;
  std::vector<Bytes> frames;
  in_chunks(stream, chunk, [&](std::span<const std::uint8_t> bytes) {
    scanner.feed(bytes);
    for (;;) {
      Scanner same = scanner;
      const auto frame = scanner.next_bytes();
      const auto read = same.next();
      hold(read.has_value() == !frame.empty(), "a frame is read when one is found");
      if (!read) break;
      if (frame.size() == 1) continue;
      frames.emplace_back(frame.begin(), frame.end());
      hold(encode(*read) == frames.back(), "a frame encodes to the bytes that it was read from");
    }
  });
  return frames;
}

template <typename Scanner, typename Encode>
void check_stream(const Bytes& stream, ExtentAt extent_at, Encode encode) {
  const std::vector<Place> places = sound_frames(stream, extent_at);
  std::vector<Bytes> expected;
  for (const Place& place : one_after_another(places))
    expected.emplace_back(stream.data() + place.begin, stream.data() + place.end);
  for (const std::size_t chunk : {0, 1, 2, 7, 64}) {
    const std::vector<Bytes> frames = scanned<Scanner>(stream, chunk, encode);
    if (chunk == 0 || !nested(places))
      hold(frames == expected, "the frames of a stream do not depend on how it is cut");
    // In any case each is one that was sent, in the order of sending, none twice.
    auto from = stream.begin();
    for (const Bytes& frame : frames) {
      const auto at = std::search(from, stream.end(), frame.begin(), frame.end());
      hold(at != stream.end(), "a frame that was found was sent");
      from = at + static_cast<std::ptrdiff_t>(frame.size());
    }
  }
}

// Any frame comes back from its own bytes, and nothing is left of it.
template <typename Scanner, typename Frame>
void check_frame(const Frame& frame, const Bytes& encoded) {
  Scanner scanner;
  scanner.feed(encoded);
  hold(scanner.next() == frame, "decode(encode(frame)) is the frame");
  hold(!scanner.next() && scanner.bad_checksums() == 0 && scanner.bad_formats() == 0, "and nothing is left of it");
}

// What holds for the telegrams of any bytes.
inline void check_telegrams(const std::vector<Telegram>& telegrams, std::size_t size) {
  hold(!telegrams.empty(), "there is always an answer");
  std::size_t free = 0;
  for (const Telegram& telegram : telegrams) {
    hold(telegram.valid == telegram.error.empty(), "an error is named exactly when there is one", telegram.error);
    hold(telegram.valid == telegram.explanation.empty(), "an error is explained", telegram.error);
    hold(!telegram.valid || !telegram.bytes.empty(), "a valid telegram stands somewhere");
    for (const TelegramItem& item : telegram.items) hold(!item.name.empty(), "an item has a name");
    for (const ByteRange& range : telegram.bytes) {
      const bool touches = &range == &telegram.bytes.front() || range.from == free;
      hold(!telegram.valid || touches, "the ranges of a valid telegram leave no gap", range.is);
      hold(range.from >= free && range.from < range.to && range.to <= size, "ranges don't overlap", range.is);
      free = range.to;
    }
  }
}

// Each sound frame is a telegram, and nothing else is a valid one; those of a single byte apart. Of frames that overlap
// the telegrams may choose by what they say.
inline void check_agreement(const Bytes& stream, ExtentAt extent_at, const std::vector<Telegram>& telegrams) {
  const std::vector<Place> places = sound_frames(stream, extent_at);
  if (one_after_another(places).size() != places.size()) return;
  auto place = places.begin();
  for (const Telegram& telegram : telegrams) {
    if (telegram.bytes.size() == 1 || (places.empty() && !telegram.valid)) continue;
    hold(place != places.end() && !telegram.bytes.empty() && telegram.bytes.back().to == place->end,
         "a telegram is a frame of the stream");
    ++place;
  }
  hold(place == places.end(), "each frame of the stream is a telegram");
}

// For mutators: now and then makes checksum and end of a frame right again, since by chance that is rare. The seed says
// whether, and from where on the frame is looked for.
inline void repair(std::uint8_t* data, std::size_t size, ExtentAt extent_at, unsigned seed) {
  if (size == 0 || seed % 2 != 0) return;
  const Bytes stream(data, data + size);
  for (std::size_t at = seed / 2 % size; at < size; ++at) {
    const Extent extent = extent_at(stream, at);
    const std::size_t end = at + extent.size;
    if (extent.size == 0 || end > size) continue;
    data[end - 2] = static_cast<std::uint8_t>(sum_of(data + at + extent.summed_from, data + end - 2));
    data[end - 1] = 0x16;
    return;
  }
}

}  // namespace meterrig::fuzz
