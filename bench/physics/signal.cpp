#include "bench/physics/signal.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace meterrig::bench {

void CurrentSignal::set(Instant at, std::int64_t nanoamperes) {
  if (!steps_.empty()) {
    Step& last = steps_.back();
    if (at < last.from) throw std::logic_error("a current can't change before its last step");
    if (last.nanoamperes == nanoamperes) return;
    if (last.from == at) {
      last.nanoamperes = nanoamperes;
      // What is left may be a step that changes nothing.
      if (steps_.size() > 1 && steps_[steps_.size() - 2].nanoamperes == nanoamperes) steps_.pop_back();
      return;
    }
  }
  steps_.push_back({at, nanoamperes});
}

std::deque<CurrentSignal::Step>::const_iterator CurrentSignal::find(Instant when) const {
  auto after = std::upper_bound(steps_.begin(), steps_.end(), when,
                                [](Instant instant, const Step& step) { return instant < step.from; });
  return after == steps_.begin() ? after : std::prev(after);
}

std::int64_t CurrentSignal::at(Instant when) const {
  const auto step = find(when);
  return step == steps_.end() ? 0 : step->nanoamperes;
}

Charge CurrentSignal::charge(Instant from, Instant to) const {
  Charge sum = 0;
  for (auto step = find(from); step != steps_.end() && from < to; ++step) {
    const auto next = std::next(step);
    const Instant until = next == steps_.end() ? to : std::min(to, next->from);
    if (until <= from) continue;
    sum += static_cast<Charge>(step->nanoamperes) * (until - from).count();
    from = until;
  }
  return sum;
}

std::int64_t CurrentSignal::minimum(Instant from, Instant to) const {
  std::int64_t least = at(from);
  for (auto step = find(from); step != steps_.end() && step->from < to; ++step)
    if (step->from > from) least = std::min(least, step->nanoamperes);
  return least;
}

std::int64_t CurrentSignal::maximum(Instant from, Instant to) const {
  std::int64_t most = at(from);
  for (auto step = find(from); step != steps_.end() && step->from < to; ++step)
    if (step->from > from) most = std::max(most, step->nanoamperes);
  return most;
}

void CurrentSignal::forget_before(Instant when) {
  while (steps_.size() > 1 && steps_[1].from <= when) steps_.pop_front();
}

double VoltageSignal::Piece::at(Instant when) const {
  const double t = to_seconds(when - from);
  if (time_constant <= Duration::zero()) return start + slope * t;
  return asymptote + (start - asymptote) * std::exp(-t / to_seconds(time_constant));
}

double VoltageSignal::Piece::integral(Instant begin, Instant end) const {
  const double t = to_seconds(end - begin);
  if (time_constant <= Duration::zero()) return (at(begin) + at(end)) / 2 * t;
  return asymptote * t + (at(begin) - at(end)) * to_seconds(time_constant);
}

// Both forms are monotonic, so there is at most one crossing.
std::optional<Instant> VoltageSignal::Piece::reaches(Instant begin, Instant end, double volts) const {
  double t = 0;
  if (time_constant > Duration::zero()) {
    const double ratio = (start - asymptote) / (volts - asymptote);
    if (!(ratio > 0) || !std::isfinite(ratio)) return std::nullopt;
    t = to_seconds(time_constant) * std::log(ratio);
  } else {
    if (slope == 0) return std::nullopt;
    t = (volts - start) / slope;
  }
  if (!(t >= 0) || t > 1e9) return std::nullopt;
  const Instant crossing = from + seconds(t) + 1ns;
  if (crossing + 1ns < begin) return std::nullopt;
  const Instant when = std::max(begin, crossing);
  return when < end ? std::optional(when) : std::nullopt;
}

void VoltageSignal::add(const Piece& piece) {
  while (!pieces_.empty() && pieces_.back().from >= piece.from) pieces_.pop_back();
  pieces_.push_back(piece);
}

void VoltageSignal::set_constant(Instant at, double volts) { add({at, volts, 0, 0, {}}); }

void VoltageSignal::set_ramp(Instant at, double volts, double volts_per_second) {
  add({at, volts, volts_per_second, 0, {}});
}

void VoltageSignal::set_decay(Instant at, double volts, double towards_volts, Duration time_constant) {
  add({at, volts, 0, towards_volts, time_constant});
}

std::size_t VoltageSignal::index_at(Instant when) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), when,
                                      [](Instant instant, const Piece& piece) { return instant < piece.from; });
  return after == pieces_.begin() ? 0 : static_cast<std::size_t>(after - pieces_.begin()) - 1;
}

template <typename Visit>
void VoltageSignal::each(Instant from, Instant to, Visit visit) const {
  for (std::size_t i = pieces_.empty() ? 0 : index_at(from); i < pieces_.size(); ++i) {
    // The first piece is taken to hold before its own beginning, too.
    const Instant begin = i == 0 ? from : std::max(from, pieces_[i].from);
    const Instant end = i + 1 < pieces_.size() ? std::min(to, pieces_[i + 1].from) : to;
    if (begin > end) return;
    if (!visit(pieces_[i], std::max(begin, pieces_[i].from), std::max(end, pieces_[i].from))) return;
  }
}

double VoltageSignal::at(Instant when) const {
  if (pieces_.empty()) return 0;
  const Piece& piece = pieces_[index_at(when)];
  return piece.at(std::max(when, piece.from));
}

double VoltageSignal::mean(Instant from, Instant to) const {
  if (to <= from) return at(from);
  double sum = 0;
  Instant counted = from;
  each(from, to, [&](const Piece& piece, Instant begin, Instant end) {
    if (begin > counted) sum += piece.start * to_seconds(begin - counted);
    sum += piece.integral(begin, end);
    counted = std::max(counted, end);
    return true;
  });
  return sum / to_seconds(to - from);
}

double VoltageSignal::minimum(Instant from, Instant to) const {
  double least = at(from);
  each(from, to, [&](const Piece& piece, Instant begin, Instant end) {
    least = std::min({least, piece.at(begin), piece.at(end)});
    return true;
  });
  return least;
}

double VoltageSignal::maximum(Instant from, Instant to) const {
  double most = at(from);
  each(from, to, [&](const Piece& piece, Instant begin, Instant end) {
    most = std::max({most, piece.at(begin), piece.at(end)});
    return true;
  });
  return most;
}

std::optional<Instant> VoltageSignal::first_at_or_below(Instant from, double volts) const {
  std::optional<Instant> found;
  each(from, Instant::max(), [&](const Piece& piece, Instant begin, Instant end) {
    if (piece.at(begin) <= volts) {
      found = begin;
    } else {
      found = piece.reaches(begin, end, volts);
    }
    return !found;
  });
  return found;
}

std::optional<Instant> VoltageSignal::first_at_or_above(Instant from, double volts) const {
  std::optional<Instant> found;
  each(from, Instant::max(), [&](const Piece& piece, Instant begin, Instant end) {
    if (piece.at(begin) >= volts) {
      found = begin;
    } else {
      found = piece.reaches(begin, end, volts);
    }
    return !found;
  });
  return found;
}

bool VoltageSignal::steady_after(Instant when) const {
  if (pieces_.empty()) return true;
  const std::size_t i = index_at(when);
  if (i + 1 < pieces_.size()) return false;
  const Piece& piece = pieces_[i];
  if (piece.time_constant <= Duration::zero()) return piece.slope == 0;
  return std::abs(piece.at(std::max(when, piece.from)) - piece.asymptote) < 1e-6;
}

void VoltageSignal::forget_before(Instant when) {
  while (pieces_.size() > 1 && pieces_[1].from <= when) pieces_.pop_front();
}

}  // namespace meterrig::bench
