#pragma once

#include <cmath>
#include <optional>

#include "core/waveform/means.hpp"
#include "core/waveform/periods.hpp"

namespace meterrig {

struct StatisticsOptions {
  Duration interval{};            // of a sample; above 0
  Duration mean_width = 10ms;     // of the means whose percentiles are asked; to whole samples, at least one
  double threshold_a = INFINITY;  // amperes: the time above it is told; infinite: of overloads alone
  // Whole periods are looked for when `expected_period` is above 0: see PeriodFinder.
  Duration expected_period{};
  double period_threshold_a = 0;
};

// How long a current was above a threshold.
struct TimeAbove {
  std::uint64_t samples = 0;  // in all
  std::uint64_t longest = 0;  // samples without a break
};

// What is asked of a current, from its samples as they come in chunks of any size: the same samples give the same bits
// however they were cut. Bounded memory, 1.1 MiB at most.
class WaveformStatistics {
 public:
  // Throws std::invalid_argument for an interval that is not positive, and a mean_width beyond 2^18 samples.
  explicit WaveformStatistics(const StatisticsOptions& options);
  void feed(std::span<const std::int64_t> counts);
  void feed(const Block& block);

  std::uint64_t samples() const noexcept { return totals_.samples; }
  std::uint64_t overloads() const noexcept { return totals_.overloads; }
  Duration duration() const noexcept { return options_.interval * static_cast<std::int64_t>(totals_.samples); }
  const Totals& totals() const noexcept { return totals_; }

  // Amperes and coulombs over everything. std::logic_error without a sample, and with an overload: what is beyond the
  // range has no mean. The mean of samples at a limit is the limit; the root of the mean square as well.
  double mean() const { return totals_.mean(); }
  double rms() const { return totals_.rms(); }
  double charge() const { return totals_.charge(options_.interval); }
  // Amperes, of the samples within the range; std::logic_error when there is none.
  double minimum() const;
  double maximum() const;
  // Over whole periods; `periods` is 0 when there are fewer than one, or they were not looked for.
  PeriodStretch whole_periods() const { return periods_ ? periods_->found() : PeriodStretch{}; }
  // See MeansDistribution.
  const MeansDistribution& means() const noexcept { return means_; }
  double percentile(double percent) const { return means_.percentile(percent); }

  const TimeAbove& samples_above() const noexcept { return above_; }
  Duration time_above() const noexcept { return options_.interval * static_cast<std::int64_t>(above_.samples); }
  Duration longest_above() const noexcept { return options_.interval * static_cast<std::int64_t>(above_.longest); }

 private:
  void count_above(const Block& block);
  void run_above(std::uint64_t samples);

  StatisticsOptions options_;
  std::int64_t threshold_;
  Totals totals_;
  MeansDistribution means_;
  std::optional<PeriodFinder> periods_;
  TimeAbove above_;
  std::uint64_t running_ = 0;  // samples above, up to the last one
};

}  // namespace meterrig
