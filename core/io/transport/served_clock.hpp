#pragma once

#include "core/io/transport/wall_clock.hpp"

namespace meterrig {

// The wall clock of a world that is simulated for others. Its time does not pass a timer that has not fired yet: where
// the host is late, what was due still happens at its own instant and in its order, and then time catches up. Requests
// from outside wait until it has, so that the host's stalls change no meter's current, no closing time and no window.
class ServedClock final : public WallClock {
 public:
  using WallClock::WallClock;
  Instant now() const noexcept override;

 private:
  bool wait(bool has_timer, Instant next_due) override;
  void poll() override;
  void come_to(Instant due) override;
  Instant reachable() const noexcept;

  Instant reached_{};
  unsigned turns_behind_ = 0;
};

}  // namespace meterrig
