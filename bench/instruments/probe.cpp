#include "bench/instruments/probe.hpp"

#include <algorithm>
#include <cstdlib>

namespace meterrig::bench {
namespace {
constexpr std::size_t remembered_connections = 16;
}

void Probe::connect(Instant at, SupplyPath* path, Path which) {
  pieces_.push_back({at, path, which});
  if (pieces_.size() > remembered_connections) pieces_.pop_front();
}

// Goes along the current once, from one constant stretch to the next.
class Probe::Walk {
 public:
  Walk(const Probe& probe, Instant at) : pieces_(probe.pieces_) {
    while (piece_ + 1 < pieces_.size() && pieces_[piece_ + 1].from <= at) ++piece_;
    enter(at);
  }
  std::int64_t nanoamperes() const { return nanoamperes_; }
  double amperes() const { return amperes_; }
  Instant until() const { return until_; }
  // To the stretch that begins at until().
  void next() {
    const Instant at = until_;
    if (at == piece_end()) {
      ++piece_;
      return enter(at);
    }
    ++step_;
    load();
  }

 private:
  Instant piece_end() const { return piece_ + 1 < pieces_.size() ? pieces_[piece_ + 1].from : Instant::max(); }
  const CurrentSignal* signal() const {
    const Piece* piece = piece_ < pieces_.size() ? &pieces_[piece_] : nullptr;
    return piece && piece->path ? &piece->path->current(piece->which) : nullptr;
  }
  void enter(Instant at) {
    if (const CurrentSignal* current = signal()) {
      step_ = current->find(at);
      end_ = current->end();
      return load();
    }
    nanoamperes_ = 0;
    amperes_ = 0;
    until_ = piece_end();
  }
  void load() {
    nanoamperes_ = step_ == end_ ? 0 : step_->nanoamperes;
    amperes_ = static_cast<double>(nanoamperes_) / 1e9;
    const auto following = step_ == end_ ? end_ : std::next(step_);
    until_ = following == end_ ? piece_end() : std::min(following->from, piece_end());
  }

  const std::deque<Piece>& pieces_;
  std::size_t piece_ = 0;
  std::deque<CurrentSignal::Step>::const_iterator step_;
  std::deque<CurrentSignal::Step>::const_iterator end_;
  std::int64_t nanoamperes_ = 0;
  double amperes_ = 0;
  Instant until_{};
};

bool Probe::digitise(Instant from, Duration interval, std::size_t count, std::int64_t limit_na, double overload,
                     std::vector<double>& amperes) const {
  amperes.clear();
  amperes.reserve(count);
  bool clean = true;
  Walk walk(*this, from);
  Instant begin = from;
  for (std::size_t i = 0; i < count; ++i) {
    const Instant end = begin + interval;
    bool over = std::abs(walk.nanoamperes()) > limit_na;
    double mean = walk.amperes();
    if (walk.until() < end) {
      Charge charge = 0;
      for (Instant at = begin; at < end;) {
        while (walk.until() <= at) walk.next();
        const Instant stop = std::min(walk.until(), end);
        over = over || std::abs(walk.nanoamperes()) > limit_na;
        charge += static_cast<Charge>(walk.nanoamperes()) * (stop - at).count();
        at = stop;
      }
      mean = static_cast<double>(charge) / (static_cast<double>(interval.count()) * 1e9);
    }
    if (walk.until() == end) walk.next();
    clean = clean && !over;
    amperes.push_back(over ? overload : mean);
    begin = end;
  }
  return clean;
}

void Probe::digitise_volts(Instant from, Duration interval, std::size_t count, std::vector<double>& volts) const {
  volts.clear();
  volts.reserve(count);
  std::size_t piece = 0;
  while (volts.size() < count) {
    const Instant at = from + interval * static_cast<std::int64_t>(volts.size());
    while (piece + 1 < pieces_.size() && pieces_[piece + 1].from <= at) ++piece;
    std::size_t n = count - volts.size();
    if (piece + 1 < pieces_.size()) {
      const std::int64_t to_next = (pieces_[piece + 1].from - at + interval - 1ns) / interval;
      n = std::min(n, static_cast<std::size_t>(std::max<std::int64_t>(1, to_next)));
    }
    SupplyPath* path = piece < pieces_.size() ? pieces_[piece].path : nullptr;
    if (!path) {
      volts.insert(volts.end(), n, 0.0);
      continue;
    }
    sample_voltage(path->terminals(), at, interval, interval, n,
                   [&](double value, std::uint64_t times) { volts.insert(volts.end(), times, value); });
  }
}

std::shared_ptr<void> Probe::retain_from(Instant when) const {
  auto tokens = std::make_shared<std::vector<std::shared_ptr<void>>>();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const bool over = i + 1 < pieces_.size() && pieces_[i + 1].from <= when;
    if (!over && pieces_[i].path) tokens->push_back(pieces_[i].path->retain_from(when));
  }
  return tokens;
}

}  // namespace meterrig::bench
