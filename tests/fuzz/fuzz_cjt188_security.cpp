#include "meters/cjt188_security.hpp"

#include <set>
#include <stdexcept>

#include "tests/fuzz/support.hpp"

// CJ/T 188-2018 clause 7: what is sealed opens to what it was, and whatever else is opened is refused by name or is
// what sealing gives again.

namespace meterrig::fuzz {
namespace {

using cjt188::Frame;
using cjt188::Opened;
using cjt188::Security;

void check_refusal(const Opened& opened) {
  static const std::set<std::string> names{"bad_length", "bad_padding", "unknown_identifier", "replayed_sequence"};
  hold(names.contains(opened.error), "a refusal has one of its names", opened.error);
  hold(!opened.explanation.empty() && opened.plain == Frame{}, "a refusal is explained and gives nothing away");
}

void check_open(const Frame& frame, const Security& security, std::uint8_t last) {
  for (const bool with_last : {false, true}) {
    const Opened opened = with_last ? cjt188::open(frame, security, last) : cjt188::open(frame, security);
    if (!opened.error.empty()) {
      check_refusal(opened);
      continue;
    }
    hold(opened.plain.data.size() >= 3 && opened.explanation.empty(), "what was opened has an identifier and SER");
    hold(!with_last || opened.plain.data[2] != last, "a SER is not accepted twice");
    hold(cjt188::open(frame, security, opened.plain.data[2]).error == "replayed_sequence", "nor when opened again");
    try {
      hold(cjt188::seal(opened.plain, security) == frame, "what was opened seals to the same frame");
    } catch (const std::length_error&) {
      hold(frame.data.size() > 0x64, "what fits is sealed");
    }
  }
}

// Gives the sealed frame, so that its cipher text can be tampered with.
std::optional<Frame> check_seal(const Frame& plain, const Security& security) {
  try {
    const Frame sealed = cjt188::seal(plain, security);
    const Opened opened = cjt188::open(sealed, security);
    hold(opened.error.empty() ? opened.plain == plain : opened.error == "unknown_identifier",
         "what was sealed opens to what it was", opened.error);
    return sealed;
  } catch (const std::invalid_argument&) {
    hold(plain.data.size() < 3, "a frame with an identifier can be sealed");
  } catch (const std::length_error&) {
    hold(plain.data.size() >= 96, "what fits is sealed");
  }
  return std::nullopt;
}

}  // namespace
}  // namespace meterrig::fuzz

// The first bytes are the settings: padding and range, SER of the exchange before, a byte of the key, one of the
// initial vector. The next two say which byte of the cipher text is changed, and how; what is left is the data field.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig::fuzz;
  constexpr std::size_t settings = 6;
  const Bytes input = bytes_of(data, std::min<std::size_t>(size, settings + 255));
  if (input.size() < settings) return 0;
  Security security;
  security.padding = static_cast<meterrig::cjt188::Padding>(input[0] % 3);
  security.covered = static_cast<meterrig::cjt188::Covered>(input[0] / 4 % 2);
  security.key.fill(input[2]);
  security.initial_vector.fill(input[3]);
  Frame frame;
  frame.data.assign(input.begin() + settings, input.end());
  check_open(frame, security, input[1]);
  auto sealed = check_seal(frame, security);
  if (!sealed) return 0;
  check_open(*sealed, security, input[1]);
  sealed->data[input[4] % sealed->data.size()] ^= input[5];
  check_open(*sealed, security, input[1]);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned) {
  return LLVMFuzzerMutate(data, meterrig::fuzz::decode_seed(data, size), most);
}
