#include "core/io/transport/served_clock.hpp"

#include <algorithm>

namespace meterrig {
namespace {

// A host that can't keep up for good still answers.
constexpr unsigned most_turns_behind = 100'000;

}  // namespace

Instant ServedClock::reachable() const noexcept { return std::max(reached_, std::min(WallClock::now(), next_due())); }

Instant ServedClock::now() const noexcept { return busy() ? reached_ : reachable(); }

void ServedClock::come_to(Instant due) { reached_ = std::max(reached_, due); }

bool ServedClock::wait(bool has_timer, Instant next_due) {
  const bool more = WallClock::wait(has_timer, next_due);
  reached_ = reachable();
  return more;
}

void ServedClock::poll() {
  if (busy() || next_due() <= WallClock::now()) {
    if (++turns_behind_ < most_turns_behind) return;
  }
  turns_behind_ = 0;
  WallClock::poll();
  reached_ = reachable();
}

}  // namespace meterrig
