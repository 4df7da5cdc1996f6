#include "core/waveform/statistics.hpp"

#include <stdexcept>

namespace meterrig {
namespace {

Duration positive(Duration interval) {
  if (interval <= Duration::zero()) throw std::invalid_argument("samples need an interval above 0");
  return interval;
}

double within_range(const Totals& totals, std::int64_t count) {
  if (totals.samples == totals.overloads) throw std::logic_error("no sample within the range has no extremes");
  return amperes(count);
}

}  // namespace

WaveformStatistics::WaveformStatistics(const StatisticsOptions& options)
    : options_(options),
      threshold_(threshold_count(options.threshold_a)),
      means_(samples_in(options.mean_width, positive(options.interval))) {
  if (options.expected_period > Duration::zero())
    periods_.emplace(options.interval, options.period_threshold_a, options.expected_period);
}

void WaveformStatistics::feed(std::span<const std::int64_t> counts) {
  each_block(counts, [this](const Block& block) { feed(block); });
}

void WaveformStatistics::feed(const Block& block) {
  totals_.add(block.totals);
  means_.feed(block);
  count_above(block);
  if (periods_) periods_->feed(block);
}

void WaveformStatistics::count_above(const Block& block) {
  if (block.totals.none_above(threshold_)) {
    running_ = 0;
  } else if (block.totals.all_above(threshold_)) {
    run_above(block.totals.samples);
  } else {
    for (const std::int64_t count : block.counts) {
      if (count > threshold_ || is_overload(count)) {
        run_above(1);
      } else {
        running_ = 0;
      }
    }
  }
}

void WaveformStatistics::run_above(std::uint64_t samples) {
  above_.samples += samples;
  running_ += samples;
  above_.longest = std::max(above_.longest, running_);
}

double WaveformStatistics::minimum() const { return within_range(totals_, totals_.lowest); }
double WaveformStatistics::maximum() const { return within_range(totals_, totals_.highest); }

}  // namespace meterrig
