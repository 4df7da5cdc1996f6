#include "core/io/transport/wall_clock.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "core/io/transport/loop.hpp"

namespace meterrig {
namespace {

using Steady = std::chrono::steady_clock;

// A busy rig looks outside this often: a system call a turn would cost more than most turns.
constexpr unsigned turns_between_looks = 16;
constexpr Duration longest_sleep = 1h;

void watch_again(WallClock::Loop::Watch& watch) {
  watch.signals.async_wait([&watch](ErrorCode error, int signal) {
    if (error) return;
    watch_again(watch);
    watch.call(signal);
  });
}

}  // namespace

struct WallClock::Expectation::Guard {
  explicit Guard(asio::io_context& io) : work(io.get_executor()) {}
  asio::executor_work_guard<Executor> work;
};
WallClock::Expectation::Expectation(std::unique_ptr<Guard> guard) : guard_(std::move(guard)) {}
WallClock::Expectation::Expectation(Expectation&&) noexcept = default;
WallClock::Expectation::~Expectation() = default;

WallClock::WallClock(double time_scale, std::optional<Utc> epoch)
    : scale_(time_scale),
      epoch_(epoch ? *epoch : std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now())),
      start_(Steady::now()),
      loop_(std::make_unique<Loop>()) {
  if (!(time_scale > 0)) throw std::invalid_argument("the time scale of a clock is more than 0");
}

WallClock::~WallClock() = default;

Instant WallClock::now() const noexcept {
  const Duration elapsed = Steady::now() - start_;
  if (scale_ == 1) return Instant{elapsed};
  return Instant{Duration{std::llround(static_cast<double>(elapsed.count()) * scale_)}};
}

Duration WallClock::exchange_slack() const noexcept { return scale_ == 1 ? Duration::zero() : seconds(2 * scale_); }

Duration WallClock::real(Duration span) const noexcept {
  if (scale_ == 1) return span;
  // Rounded up: a sleeper that wakes a nanosecond early would only sleep again.
  const double exact = std::ceil(static_cast<double>(span.count()) / scale_);
  return exact < 9e18 ? Duration{static_cast<std::int64_t>(exact)} : Duration::max();
}

void WallClock::post(std::function<void()> function) {
  asio::post(loop_->io, std::move(function));
  loop_->posted.store(true, std::memory_order_release);
}

void WallClock::on_signal(const std::vector<int>& signals, std::function<void(int)> callback) {
  auto watch = std::make_unique<Loop::Watch>(loop_->io.get_executor(), std::move(callback));
  for (const int signal : signals) watch->signals.add(signal);
  watch_again(*watch);
  loop_->watches.push_back(std::move(watch));
}

WallClock::Expectation WallClock::expect_post() { return Expectation{std::make_unique<Expectation::Guard>(loop_->io)}; }

void WallClock::look() {
  turns_since_look_ = 0;
  loop_->posted.store(false, std::memory_order_relaxed);
  // Without outstanding work the loop calls itself stopped, and would stay so.
  if (loop_->io.poll() > 0) happened_ = true;
  if (loop_->io.stopped()) loop_->io.restart();
}

void WallClock::poll() {
  if (++turns_since_look_ >= turns_between_looks || loop_->posted.load(std::memory_order_acquire)) look();
}

bool WallClock::wait(bool has_timer, Instant next_due) {
  // What a look has done may be all that the caller waits for.
  if (std::exchange(happened_, false)) return true;
  Loop& loop = *loop_;
  if (has_timer) {
    const Duration ahead = std::min(next_due.time_since_epoch(), now().time_since_epoch() + longest_sleep);
    const Steady::time_point due = start_ + real(ahead);
    // Armed as lazily as the deadlines are: an exchange in time never touches the kernel's timer.
    if (!loop.wake_armed || due < loop.wake_at) {
      loop.wake_armed = true;
      loop.wake_at = due;
      loop.wake.expires_at(due);
      loop.wake.async_wait([&loop](ErrorCode error) {
        if (!error) loop.wake_armed = false;
      });
    }
  }
  turns_since_look_ = 0;
  loop.posted.store(false, std::memory_order_relaxed);
  if (loop.io.run_one() > 0) return true;
  loop.io.restart();
  return has_timer;
}

}  // namespace meterrig
