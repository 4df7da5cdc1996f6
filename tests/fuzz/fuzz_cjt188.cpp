#include "meters/cjt188.hpp"
#include "tests/fuzz/support.hpp"

// CJ/T 188: the frames found in a stream are those that stand in it, however the stream is cut.

namespace meterrig::fuzz {
namespace {

using cjt188::Frame;

constexpr std::size_t overhead = 13;  // of a frame, beside its data

// A frame that stands in the stream.
struct Place {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Told from CJ/T 188 6.2 alone, as slowly as it can be told.
std::vector<Place> whole_frames(const Bytes& stream) {
  std::vector<Place> found;
  for (std::size_t at = 0; at + overhead <= stream.size(); ++at) {
    const std::size_t end = at + overhead + stream[at + 10];
    if (stream[at] != 0x68 || end > stream.size() || stream[end - 1] != 0x16) continue;
    unsigned sum = 0;
    for (std::size_t i = at; i < end - 2; ++i) sum += stream[i];
    if ((sum & 0xFF) == stream[end - 2]) found.push_back({at, end});
  }
  return found;
}

// A frame in the data of another: which one is found depends on what has arrived when one looks.
bool nested(const std::vector<Place>& places) {
  std::size_t end = 0;
  for (const Place& place : places) {
    if (place.end < end) return true;
    end = std::max(end, place.end);
  }
  return false;
}

std::vector<Bytes> one_after_another(const Bytes& stream, const std::vector<Place>& places) {
  std::vector<Bytes> frames;
  std::size_t free = 0;
  for (const Place& place : places) {
    if (place.begin < free) continue;
    free = place.end;
    frames.emplace_back(stream.data() + place.begin, stream.data() + place.end);
  }
  return frames;
}

std::vector<Bytes> scanned(const Bytes& stream, std::size_t chunk) {
  cjt188::Scanner scanner;
  std::vector<Bytes> frames;
  in_chunks(stream, chunk, [&](std::span<const std::uint8_t> bytes) {
    scanner.feed(bytes);
    while (const auto frame = scanner.next()) frames.push_back(cjt188::encode(*frame, 0));
  });
  return frames;
}

void check_stream(const Bytes& stream) {
  const std::vector<Place> places = whole_frames(stream);
  const bool clear = !nested(places);
  const std::vector<Bytes> expected = one_after_another(stream, places);
  for (const std::size_t chunk : {0, 1, 2, 7, 64}) {
    const std::vector<Bytes> frames = scanned(stream, chunk);
    if (clear) hold(frames == expected, "the frames of a stream do not depend on how it is cut");
    // In any case each is one that was sent, in the order of sending, none twice.
    auto from = stream.begin();
    for (const Bytes& frame : frames) {
      const auto at = std::search(from, stream.end(), frame.begin(), frame.end());
      hold(at != stream.end(), "a frame encodes to the bytes that it was read from");
      from = at + static_cast<std::ptrdiff_t>(frame.size());
    }
  }
}

// Any frame comes back from its own bytes.
void check_frame(const Bytes& input) {
  if (input.size() < 10) return;
  Frame frame;
  frame.type = input[0];
  frame.control = input[1];
  std::copy_n(input.begin() + 2, frame.address.size(), frame.address.begin());
  frame.data.assign(input.begin() + 9,
                    input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(264, input.size())));
  cjt188::Scanner scanner;
  scanner.feed(cjt188::encode(frame, 4));
  hold(scanner.next() == frame, "decode(encode(frame)) is the frame");
  hold(!scanner.next() && scanner.bad_checksums() == 0 && scanner.bad_formats() == 0, "and nothing is left of it");
  hold(cjt188::address_from_hex(cjt188::hex(frame.address)) == frame.address, "an address comes back from its digits");
}

void check_bcd(const Bytes& input) {
  const Bytes field(input.begin(),
                    input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(10, input.size())));
  const auto value = cjt188::from_bcd(field);
  if (value) hold(cjt188::to_bcd(*value, field.size()) == field, "BCD comes back from its value");
  const bool digits =
      std::all_of(field.begin(), field.end(), [](unsigned b) { return (b >> 4) < 10 && (b & 15) < 10; });
  hold(value.has_value() == (digits && field.size() <= 9), "BCD is accepted exactly when it has decimal digits only");
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig::fuzz;
  // Three frames of the greatest length and more.
  constexpr std::size_t longest = 1024;
  const Bytes input = bytes_of(data, std::min(size, longest));
  check_stream(input);
  check_frame(input);
  check_bcd(input);
  return 0;
}

// Now and then makes the checksum and the end of a frame right again: by chance that is rare.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, meterrig::fuzz::decode_seed(data, size), most);
  const std::size_t first = size == 0 ? 0 : seed / 2 % size;
  for (std::size_t at = first; seed % 2 == 0 && at + meterrig::fuzz::overhead <= size; ++at) {
    if (data[at] != 0x68) continue;
    const std::size_t end = at + meterrig::fuzz::overhead + data[at + 10];
    if (end > size) continue;
    unsigned sum = 0;
    for (std::size_t i = at; i < end - 2; ++i) sum += data[i];
    data[end - 2] = static_cast<std::uint8_t>(sum);
    data[end - 1] = 0x16;
    break;
  }
  return size;
}
