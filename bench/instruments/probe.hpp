#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "bench/physics/station_model.hpp"

namespace meterrig::bench {

// Means of a voltage over apertures that begin one interval apart, as runs of equal values: a steady stretch costs a
// few looks, however many samples lie in it. Calls emit(volts, count) in order.
template <typename Emit>
void sample_voltage(const VoltageSignal& signal, Instant first, Duration interval, Duration aperture,
                    std::uint64_t count, const Emit& emit) {
  if (count == 0) return;
  const Instant end = first + interval * static_cast<std::int64_t>(count - 1) + aperture;
  const double least = signal.minimum(first, end);
  if (least == signal.maximum(first, end)) {
    emit(least, count);
  } else if (count == 1) {
    emit(signal.mean(first, end), std::uint64_t{1});
  } else {
    const std::uint64_t half = count / 2;
    sample_voltage(signal, first, interval, aperture, half, emit);
    sample_voltage(signal, first + interval * static_cast<std::int64_t>(half), interval, aperture, count - half, emit);
  }
}

// Where an ammeter channel sits: in one path of one station, or through a matrix in turn in those of several.
class Probe {
 public:
  // From `at` on the channel is in this path; null: in none, it reads zero.
  void connect(Instant at, SupplyPath* path, Path which);

  // Exact means over [from + i*interval, from + (i+1)*interval), amperes. Where the current goes beyond `limit`
  // within a sample, the sample is `overload`. True: none did.
  bool digitise(Instant from, Duration interval, std::size_t count, std::int64_t limit_na, double overload,
                std::vector<double>& amperes) const;
  void digitise_volts(Instant from, Duration interval, std::size_t count, std::vector<double>& volts) const;
  std::shared_ptr<void> retain_from(Instant when) const;

 private:
  struct Piece {
    Instant from;
    SupplyPath* path;
    Path which;
  };
  class Walk;
  std::deque<Piece> pieces_;
};

}  // namespace meterrig::bench
