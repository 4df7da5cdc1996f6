#include "meters/pulse_input.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <stdexcept>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "core/exact_decimal.hpp"

namespace meterrig {
namespace {

using Intervals = std::vector<Duration>;

constexpr std::size_t neighbours = 3;      // on each side
constexpr std::size_t least_compared = 3;  // on both sides together
constexpr std::size_t longest_group = 4;   // intervals that make one, or that one makes
constexpr int tolerance = 5;               // a fifth

bool agree(Duration a, Duration b, Duration reference) { return std::chrono::abs(a - b) * tolerance <= reference; }

Intervals between(const std::vector<Duration>& pulses) {
  Intervals all;
  for (std::size_t i = 1; i < pulses.size(); ++i) all.push_back(pulses[i] - pulses[i - 1]);
  return all;
}

Duration median(Intervals values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::size_t total(const std::vector<PulsePlace>& places) {
  return std::accumulate(places.begin(), places.end(), std::size_t{0},
                         [](std::size_t sum, const PulsePlace& place) { return sum + place.count; });
}

// What each of the intervals [first, last) should be, by their neighbours; null when the flow around is not steady.
std::optional<Duration> reference(const Intervals& all, std::size_t first, std::size_t last) {
  if (first == 0 || last >= all.size()) return std::nullopt;
  const std::size_t from = first - std::min(first, neighbours), to = std::min(all.size(), last + neighbours);
  Intervals around(all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(first));
  around.insert(around.end(), all.begin() + static_cast<std::ptrdiff_t>(last),
                all.begin() + static_cast<std::ptrdiff_t>(to));
  if (around.size() < least_compared) return std::nullopt;
  const Duration middle = median(std::move(around));
  const bool steady = agree(all[first - 1], middle, middle) && agree(all[last], middle, middle);
  return steady && middle > Duration::zero() ? std::optional(middle) : std::nullopt;
}

// How many intervals from `first` on are one that extra pulses cut; 0: it is none.
std::size_t cut_interval(const Intervals& all, std::size_t first) {
  Duration sum = all[first];
  for (std::size_t last = first + 2; last <= first + longest_group && last < all.size(); ++last) {
    sum += all[last - 1];
    const std::optional<Duration> whole = reference(all, first, last);
    if (whole && agree(sum, *whole, *whole)) return last - first;
  }
  return 0;
}

}  // namespace

std::size_t PulseFindings::missing_pulses() const { return total(missing); }
std::size_t PulseFindings::extra_pulses() const { return total(extra); }

PulseInput::PulseInput(Duration debounce) : debounce_(debounce) {
  if (debounce < Duration::zero()) throw std::invalid_argument("a debounce time is not negative");
}

void PulseInput::add(Duration at) {
  if (last_edge_ && at < *last_edge_) throw std::invalid_argument("edges come in order of time");
  last_edge_ = at;
  if (!pulses_.empty() && at - pulses_.back() < debounce_) {
    ++bounces_;
  } else {
    pulses_.push_back(at);
  }
}

void PulseInput::add(std::span<const PulseEdge> edges) {
  for (const PulseEdge& edge : edges) add(edge.at);
}

std::optional<PulseIntervals> PulseInput::intervals() const {
  const Intervals all = between(pulses_);
  if (all.empty()) return std::nullopt;
  const auto [shortest, longest] = std::minmax_element(all.begin(), all.end());
  return PulseIntervals{*shortest, median(all), *longest};
}

std::optional<std::string> PulseInput::pulses_per_hour() const {
  const std::optional<PulseIntervals> its = intervals();
  if (!its || its->median <= Duration::zero()) return std::nullopt;
  constexpr std::int64_t thousandths = Duration{1h}.count() * 1000;
  const std::int64_t whole = its->median.count();
  return scaled_text(fmt::format("{}", (thousandths + whole / 2) / whole), -3);
}

PulseFindings PulseInput::judge() const {
  PulseFindings found;
  const Intervals all = between(pulses_);
  for (std::size_t i = 0; i < all.size();) {
    if (const std::size_t parts = cut_interval(all, i); parts > 0) {
      found.extra.push_back({pulses_[i + 1], parts - 1});
      found.judged += parts;
      i += parts;
      continue;
    }
    if (const std::optional<Duration> due = reference(all, i, i + 1)) {
      const auto times = static_cast<std::size_t>((all[i] + *due / 2) / *due);
      const Duration whole = *due * static_cast<std::int64_t>(times);
      if (times > longest_group) {
        found.pauses.push_back({pulses_[i], times - 1});
      } else if (times >= 2 && agree(all[i], whole, *due)) {
        found.missing.push_back({pulses_[i] + all[i] / static_cast<std::int64_t>(times), times - 1});
      }
      ++found.judged;
    }
    ++i;
  }
  return found;
}

std::string pulse_volume(std::uint64_t pulses, const std::string& equivalent) {
  const std::size_t point = equivalent.find('.');
  std::string digits = equivalent;
  if (point != std::string::npos) digits.erase(point, 1);
  const std::size_t decimals = digits.size() == equivalent.size() ? 0 : equivalent.size() - point - 1;
  std::uint64_t units = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), units);
  const bool whole_before_and_behind = point != 0 && point + 1 != equivalent.size();
  if (error != std::errc{} || end != digits.data() + digits.size() || units == 0 || !whole_before_and_behind)
    throw UserError(fmt::format("a pulse equivalent is a positive decimal; {:?} is none", equivalent));
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(units, pulses, &product) || product > 9'999'999'999'999'999'999u)
    throw UserError(fmt::format("{} pulses of {} have more than 19 digits", pulses, equivalent));
  return scaled_text(fmt::format("{}", product), -static_cast<int>(decimals));
}

}  // namespace meterrig
