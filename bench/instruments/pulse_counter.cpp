#include "bench/instruments/pulse_counter.hpp"

#include <algorithm>
#include <utility>

namespace meterrig::bench {
namespace {

constexpr std::uint64_t no_pulse = 4294967295u;
constexpr Duration resolution = 100us;
constexpr Duration delivered_debounce = 10ms;
// A worn reed: it closes again so long after the first touch.
constexpr std::array<Duration, 3> bounces = {400us, 1100us, 2700us};
constexpr Duration run_ends_after = 30s;
constexpr int faulty_closing = 5;
constexpr Duration stray_after = 2s;

}  // namespace

PulseCounter::PulseCounter(Clock& clock, ProfilePointer profile, const std::string& serial)
    : RegisterDevice(std::move(profile), serial), clock_(clock), debounce_(delivered_debounce) {
  bind_real(
      "debounce_ms", [this] { return static_cast<double>(debounce_ / 1ms); },
      [this](double ms) {
        settle();
        debounce_ = static_cast<std::int64_t>(ms) * 1ms;
      });
  bind_count("pulse_count", [this] {
    settle();
    return std::uint64_t{count_};
  });
  bind_count("last_pulse_ms", [this] {
    settle();
    if (!last_pulse_) return no_pulse;
    return std::min(no_pulse - 1, static_cast<std::uint64_t>((clock_.now() - *last_pulse_) / 1ms));
  });
  bind_count("status", [this] {
    settle();
    return count_ - taken_ > depth ? bit("status", "edges_lost") : 0;
  });
  bind_count("edge_number", [this] {
    settle();
    taken_ = count_;
    return std::uint64_t{count_};
  });
  bind_list("edge_times", [this](std::size_t back) {
    settle();
    return std::uint64_t{time_of(back)};
  });
}

// Of the edge that came `back` before the newest, in tenths of a millisecond since power-up; 0: there was none.
std::uint32_t PulseCounter::time_of(std::size_t back) const {
  return back < std::min<std::size_t>(count_, depth) ? times_[(count_ - 1 - back) % depth] : 0;
}

void PulseCounter::contact(std::uint32_t output) {
  settle();
  for (std::uint32_t fresh = output - std::exchange(seen_, output); fresh > 0; --fresh) close();
}

void PulseCounter::close() {
  const Instant now = clock_.now();
  if (run_ > 0 && now - last_closing_ > run_ends_after) run_ = 0;
  last_closing_ = now;
  const bool faulty = ++run_ == faulty_closing;
  if (faulty && fault_ == Fault::loses_fifth) return;
  expect(now);
  for (const Duration after : bounces) expect(now + after);
  if (faulty && fault_ == Fault::adds_one) expect(now + stray_after);
}

void PulseCounter::expect(Instant edge) {
  coming_.insert(std::upper_bound(coming_.begin(), coming_.end(), edge), edge);
}

void PulseCounter::settle() {
  const auto over = std::upper_bound(coming_.begin(), coming_.end(), clock_.now());
  for (auto edge = coming_.begin(); edge != over; ++edge) {
    if (last_pulse_ && *edge - *last_pulse_ < debounce_) continue;
    times_[count_++ % depth] = static_cast<std::uint32_t>(edge->time_since_epoch() / resolution);
    last_pulse_ = *edge;
  }
  coming_.erase(coming_.begin(), over);
}

}  // namespace meterrig::bench
