#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "core/time.hpp"

namespace meterrig::bench {

// Integral of a current over time, in nanoampere nanoseconds (1e-18 C). 128 bits: 3 A for a year fits.
__extension__ typedef __int128 Charge;

// A current as a function of time: constant between steps, in whole nanoamperes, with exact integrals. A microammeter
// with an aperture, an ammeter with a peak detector and a digitiser all look at this one truth.
class CurrentSignal {
 public:
  // From `at` on the current is `nanoamperes`. Steps may not go back before the last step.
  void set(Instant at, std::int64_t nanoamperes);
  std::int64_t at(Instant when) const;
  // Over [from, to); what lies after the last step is taken to go on.
  Charge charge(Instant from, Instant to) const;
  std::int64_t minimum(Instant from, Instant to) const;
  std::int64_t maximum(Instant from, Instant to) const;

  // A step as it stands: constant from `from` on.
  struct Step {
    Instant from;
    std::int64_t nanoamperes;
  };
  // The step in force at `when` and those after it: for digitisers that walk the signal once.
  std::deque<Step>::const_iterator find(Instant when) const;
  std::deque<Step>::const_iterator end() const { return steps_.end(); }

  // History before `when` is not needed any more. Whoever digitises keeps the model from forgetting (see Retain).
  void forget_before(Instant when);
  std::size_t size() const { return steps_.size(); }

 private:
  std::deque<Step> steps_;
};

// A voltage as a function of time: straight lines and exponential decays, in volts. Pieces may lie ahead; setting a new
// one drops those that begin at or after it.
class VoltageSignal {
 public:
  void set_constant(Instant at, double volts);
  void set_ramp(Instant at, double volts, double volts_per_second);
  void set_decay(Instant at, double volts, double towards_volts, Duration time_constant);
  double at(Instant when) const;
  double mean(Instant from, Instant to) const;
  double minimum(Instant from, Instant to) const;
  double maximum(Instant from, Instant to) const;
  void forget_before(Instant when);
  // The first instant at or after `from` at which it is at or below (above) `volts`, as things stand.
  std::optional<Instant> first_at_or_below(Instant from, double volts) const;
  std::optional<Instant> first_at_or_above(Instant from, double volts) const;
  // Nothing moves from `when` on, as things stand.
  bool steady_after(Instant when) const;
  // When the last piece begins: the end of a ramp that leads to a constant.
  Instant last_piece_begins() const { return pieces_.empty() ? Instant{} : pieces_.back().from; }

 private:
  struct Piece {
    Instant from;
    double start = 0;
    double slope = 0;          // V/s
    double asymptote = 0;      // with time_constant > 0
    Duration time_constant{};  // 0: straight line
    double at(Instant when) const;
    double integral(Instant begin, Instant end) const;
    std::optional<Instant> reaches(Instant begin, Instant end, double volts) const;
  };
  void add(const Piece& piece);
  std::size_t index_at(Instant when) const;
  template <typename Visit>
  void each(Instant from, Instant to, Visit visit) const;
  std::deque<Piece> pieces_;
};

}  // namespace meterrig::bench
