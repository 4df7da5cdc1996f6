#include "core/waveform/segmenter.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace meterrig {

const std::vector<EventShape>& battery_meter_events() {
  static const std::vector<EventShape> table{
      {"sleep", 0, 0, 5ms},
      {"receive_window", 1e-3, 0.7e-3, 500us},
      {"transmit_burst", 20e-3, 15e-3, 500us},
      {"valve_motor", 20e-3, 15e-3, 300ms},
  };
  return table;
}

double Segment::peak() const noexcept { return totals.overloads > 0 ? INFINITY : amperes(totals.highest); }

Segmenter::Segmenter(Duration interval, std::vector<EventShape> table) : interval_(interval), table_(std::move(table)) {
  if (interval <= Duration::zero()) throw std::invalid_argument("samples need an interval above 0");
  if (table_.empty()) throw std::invalid_argument("a table of events needs a row");
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const EventShape& row = table_[i];
    const bool same = i > 0 && row.enter_a == table_[i - 1].enter_a && row.leave_a == table_[i - 1].leave_a;
    if (i > 0 && !same && row.enter_a <= table_[i - 1].enter_a)
      throw std::invalid_argument("the levels of a table of events must rise: `" + row.kind + "` does not");
    if (row.leave_a > row.enter_a)
      throw std::invalid_argument("an event can't end above where it begins: `" + row.kind + "` does");
    // Up to whole samples: what is not shorter counts.
    const auto shortest =
        static_cast<std::uint64_t>(std::max<std::int64_t>(1, (row.shortest + interval - Duration{1}) / interval));
    if (!same) {
      levels_.push_back({threshold_count(row.enter_a), threshold_count(row.leave_a), shortest, {}});
    }
    levels_.back().shortest = std::min(levels_.back().shortest, shortest);
    levels_.back().rows.push_back(i);
  }
}

bool Segmenter::stays(const Totals& totals) const noexcept {
  const bool no_rise = level_ + 1 == levels_.size() || totals.none_above(levels_[level_ + 1].enter);
  return no_rise && (level_ == 0 || totals.all_above(levels_[level_].leave));
}

std::size_t Segmenter::level_after(std::int64_t count) const noexcept {
  if (is_overload(count)) return levels_.size() - 1;
  std::size_t level = level_;
  while (level + 1 < levels_.size() && count > levels_[level + 1].enter) ++level;
  while (level > 0 && count <= levels_[level].leave) --level;
  return level;
}

void Segmenter::feed(std::span<const std::int64_t> counts) {
  each_block(counts, [this](const Block& block) { feed(block); });
}

void Segmenter::feed(const Block& block) {
  if (!current_ && !block.counts.empty()) {
    level_ = level_after(block.counts.front());
    current_ = Run{level_, 0, {}};
  }
  if (stays(block.totals)) {
    current_->totals.add(block.totals);
  } else {
    scan(block.counts);
  }
  samples_ += block.totals.samples;
}

// Some sample of these changes the level.
void Segmenter::scan(std::span<const std::int64_t> counts) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t level = level_after(counts[i]);
    if (level == level_) continue;
    current_->totals.add(totals_of(counts.subspan(begin, i - begin)));
    begin = i;
    change_to(level);
  }
  current_->totals.add(totals_of(counts.subspan(begin)));
}

void Segmenter::change_to(std::size_t level) {
  level_ = level;
  Run& run = *current_;
  const Run next{level, run.first + run.totals.samples, {}};
  if (run.first == 0 || run.totals.samples >= levels_[run.level].shortest) {
    if (previous_) emit(*previous_, previous_->first > 0);
    previous_ = std::exchange(current_, next);
  } else if (previous_->level < level) {
    run.level = level;
  } else {
    previous_->totals.add(run.totals);
    if (previous_->level == level) {
      current_ = std::exchange(previous_, std::nullopt);
    } else {
      current_ = next;
    }
  }
}

void Segmenter::finish() {
  if (previous_) emit(*previous_, previous_->first > 0);
  if (current_) emit(*current_, false);
  previous_.reset();
  current_.reset();
}

void Segmenter::emit(const Run& run, bool complete) {
  const Level& level = levels_[run.level];
  std::size_t kind = level.rows.front();
  for (const std::size_t row : level.rows) {
    const bool long_enough = interval_ * static_cast<std::int64_t>(run.totals.samples) >= table_[row].shortest;
    if (long_enough && table_[row].shortest >= table_[kind].shortest) kind = row;
  }
  finished_.push_back({table_[kind].kind, interval_, run.first, run.totals, complete});
}

std::vector<Segment> Segmenter::take() { return std::exchange(finished_, {}); }

}  // namespace meterrig
