#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.hpp"

namespace meterrig {

// Real time, and the loop that waits for sockets, ports, signals and other threads.
class WallClock : public Clock {
 public:
  // `time_scale`: now() runs this many times as fast as real time, more than 0. `epoch`: the UTC instant of time zero;
  // the computer's own UTC at the start when absent.
  explicit WallClock(double time_scale = 1, std::optional<Utc> epoch = std::nullopt);
  ~WallClock() override;

  Instant now() const noexcept override;
  Utc utc() const noexcept override { return epoch_ + now().time_since_epoch(); }
  bool is_virtual() const noexcept override { return false; }
  double time_scale() const noexcept { return scale_; }
  // 2 s of real time on a scaled clock: the peers and the kernel do not run faster because the clock does.
  Duration exchange_slack() const noexcept override;
  // From any thread.
  void post(std::function<void()> function) override;
  // Calls back on the clock's thread, each time one of the signals comes, until the clock ends.
  void on_signal(const std::vector<int>& signals, std::function<void(int)> callback);

  // While one lives, the clock goes on waiting although nothing of its own is left: another thread will post.
  class Expectation {
   public:
    Expectation(Expectation&&) noexcept;
    ~Expectation();

   private:
    friend class WallClock;
    struct Guard;
    explicit Expectation(std::unique_ptr<Guard> guard);
    std::unique_ptr<Guard> guard_;
  };
  Expectation expect_post();

  // How long a span of this clock lasts in real time.
  Duration real(Duration span) const noexcept;

  // For the transports: the loop itself (loop.hpp), and a look at what has happened outside.
  struct Loop;
  Loop& loop() noexcept { return *loop_; }
  void look();

 protected:
  bool wait(bool has_timer, Instant next_due) override;
  void poll() override;

 private:
  double scale_;
  Utc epoch_;
  std::chrono::steady_clock::time_point start_;
  unsigned turns_since_look_ = 0;
  bool happened_ = false;
  std::unique_ptr<Loop> loop_;
};

}  // namespace meterrig
