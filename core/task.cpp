#include "core/task.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace meterrig {

CancelScope::CancelScope(CancelScope* parent) : parent_(parent) {
  if (!parent_) return;
  parent_->children_.push_back(this);
  if (parent_->cancelled_) cancel(parent_->reason_);
}

CancelScope::~CancelScope() {
  if (parent_) std::erase(parent_->children_, this);
  for (CancelScope* child : children_) child->parent_ = nullptr;
  for (Waiter* waiter = waiters_; waiter; waiter = waiter->scope_next_) waiter->scope_ = nullptr;
}

void CancelScope::cancel(const std::string& reason) {
  if (cancelled_) return;
  cancelled_ = true;
  reason_ = reason;
  while (waiters_) waiters_->stop(reason_);
  for (CancelScope* child : children_) child->cancel(reason);
}

void Waiter::attach(const Context& context) {
  clock_ = context.clock;
  if (context.scope && context.scope->cancelled()) {
    cancelled_ = true;
    reason_ = context.scope->reason();
    clock_->ready(*this);
    return;
  }
  pending_ = true;
  scope_ = context.scope;
  if (!scope_) return;
  scope_next_ = scope_->waiters_;
  if (scope_next_) scope_next_->scope_previous_ = this;
  scope_->waiters_ = this;
}

void Waiter::leave() noexcept {
  if (scope_) {
    (scope_previous_ ? scope_previous_->scope_next_ : scope_->waiters_) = scope_next_;
    if (scope_next_) scope_next_->scope_previous_ = scope_previous_;
    scope_ = nullptr;
    scope_next_ = scope_previous_ = nullptr;
  }
  if (queued_) clock_->not_ready(*this);
  pending_ = false;
}

void Waiter::complete() {
  if (!pending_) return;
  leave();
  clock_->ready(*this);
}

void Waiter::stop(const std::string& reason) {
  detach();
  leave();
  cancelled_ = true;
  reason_ = reason;
  clock_->ready(*this);
}

Task<> sleep_until(Instant until) {
  const Context context = co_await current_context{};
  co_await Sleep{*context.clock, until};
}

Task<> sleep_for(Duration duration) {
  const Context context = co_await current_context{};
  co_await Sleep{*context.clock, context.clock->now() + duration};
}

Task<> with_time_limit(Duration limit, std::string what, Task<> task) {
  const Context context = co_await current_context{};
  CancelScope below(context.scope);
  bool over = false;
  Timer timer(*context.clock, [&] {
    over = true;
    below.cancel("time limit");
  });
  const Instant started = context.clock->now();
  timer.at(started + limit);
  try {
    co_await run_in(below, std::move(task));
  } catch (const Cancelled&) {
    if (!over || context.scope->cancelled()) throw;
    throw TimeoutError(fmt::format("{} took longer than {:g} s", what, to_seconds(limit)),
                       {what, "", "", context.clock->now() - started});
  }
}

// A root coroutine of a group and its start, which is a turn of the clock like any other.
struct TaskGroup::Member final : Waiter {
  Member(TaskGroup& owner, Task<> work) : task(std::move(work)), root(watch(*this, owner)) {}

  static Task<> watch(Member& self, TaskGroup& owner) {
    try {
      co_await self.task;
    } catch (...) {
      self.error = std::current_exception();
    }
    owner.ended();
  }
  void start(const Context& context) {
    root.handle().promise().context = context;
    suspend(root.handle());
    if (pending()) complete();
  }
  void detach() noexcept override {}

  Task<> task;
  Task<> root;
  std::exception_ptr error;
};

class TaskGroup::Join final : public Waiter {
 public:
  explicit Join(TaskGroup& group) : group_(group) {}
  ~Join() { detach(); }
  bool await_ready() const noexcept { return group_.running_ == 0; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (pending()) group_.join_ = this;
  }
  void await_resume() const { check(); }
  void ended() { complete(); }

 private:
  void detach() noexcept override {
    if (group_.join_ == this) group_.join_ = nullptr;
  }
  TaskGroup& group_;
};

TaskGroup::TaskGroup(Clock& clock, CancelScope* scope) : context_{&clock, scope} {}
TaskGroup::~TaskGroup() = default;

void TaskGroup::spawn(Task<> task, CancelScope* scope) {
  members_.push_back(std::make_unique<Member>(*this, std::move(task)));
  ++running_;
  // A stopped scope still starts the task: its first wait throws, and its teardown can run.
  members_.back()->start({context_.clock, scope ? scope : context_.scope});
}

void TaskGroup::ended() {
  if (--running_ == 0 && join_) std::exchange(join_, nullptr)->ended();
}

Task<> TaskGroup::join() {
  co_await Join{*this};
  for (const auto& member : members_)
    if (member->error) std::rethrow_exception(member->error);
}

}  // namespace meterrig
