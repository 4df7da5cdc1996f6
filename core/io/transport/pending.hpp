#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "core/task.hpp"

namespace meterrig {

// Waits for something that runs elsewhere, an operation of the loop or a job of a worker: for its result, the deadline
// (then nothing), or a stop. What comes later is dropped.
template <typename T>
class Pending final : public Waiter, private TimerNode {
  struct Slot {
    Pending* waiter = nullptr;
    std::atomic<bool> wanted{true};
  };

 public:
  class Promise {
   public:
    // On the clock's thread.
    void operator()(T value) const {
      if (Pending* const waiter = std::exchange(slot_->waiter, nullptr)) waiter->finish(std::move(value));
    }
    // From any thread: does anyone still wait?
    bool wanted() const noexcept { return slot_->wanted.load(std::memory_order_acquire); }

   private:
    friend class Pending;
    explicit Promise(std::shared_ptr<Slot> slot) : slot_(std::move(slot)) {}
    std::shared_ptr<Slot> slot_;
  };
  using Start = std::function<void(Promise)>;

  Pending(Clock& clock, Instant deadline, Start begin)
      : TimerNode(clock), deadline_(deadline), begin_(std::move(begin)), slot_(std::make_shared<Slot>()) {}
  ~Pending() { forget(); }

  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (!pending()) return;
    slot_->waiter = this;
    start(deadline_);
    begin_(Promise{slot_});
  }
  std::optional<T> await_resume() {
    check();
    return std::move(value_);
  }

 private:
  void finish(T value) {
    value_ = std::move(value);
    TimerNode::stop();
    complete();
  }
  void fire() override {
    forget();
    complete();
  }
  void detach() noexcept override {
    TimerNode::stop();
    forget();
  }
  void forget() noexcept {
    slot_->waiter = nullptr;
    slot_->wanted.store(false, std::memory_order_release);
  }

  Instant deadline_;
  Start begin_;
  std::shared_ptr<Slot> slot_;
  std::optional<T> value_;
};

}  // namespace meterrig
