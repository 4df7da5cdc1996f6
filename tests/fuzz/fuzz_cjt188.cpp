#include "meters/cjt188.hpp"
#include "meters/cjt188_telegram.hpp"
#include "tests/fuzz/stream_laws.hpp"

// CJ/T 188: the frames found in a stream are those that stand in it, however the stream is cut.

namespace meterrig::fuzz {
namespace {

using cjt188::Frame;

// CJ/T 188-2004 6.2.
Extent extent_at(const Bytes& stream, std::size_t at) {
  if (stream[at] != 0x68 || at + 10 >= stream.size()) return {};
  return {std::size_t{13} + stream[at + 10]};
}

Bytes encoded(const Frame& frame) { return cjt188::encode(frame, 0); }

void check_any_frame(const Bytes& input) {
  if (input.size() < 10) return;
  Frame frame;
  frame.type = input[0];
  frame.control = input[1];
  std::copy_n(input.begin() + 2, frame.address.size(), frame.address.begin());
  frame.data.assign(input.begin() + 9,
                    input.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(264, input.size())));
  check_frame<cjt188::Scanner>(frame, cjt188::encode(frame, 4));
  hold(cjt188::address_from_hex(to_hex(frame.address)) == frame.address, "an address comes back from its digits");
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
  check_stream<meterrig::cjt188::Scanner>(input, extent_at, encoded);
  const auto telegrams = meterrig::cjt188::telegrams_in(input);
  check_telegrams(telegrams, input.size());
  check_agreement(input, extent_at, telegrams);
  check_any_frame(input);
  check_bcd(input);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  size = LLVMFuzzerMutate(data, meterrig::fuzz::decode_seed(data, size), most);
  meterrig::fuzz::repair(data, size, meterrig::fuzz::extent_at, seed);
  return size;
}
