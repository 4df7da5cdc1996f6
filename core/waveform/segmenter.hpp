#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/waveform/samples.hpp"

namespace meterrig {

// One row of the table that says what the events of a waveform look like. Rows rise by level; the first is what is left
// when nothing happens. Rows of the same level are told apart by their duration.
struct EventShape {
  std::string kind;
  double enter_a = 0;   // amperes: a sample above begins it
  double leave_a = 0;   // amperes, at most enter_a: a sample at or below ends it
  Duration shortest{};  // a shorter one is none of this kind
};

// Sleep, receive window, transmit burst and valve motor of a battery meter with a micro-power radio. Levels and
// durations are the rig's own, between the limits of CJ/T 503-2016 5.3.8 (50 uA on average) and 5.3.9 (200 mA, 400 mA).
const std::vector<EventShape>& battery_meter_events();

// A stretch of a waveform that is one event.
struct Segment {
  std::string kind;
  Duration interval{};
  std::uint64_t first = 0;  // sample, from the beginning of the waveform
  Totals totals;
  bool complete = true;  // false: the beginning or the end of the waveform cut it

  std::uint64_t last() const noexcept { return first + totals.samples; }  // one past the end
  Duration start() const noexcept { return interval * static_cast<std::int64_t>(first); }
  Duration duration() const noexcept { return interval * static_cast<std::int64_t>(totals.samples); }
  // Amperes; infinite with an overload.
  double peak() const noexcept;
  // Amperes, coulombs; std::logic_error with an overload.
  double mean() const { return totals.mean(); }
  double charge() const { return totals.charge(interval); }
};

// Cuts a waveform into events as it comes, in chunks of any size; each sample belongs to exactly one. The levels with
// their hysteresis make runs; a run that is too short for every row of its level is no event of its own but belongs to
// the higher of its neighbours, so that neither a spike nor a gap, nor an edge on its way up, is one. What begins or
// ends with the waveform may have been longer and is kept as it is. Memory: that of the table and of what take() left.
class Segmenter {
 public:
  // Throws std::invalid_argument for an interval that is not positive, an empty table, levels that fall, and a
  // leave_a above its enter_a.
  Segmenter(Duration interval, std::vector<EventShape> table);
  void feed(std::span<const std::int64_t> counts);
  void feed(const Block& block);
  // No more samples: the last events can be told.
  void finish();
  // The events that were finished since the last call, in order.
  std::vector<Segment> take();

 private:
  struct Level {
    std::int64_t enter = INT64_MIN;
    std::int64_t leave = INT64_MIN;
    std::uint64_t shortest = 1;  // samples
    std::vector<std::size_t> rows;
  };
  struct Run {
    std::size_t level = 0;
    std::uint64_t first = 0;
    Totals totals;
  };
  bool stays(const Totals& totals) const noexcept;
  std::size_t level_after(std::int64_t count) const noexcept;
  void scan(std::span<const std::int64_t> counts);
  void change_to(std::size_t level);
  void emit(const Run& run, bool complete);

  Duration interval_;
  std::vector<EventShape> table_;
  std::vector<Level> levels_;
  std::size_t level_ = 0;        // of the last sample
  std::uint64_t samples_ = 0;    // so far
  std::optional<Run> previous_;  // an event for certain, though it may still grow
  std::optional<Run> current_;
  std::vector<Segment> finished_;
};

}  // namespace meterrig
