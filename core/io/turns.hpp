#pragma once

#include <utility>

#include "core/task.hpp"

namespace meterrig {

// One at a time, in the order of asking: what a link, a session or a bus is shared by. Whoever is stopped, or
// destroyed, while it waits leaves the queue; the one behind it takes its place. Outlives all who wait.
class Turns {
 public:
  // The right to go on; it ends with this object.
  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    Turn& operator=(Turn&& other) noexcept {
      if (this != &other) {
        release();
        of_ = std::exchange(other.of_, nullptr);
      }
      return *this;
    }
    ~Turn() { release(); }

   private:
    friend class Turns;
    explicit Turn(Turns* of) : of_(of) {}
    void release() noexcept {
      if (Turns* const of = std::exchange(of_, nullptr)) of->pass_on();
    }
    Turns* of_ = nullptr;
  };

  class Take final : public Waiter {
   public:
    explicit Take(Turns& of) : of_(of) {}
    ~Take() { detach(); }
    bool await_ready() noexcept {
      if (of_.taken_) return false;
      of_.taken_ = true;
      turn_ = Turn(&of_);
      return true;
    }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> handle) {
      suspend(handle);
      if (pending()) of_.join(*this);
    }
    Turn await_resume() {
      check();
      return std::move(turn_);
    }

   private:
    friend class Turns;
    void detach() noexcept override { of_.leave(*this); }
    Turns& of_;
    Turn turn_;
    Take* before_ = nullptr;
    Take* behind_ = nullptr;
    bool waits_ = false;
  };

  Turns() = default;
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  // Awaitable: Turn turn = co_await turns.take(). Throws Cancelled.
  Take take() { return Take(*this); }

 private:
  void join(Take& waiter) {
    waiter.waits_ = true;
    waiter.before_ = last_;
    (last_ ? last_->behind_ : first_) = &waiter;
    last_ = &waiter;
  }
  void leave(Take& waiter) noexcept {
    if (!std::exchange(waiter.waits_, false)) return;
    (waiter.before_ ? waiter.before_->behind_ : first_) = waiter.behind_;
    (waiter.behind_ ? waiter.behind_->before_ : last_) = waiter.before_;
    waiter.before_ = waiter.behind_ = nullptr;
  }
  // To the one who waits longest, before it runs: nobody who asks in between gets in first.
  void pass_on() noexcept {
    if (!first_) {
      taken_ = false;
      return;
    }
    Take& next = *first_;
    leave(next);
    next.turn_ = Turn(this);
    next.complete();
  }

  bool taken_ = false;
  Take* first_ = nullptr;
  Take* last_ = nullptr;
};

}  // namespace meterrig
