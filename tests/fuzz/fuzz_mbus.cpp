#include "meters/mbus.hpp"

#include "tests/fuzz/stream_laws.hpp"

// M-Bus: frames in a stream, and the telegrams and records of any bytes.

namespace meterrig::fuzz {
namespace {

using mbus::Frame;

// EN 13757-2, 5: the short and the long form.
Extent extent_at(const Bytes& stream, std::size_t at) {
  if (stream[at] == 0x10) return {5, 1};
  if (stream[at] != 0x68 || at + 3 >= stream.size() || stream[at + 3] != 0x68) return {};
  if (stream[at + 1] < 3 || stream[at + 1] != stream[at + 2]) return {};
  return {std::size_t{6} + stream[at + 1], 4};
}

void check_any_frame(const Bytes& input) {
  if (input.size() < 3) return;
  const Frame empty{input[0], input[1], std::nullopt, {}};
  check_frame<mbus::Scanner>(empty, mbus::encode(empty));
  Frame frame{input[0], input[1], input[2], {}};
  frame.data.assign(input.begin() + 3,
                    input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(255, input.size())));
  const Bytes bytes = mbus::encode(frame);
  check_frame<mbus::Scanner>(frame, bytes);
  // What is wrong with its records does not lose the frame.
  const auto telegrams = mbus::telegrams_in(bytes);
  hold(telegrams.size() == 1 && telegrams[0].bytes.back().to == bytes.size(), "a frame is one telegram");
}

void check_selection(const Bytes& input) {
  if (input.size() < 8) return;
  const std::string secondary = to_hex(std::span(input).first(8));
  const auto telegrams = mbus::telegrams_in(mbus::encode(mbus::selection(secondary)));
  hold(telegrams.size() == 1 && telegrams[0].valid && telegrams[0].address == secondary,
       "a selection selects the address that was asked for", secondary);
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig::fuzz;
  // Three frames of the greatest length and more.
  constexpr std::size_t longest = 1024;
  const Bytes input = bytes_of(data, std::min(size, longest));
  check_stream<meterrig::mbus::Scanner>(input, extent_at, meterrig::mbus::encode);
  const auto telegrams = meterrig::mbus::telegrams_in(input);
  check_telegrams(telegrams, input.size());
  check_agreement(input, extent_at, telegrams);
  check_any_frame(input);
  check_selection(input);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, meterrig::fuzz::decode_seed(data, size), most);
  meterrig::fuzz::repair(data, size, meterrig::fuzz::extent_at, seed);
  return size;
}
