#include "meters/dlt645.hpp"

#include <stdexcept>

#include "tests/fuzz/stream_laws.hpp"

// DL/T 645: frames in a stream, telegrams of any bytes, and values that come back from what they were encoded to.

namespace meterrig::fuzz {
namespace {

using dlt645::Frame;

// DL/T 645-2007 5.2.
Extent extent_at(const Bytes& stream, std::size_t at) {
  if (stream[at] != 0x68 || at + 9 >= stream.size() || stream[at + 7] != 0x68) return {};
  return {std::size_t{12} + stream[at + 9]};
}

Bytes encoded(const Frame& frame) { return dlt645::encode(frame, 0); }

void check_any_frame(const Bytes& input) {
  if (input.size() < 7) return;
  Frame frame;
  frame.control = input[0];
  std::copy_n(input.begin() + 1, frame.address.size(), frame.address.begin());
  frame.data.assign(input.begin() + 7,
                    input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(262, input.size())));
  check_frame<dlt645::Scanner>(frame, dlt645::encode(frame, 4));
  const auto telegrams = dlt645::telegrams_in(dlt645::encode(frame, 4));
  hold(telegrams.size() == 1 && telegrams[0].bytes.front().from == 0, "a frame with its preamble is one telegram");
}

// The one value of a reply with this content; empty if it is none or comes with a departure.
std::string value_of(std::uint32_t identifier, const Bytes& content) {
  Frame frame{{}, 0x91, {}};
  for (int shift = 0; shift < 32; shift += 8) frame.data.push_back(static_cast<std::uint8_t>(identifier >> shift));
  frame.data.insert(frame.data.end(), content.begin(), content.end());
  const auto telegrams = dlt645::telegrams_in(dlt645::encode(frame, 0));
  const Telegram& telegram = telegrams.front();
  if (!telegram.valid || telegram.items.size() != 1 || !telegram.departures.empty()) return {};
  return telegram.items.front().value;
}

void check_value(const Bytes& input) {
  if (input.size() < 5) return;
  const auto identifier =
      static_cast<std::uint32_t>(input[0] | input[1] << 8 | input[2] << 16) | std::uint32_t{input[3]} << 24;
  const Bytes content(input.begin() + 4,
                      input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(20, input.size())));
  const std::string value = value_of(identifier, content);
  if (value.empty()) return;
  try {
    const Bytes again = dlt645::encode_value(identifier, value);
    hold(value_of(identifier, again) == value, "a value comes back from its bytes", value);
  } catch (const std::invalid_argument&) {
    return;  // times and words are read, and not written as one number
  }
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig::fuzz;
  // Three frames of the greatest length and more.
  constexpr std::size_t longest = 1024;
  const Bytes input = bytes_of(data, std::min(size, longest));
  check_stream<meterrig::dlt645::Scanner>(input, extent_at, encoded);
  const auto telegrams = meterrig::dlt645::telegrams_in(input);
  check_telegrams(telegrams, input.size());
  check_agreement(input, extent_at, telegrams);
  check_any_frame(input);
  check_value(input);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, meterrig::fuzz::decode_seed(data, size), most);
  meterrig::fuzz::repair(data, size, meterrig::fuzz::extent_at, seed);
  return size;
}
