#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/time.hpp"

namespace meterrig {

class Clock;
class Waiter;

// One entry of a clock's timer heap. It leaves the heap when it fires, is cancelled or is destroyed.
class TimerNode {
 public:
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;

 protected:
  explicit TimerNode(Clock& clock) : clock_(&clock) {}
  ~TimerNode() { stop(); }
  void start(Instant due);
  void stop() noexcept;
  bool started() const noexcept { return index_ != npos; }
  virtual void fire() = 0;
  Clock& clock() const noexcept { return *clock_; }

 private:
  friend class Clock;
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  Clock* clock_;
  Instant due_{};
  std::uint64_t order_ = 0;
  std::size_t index_ = npos;
};

// A timer that calls back; one shot, may be set again from its own callback.
class Timer final : public TimerNode {
 public:
  Timer(Clock& clock, std::function<void()> callback) : TimerNode(clock), callback_(std::move(callback)) {}
  void at(Instant due) { start(due); }
  void cancel() noexcept { stop(); }
  bool armed() const noexcept { return started(); }

 private:
  void fire() override { callback_(); }
  std::function<void()> callback_;
};

// The deadline of a link: one timer for its whole life, re-armed lazily. Setting a later deadline costs nothing; the
// timer wakes at the old one, sees that it is not due, and goes back to sleep.
class DeadlineTimer final : public TimerNode {
 public:
  DeadlineTimer(Clock& clock, std::function<void()> on_expiry) : TimerNode(clock), on_expiry_(std::move(on_expiry)) {}
  void set(Instant deadline);
  void clear() noexcept { active_ = false; }

 private:
  void fire() override;
  std::function<void()> on_expiry_;
  Instant deadline_{};
  Instant armed_{};
  bool active_ = false;
};

// The only source of time and the only thing that waits. It resumes coroutines and fires timers, one at a time, on one
// thread, in a fixed order: what is ready first in, first out; then timers by instant and order of setting.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  virtual Instant now() const noexcept = 0;
  virtual Utc utc() const noexcept = 0;
  virtual bool is_virtual() const noexcept = 0;
  // Added to every deadline of an exchange: 0 on the virtual clock, a fixed real time on a scaled wall clock.
  virtual Duration exchange_slack() const noexcept { return Duration::zero(); }

  // Takes turns until `done` holds. Throws std::logic_error when nothing is left that could make it hold.
  void run_until(const std::function<bool()>& done);

  // One turn: resumes one ready coroutine, or fires one due timer. False when neither is there.
  bool turn();
  std::uint64_t turns() const noexcept { return turns_; }
  // Called before each turn with its number; tests stop and fault a run from here.
  void before_turn(std::function<void(std::uint64_t)> hook) { before_turn_ = std::move(hook); }

  // Runs the function on the clock's thread, from any thread. The virtual clock has one thread and refuses.
  virtual void post(std::function<void()> function) = 0;

 protected:
  // Nothing is ready: wait for an outside event, or until the next timer. False when nothing can come any more.
  virtual bool wait(bool has_timer, Instant next_due) = 0;
  // Takes outside events that are already there, without waiting.
  virtual void poll() {}
  // What happens next happens at this instant: that at which a timer was due, or now.
  virtual void come_to(Instant) {}
  // A turn is under way, or something waits for its turn at the same instant.
  bool busy() const noexcept { return turning_ || ready_head_ != nullptr; }
  Instant next_due() const noexcept { return heap_.empty() ? Instant::max() : heap_.front()->due_; }

 private:
  friend class TimerNode;
  friend class Waiter;
  void push(TimerNode& node);
  void remove(TimerNode& node) noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;
  void place(std::size_t index, TimerNode* node) noexcept;
  static bool before(const TimerNode& a, const TimerNode& b) noexcept;
  void ready(Waiter& waiter);
  void not_ready(Waiter& waiter) noexcept;

  std::vector<TimerNode*> heap_;
  Waiter* ready_head_ = nullptr;
  Waiter* ready_tail_ = nullptr;
  std::uint64_t next_order_ = 0;
  std::uint64_t turns_ = 0;
  bool turning_ = false;
  std::function<void(std::uint64_t)> before_turn_;
};

// Time of a deterministic simulation: it jumps to the next timer as soon as nothing else can run.
class VirtualClock final : public Clock {
 public:
  // `epoch`: the UTC instant that virtual time zero stands for.
  explicit VirtualClock(Utc epoch = Utc{}) : epoch_(epoch) {}
  Instant now() const noexcept override { return now_; }
  Utc utc() const noexcept override { return epoch_ + now_.time_since_epoch(); }
  bool is_virtual() const noexcept override { return true; }
  void post(std::function<void()> function) override;
  // The traceable scale jumps, as a computer clock does that a time server corrects.
  void step_utc(Duration by) noexcept { epoch_ += by; }

 private:
  bool wait(bool has_timer, Instant next_due) override;
  Utc epoch_;
  Instant now_{};
};

}  // namespace meterrig
