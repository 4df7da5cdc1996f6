#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

// Frames with a length, a checksum and an end byte, found in a byte stream: what CJ/T 188, DL/T 645 and M-Bus share.
namespace meterrig {

// What a receiver dropped, by the names of docs/telegrams.md.
struct FrameFaults {
  unsigned truncated = 0;
  unsigned bad_checksum = 0;
  unsigned bad_end = 0;
  unsigned bad_length = 0;
};

// What the bytes from a start byte on say of the frame that may begin there.
struct FrameOutline {
  // Of the frame; while it can't be told, more than is there: as many bytes as would tell. 0: no frame begins here.
  std::size_t size = 0;
  // The checksum, the last byte but one, is the sum of the bytes from here on.
  std::size_t summed_from = 0;
  bool bad_length = false;
  // One character for a frame: no checksum, no end byte.
  bool bare = false;
};

inline constexpr std::uint8_t frame_end_byte = 0x16;

// 68 ... L DATA CS 16, L at `length_at` and counting DATA, and a second 68 at `second_start_at` unless that is 0.
template <std::size_t length_at, std::size_t second_start_at = 0>
struct CountedDataLayout {
  static constexpr std::uint8_t start_byte = 0x68;
  static constexpr std::size_t header_size = length_at + 1, tail_size = 2;
  static constexpr std::size_t longest = header_size + 255 + tail_size;

  static const std::uint8_t* find_start(const std::uint8_t* from, const std::uint8_t* to) {
    // The call pays over long noise without start bytes only.
    for (const std::uint8_t* const near = from + std::min<std::ptrdiff_t>(8, to - from); from != near; ++from)
      if (*from == start_byte) return from;
    if (from == to) return to;
    const void* const found = std::memchr(from, start_byte, static_cast<std::size_t>(to - from));
    return found != nullptr ? static_cast<const std::uint8_t*>(found) : to;
  }
  static FrameOutline outline(std::span<const std::uint8_t> bytes, bool) {
    if (bytes.size() < header_size) [[unlikely]] {
      if (bytes.size() <= second_start_at) return {.size = second_start_at + 1};
      return {.size = second_start_holds(bytes) ? header_size : 0};
    }
    return {.size = second_start_holds(bytes) ? header_size + bytes[length_at] + tail_size : 0};
  }

 private:
  static bool second_start_holds(std::span<const std::uint8_t> bytes) {
    return second_start_at == 0 || bytes[second_start_at] == start_byte;
  }
};

// Finds frames by position and length, resynchronising by one byte. A start byte in noise does not hold up the whole
// frame that follows it. Where frames stand one in another, the one that begins first is taken if it is whole by then.
//
// A byte costs the same whatever the noise: sums run along with the bytes, so that a checksum is one subtraction, and
// start bytes whose frames may still be coming are looked at again only when one of them can be told. Per feed those
// are at most as many as a frame has bytes.
//
// `Layout` has `longest`, the greatest size of a frame; find_start(from, to), the first start byte or `to`; and
// outline(bytes, fresh) of the bytes from a start byte on, `fresh` where nothing but frames has come before it.
template <typename Layout>
class FrameScanner {
 public:
  // A frame that says it is longer than `longest` bytes has a bad length.
  explicit FrameScanner(std::size_t longest = Layout::longest) : longest_(longest) {}

  void feed(std::span<const std::uint8_t> bytes);
  // The next frame from its start byte to its end byte, valid until the next feed(); empty when there is none. Called
  // until it is empty, it leaves less than one frame.
  std::span<const std::uint8_t> next_bytes();
  // A start byte has come, and not all of its frame. Known once next_bytes() is empty.
  bool begun() const { return due_ != never; }
  // The line was silent for too long: what has begun is truncated. Frames not taken yet are lost.
  void gap();
  // As new, with its memory kept.
  void clear();

  // Counted since the last clear().
  const FrameFaults& faults() const { return faults_; }
  unsigned bad_checksums() const { return faults_.bad_checksum; }
  unsigned bad_formats() const { return faults_.bad_end + faults_.bad_length; }

 private:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  void make_room(std::size_t count);
  // What is wrong with a frame that is all there; null: nothing.
  unsigned FrameFaults::*fault_of(std::size_t at, const FrameOutline& outline) const;

  std::size_t longest_;
  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> sums_{0};  // modulo 256, of the bytes before each
  std::size_t filled_ = 0;
  std::size_t scanned_ = 0;  // start bytes before it have been looked at
  std::size_t pending_ = 0;  // the first of those whose frames may still be coming; scanned_ if there is none
  std::size_t due_ = never;  // with so many bytes filled, one of those can be told
  std::size_t fresh_ = 0;    // before it there is nothing but frames
  FrameFaults faults_;
};

template <typename Layout>
void FrameScanner<Layout>::feed(std::span<const std::uint8_t> bytes) {
  make_room(bytes.size());
  std::copy(bytes.begin(), bytes.end(), bytes_.data() + filled_);
  std::uint8_t* const sums = sums_.data() + filled_;
  std::inclusive_scan(bytes.begin(), bytes.end(), sums + 1, std::plus<std::uint8_t>{}, *sums);
  filled_ += bytes.size();
}

template <typename Layout>
std::span<const std::uint8_t> FrameScanner<Layout>::next_bytes() {
  if (filled_ >= due_) {
    scanned_ = pending_;
    due_ = never;
  }
  const std::uint8_t* const begin = bytes_.data();
  const std::uint8_t* const end = begin + filled_;
  for (const std::uint8_t* place = begin + scanned_; (place = Layout::find_start(place, end)) != end; ++place) {
    const auto at = static_cast<std::size_t>(place - begin);
    const FrameOutline outline = Layout::outline({place, end}, at == fresh_);
    if (outline.size == 0) continue;
    const bool refused = outline.bad_length || outline.size > longest_;
    if (!refused && at + outline.size > filled_) {
      if (due_ == never) pending_ = at;
      due_ = std::min(due_, at + outline.size);
      continue;
    }
    const auto fault = refused ? &FrameFaults::bad_length : fault_of(at, outline);
    if (fault == nullptr) {
      faults_.truncated += begun();
      scanned_ = pending_ = fresh_ = at + outline.size;
      due_ = never;
      return {place, outline.size};
    }
    // Behind a pending start byte it will be looked at again: count once.
    if (due_ == never) ++(faults_.*fault);
  }
  scanned_ = filled_;
  if (due_ == never) pending_ = filled_;
  return {};
}

template <typename Layout>
unsigned FrameFaults::*FrameScanner<Layout>::fault_of(std::size_t at, const FrameOutline& outline) const {
  if (outline.bare) return nullptr;
  const std::size_t checksum_at = at + outline.size - 2;
  if (bytes_[checksum_at + 1] != frame_end_byte) return &FrameFaults::bad_end;
  const auto sum = static_cast<std::uint8_t>(sums_[checksum_at] - sums_[at + outline.summed_from]);
  return sum == bytes_[checksum_at] ? nullptr : &FrameFaults::bad_checksum;
}

// What comes before pending_ is no longer needed.
template <typename Layout>
void FrameScanner<Layout>::make_room(std::size_t count) {
  if (bytes_.size() - filled_ >= count) return;
  std::copy(bytes_.data() + pending_, bytes_.data() + filled_, bytes_.data());
  std::copy(sums_.data() + pending_, sums_.data() + filled_ + 1, sums_.data());
  fresh_ = fresh_ >= pending_ ? fresh_ - pending_ : never;
  if (begun()) due_ -= pending_;
  filled_ -= pending_;
  scanned_ -= pending_;
  pending_ = 0;
  // With room for some frames, so that bytes fed one by one are not moved each time.
  if (bytes_.size() - filled_ < count) bytes_.resize(filled_ + count + 4 * Layout::longest);
  sums_.resize(bytes_.size() + 1);
}

template <typename Layout>
void FrameScanner<Layout>::gap() {
  faults_.truncated += begun();
  filled_ = scanned_ = pending_ = fresh_ = 0;
  due_ = never;
}

template <typename Layout>
void FrameScanner<Layout>::clear() {
  gap();
  faults_ = {};
}

}  // namespace meterrig
