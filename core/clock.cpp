#include "core/clock.hpp"

#include <stdexcept>
#include <utility>

#include "core/task.hpp"

namespace meterrig {
namespace {

class Turning {
 public:
  explicit Turning(bool& flag) : flag_(flag) { flag_ = true; }
  ~Turning() { flag_ = false; }
  Turning(const Turning&) = delete;
  Turning& operator=(const Turning&) = delete;

 private:
  bool& flag_;
};

}  // namespace

void TimerNode::start(Instant due) {
  stop();
  due_ = due;
  clock_->push(*this);
}

void TimerNode::stop() noexcept {
  if (started()) clock_->remove(*this);
}

void DeadlineTimer::set(Instant deadline) {
  deadline_ = deadline;
  active_ = true;
  if (started() && armed_ <= deadline) return;
  armed_ = deadline;
  start(deadline);
}

void DeadlineTimer::fire() {
  if (!active_) return;
  if (deadline_ > clock().now()) {
    armed_ = deadline_;
    start(deadline_);
    return;
  }
  active_ = false;
  on_expiry_();
}

void Clock::run_until(const std::function<bool()>& done) {
  while (!done()) {
    poll();
    if (turn()) continue;
    // An outside event that the poll took may have been what was waited for.
    if (done()) return;
    const bool has_timer = !heap_.empty();
    if (!wait(has_timer, has_timer ? heap_.front()->due_ : Instant{}))
      throw std::logic_error("the clock has nothing left to wait for, and the work is not done");
  }
}

bool Clock::turn() {
  Waiter* const waiter = ready_head_;
  const Instant at = now();
  const bool due = !waiter && !heap_.empty() && heap_.front()->due_ <= at;
  if (!waiter && !due) return false;
  ++turns_;
  const Turning turning(turning_);
  if (before_turn_) before_turn_(turns_);
  // The hook may have made or taken away what was ready; look again.
  if (ready_head_) {
    Waiter& next = *ready_head_;
    not_ready(next);
    next.resume();
  } else if (!heap_.empty() && heap_.front()->due_ <= at) {
    TimerNode& node = *heap_.front();
    remove(node);
    come_to(node.due_);
    node.fire();
  }
  return true;
}

bool Clock::before(const TimerNode& a, const TimerNode& b) noexcept {
  return a.due_ != b.due_ ? a.due_ < b.due_ : a.order_ < b.order_;
}

void Clock::place(std::size_t index, TimerNode* node) noexcept {
  heap_[index] = node;
  node->index_ = index;
}

void Clock::sift_up(std::size_t index) noexcept {
  TimerNode* const node = heap_[index];
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!before(*node, *heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, node);
}

void Clock::sift_down(std::size_t index) noexcept {
  TimerNode* const node = heap_[index];
  for (std::size_t child = 2 * index + 1; child < heap_.size(); child = 2 * index + 1) {
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *node)) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, node);
}

void Clock::push(TimerNode& node) {
  node.order_ = next_order_++;
  heap_.push_back(&node);
  node.index_ = heap_.size() - 1;
  sift_up(node.index_);
}

void Clock::remove(TimerNode& node) noexcept {
  const std::size_t index = std::exchange(node.index_, TimerNode::npos);
  TimerNode* const last = heap_.back();
  heap_.pop_back();
  if (last == &node) return;
  place(index, last);
  sift_up(index);
  sift_down(last->index_);
}

void Clock::ready(Waiter& waiter) {
  if (!busy()) come_to(now());
  waiter.queue_previous_ = ready_tail_;
  waiter.queue_next_ = nullptr;
  waiter.queued_ = true;
  (ready_tail_ ? ready_tail_->queue_next_ : ready_head_) = &waiter;
  ready_tail_ = &waiter;
}

void Clock::not_ready(Waiter& waiter) noexcept {
  if (!waiter.queued_) return;
  (waiter.queue_previous_ ? waiter.queue_previous_->queue_next_ : ready_head_) = waiter.queue_next_;
  (waiter.queue_next_ ? waiter.queue_next_->queue_previous_ : ready_tail_) = waiter.queue_previous_;
  waiter.queued_ = false;
}

void VirtualClock::post(std::function<void()>) {
  throw std::logic_error("the virtual clock has one thread; nothing may be posted to it");
}

bool VirtualClock::wait(bool has_timer, Instant next_due) {
  if (!has_timer) return false;
  if (next_due > now_) now_ = next_due;
  return true;
}

}  // namespace meterrig
