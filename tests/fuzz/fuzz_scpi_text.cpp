#include <memory>

#include "bench/instruments/dmm34465a.hpp"
#include "bench/instruments/dp832.hpp"
#include "bench/instruments/n6705c.hpp"
#include "tests/fuzz/support.hpp"
#include "tests/unit/bench/instrument_support.hpp"

// The virtual instruments: whatever is sent to one, it answers in whole lines, keeps a bounded list of errors, and
// serves whoever connects next.

namespace meterrig::fuzz {
namespace {

using bench::Line;

constexpr std::size_t error_queue = 20;  // of SCPI dialects that say nothing else

// An answer is text, but for the content of a definite block: #, one digit, so many digits of length, so many bytes.
// In quotes a # is a character as any other.
void check_text(std::string_view answer) {
  hold(answer.ends_with('\n'), "an answer ends its line", answer);
  answer.remove_suffix(1);
  bool quoted = false;
  for (std::size_t at = 0; at < answer.size(); ++at) {
    if (answer[at] == '"') quoted = !quoted;
    if (!quoted && answer[at] == '#' && at + 1 < answer.size() && answer[at + 1] >= '1' && answer[at + 1] <= '9') {
      const auto digits = static_cast<std::size_t>(answer[at + 1] - '0');
      hold(at + 2 + digits <= answer.size(), "a block has its length", answer);
      at += 1 + digits + std::stoul(std::string(answer.substr(at + 2, digits)));
      hold(at < answer.size(), "a block has all its bytes", answer);
      continue;
    }
    hold(answer[at] >= ' ' && answer[at] <= '~', "an answer is one line of text", answer);
  }
}

void talk(Clock& clock, bench::ScpiDevice& device, const Bytes& stream, std::size_t chunk) {
  constexpr int most_turns = 100;
  Line line(clock, device);
  in_chunks(stream, chunk, [&](std::span<const std::uint8_t> bytes) {
    device.receive(line, bytes);
    // The time that acquisitions take passes while more comes in.
    for (int i = 0; i < most_turns && clock.turn(); ++i) continue;
    hold(device.errors() <= error_queue, "the error queue is bounded");
  });
  for (const std::string& answer : line.writes) check_text(answer);
}

// Nothing that was sent before keeps the next one from being served.
void serve_the_next(Clock& clock, bench::ScpiDevice& device, std::string_view maker) {
  Line line(clock, device);
  hold(line.ask("*CLS;:SYST:ERR:COUN?").find_first_not_of("+0") == std::string::npos, "*CLS empties the error queue",
       line.answer());
  hold(line.ask("*IDN?").starts_with(maker), "an instrument says who it is", line.answer());
  line.ask("*RST");
  hold(line.ask("*OPC?") == "1", "after *RST nothing is under way", line.answer());
}

}  // namespace
}  // namespace meterrig::fuzz

// The first byte chooses the instrument and how the stream is cut.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig;
  // A few bytes ask for half a million samples as text; a long input would ask for them many times.
  constexpr std::size_t longest = 160;
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const fuzz::Bytes stream(data + 1, data + std::min(size, longest));
  VirtualClock clock;
  bench::ScriptedPath path;
  path.volts = 6;
  std::unique_ptr<bench::ScpiDevice> device;
  if (choice % 3 == 0) device = std::make_unique<bench::Dp832>(clock, path, "DP8A000001", 1);
  if (choice % 3 == 1) device = std::make_unique<bench::Dmm34465a>(clock, path, "MY54500001", 1);
  if (choice % 3 == 2) {
    auto analyser = std::make_unique<bench::N6705c>(clock, "MY53000001", 1);
    analyser->probe(1).connect(clock.now(), &path, bench::Path::k1_microammeter);
    device = std::move(analyser);
  }
  fuzz::talk(clock, *device, stream, choice / 3 % 4);
  fuzz::serve_the_next(clock, *device, choice % 3 == 0 ? "RIGOL" : "Keysight");
  return 0;
}
