#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace meterrig {

// One closing of a pulse contact, as a counter with a clock of its own dates it.
struct PulseEdge {
  std::uint32_t number = 0;  // the counter's: one more each, from 1; after 4294967295 comes 0
  Duration at{};             // on the counter's clock
};

// Longest and shortest distance of two pulses, and the one in the middle (of an even number the shorter of both).
struct PulseIntervals {
  Duration minimum{};
  Duration median{};
  Duration maximum{};
};

// A place in a train of pulses where its spacing says that something is wrong.
struct PulsePlace {
  Duration at{};          // missing: when the first was due; extra: when the first came; pause: the last before it
  std::size_t count = 0;  // pulses missing or extra; of a pause those that would have fitted
};

struct PulseFindings {
  std::vector<PulsePlace> missing;
  std::vector<PulsePlace> extra;
  std::vector<PulsePlace> pauses;  // longer than three missing pulses make: the flow stood still
  std::size_t judged = 0;          // intervals with a steady flow around them; of the others nothing is said
  std::size_t missing_pulses() const;
  std::size_t extra_pulses() const;
};

// The pulse output of a meter as its second voice: counts, times, and what the spacing says of pulses that were lost on
// the way or came from nowhere. Keeps eight bytes a pulse.
//
// Spacing shows a loss only where the flow is steady. An interval is judged by the median of its neighbours, three on
// each side, if the two beside it agree with that median within a fifth. It is then
//   - n - 1 missing pulses, if it is n medians long within a fifth of one, n from 2 to 4; beyond that it is a pause;
//   - with those behind it, an interval that one, two or three extra pulses cut, if together they are one median long.
// What several intervals share is a change of the flow. So these can't be told apart:
//   - a flow that falls to 1/n for one interval and comes back, or stands still so long, from n - 1 missing pulses; a
//     flow that rises to the n-fold for n intervals and comes back from n - 1 extra pulses;
//   - a regular loss of every second pulse (or more) from half the flow;
//   - losses in two successive intervals from a short change of the flow;
//   - a loss beside the first or the last pulse from anything: there is nothing to compare it with.
// Pulses may come a twentieth of an interval early or late, and the flow may change by a tenth from one to the next;
// `judged` tells how much of the train was fit to be judged.
class PulseInput {
 public:
  // An edge that follows the last pulse by less than `debounce` is a bounce of it. Zero: every edge is a pulse. Throws
  // std::invalid_argument when negative.
  explicit PulseInput(Duration debounce = Duration::zero());

  // Edges come in order of time. Throws std::invalid_argument when one comes before the edge given last.
  void add(Duration at);
  void add(std::span<const PulseEdge> edges);

  const std::vector<Duration>& pulses() const noexcept { return pulses_; }  // without the bounces
  std::size_t bounces() const noexcept { return bounces_; }

  // Null with fewer than two pulses.
  std::optional<PulseIntervals> intervals() const;
  // Pulses in an hour at the median interval, to three decimals, half up: no pause or loss bends it. Null with fewer
  // than two pulses, or when most of them have the same time.
  std::optional<std::string> pulses_per_hour() const;
  PulseFindings judge() const;

 private:
  Duration debounce_;
  std::vector<Duration> pulses_;
  std::optional<Duration> last_edge_;
  std::size_t bounces_ = 0;
};

// Exactly what so many pulses measure, with the decimals of the equivalent: 12 and "0.010" give "0.120".
// Throws UserError when the equivalent is no positive decimal, or the product has more than 19 digits.
std::string pulse_volume(std::uint64_t pulses, const std::string& equivalent);

}  // namespace meterrig
