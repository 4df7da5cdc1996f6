#pragma once

#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/errors.hpp"

namespace meterrig {

class Waiter;

// What a stop reaches: every wait that coroutines of this scope are in, and those of the scopes below it.
// A cancelled scope stays cancelled: the next wait in it throws Cancelled at once.
class CancelScope {
 public:
  CancelScope() = default;
  explicit CancelScope(CancelScope* parent);
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;
  ~CancelScope();

  void cancel(const std::string& reason);
  bool cancelled() const noexcept { return cancelled_; }
  const std::string& reason() const noexcept { return reason_; }

 private:
  friend class Waiter;
  CancelScope* parent_ = nullptr;
  std::vector<CancelScope*> children_;
  Waiter* waiters_ = nullptr;
  bool cancelled_ = false;
  std::string reason_;
};

// What every coroutine knows and hands down to those it awaits.
struct Context {
  Clock* clock = nullptr;
  CancelScope* scope = nullptr;
};

struct PromiseBase {
  Context context;
  std::coroutine_handle<> continuation = std::noop_coroutine();
  std::exception_ptr error;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

// A suspended leaf operation: a sleep, a read, a wait for a lease. It ends exactly once, by completion or by a stop.
// It lives in the frame of the coroutine that awaits it; destroying the frame takes it out of every list.
class Waiter {
 public:
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

 protected:
  Waiter() = default;
  ~Waiter() { leave(); }

  // Called by await_suspend of the derived awaiter, once it knows its coroutine.
  template <typename P>
  void suspend(std::coroutine_handle<P> handle) {
    handle_ = handle;
    attach(handle.promise().context);
  }
  // Called by await_resume: throws Cancelled if a stop ended the wait.
  void check() const {
    if (cancelled_) throw Cancelled(reason_);
  }
  // The operation ended: the coroutine goes to the end of the ready queue.
  void complete();
  bool pending() const noexcept { return pending_; }
  Clock& clock() const noexcept { return *clock_; }
  // A stop: leave the source of the operation, so that it can't complete any more.
  virtual void detach() noexcept = 0;

 private:
  friend class Clock;
  friend class CancelScope;
  void attach(const Context& context);
  void leave() noexcept;
  void stop(const std::string& reason);
  void resume() { handle_.resume(); }

  std::coroutine_handle<> handle_;
  Clock* clock_ = nullptr;
  CancelScope* scope_ = nullptr;
  Waiter* scope_next_ = nullptr;
  Waiter* scope_previous_ = nullptr;
  Waiter* queue_next_ = nullptr;
  Waiter* queue_previous_ = nullptr;
  bool queued_ = false;
  bool pending_ = false;
  bool cancelled_ = false;
  std::string reason_;
};

// A coroutine that starts when awaited and gives a T. Move-only; destroying it destroys its frame.
template <typename T = void>
class [[nodiscard]] Task;

namespace detail {

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& v) {
    value.emplace(std::forward<U>(v));
  }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() noexcept {}
  void take() {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool done() const noexcept { return handle_.done(); }
  Handle handle() const noexcept { return handle_; }

  struct Awaiter {
    Handle handle;
    bool await_ready() const noexcept { return false; }
    template <typename P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
      handle.promise().context = parent.promise().context;
      handle.promise().continuation = parent;
      return handle;
    }
    T await_resume() { return handle.promise().take(); }
  };
  Awaiter operator co_await() const& noexcept { return {handle_}; }
  Awaiter operator co_await() && noexcept { return {handle_}; }

 private:
  Handle handle_;
};

template <typename T>
Task<T> detail::Promise<T>::get_return_object() {
  return Task<T>{std::coroutine_handle<Promise>::from_promise(*this)};
}
inline Task<void> detail::Promise<void>::get_return_object() {
  return Task<void>{std::coroutine_handle<Promise>::from_promise(*this)};
}

// Awaiting it gives the context of the awaiting coroutine.
struct current_context {
  Context context;
  bool await_ready() const noexcept { return false; }
  template <typename P>
  bool await_suspend(std::coroutine_handle<P> handle) noexcept {
    context = handle.promise().context;
    return false;
  }
  Context await_resume() const noexcept { return context; }
};

class Sleep final : public Waiter, private TimerNode {
 public:
  Sleep(Clock& clock, Instant until) : TimerNode(clock), until_(until) {}
  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (pending()) start(until_);
  }
  void await_resume() const { check(); }

 private:
  void fire() override { complete(); }
  void detach() noexcept override { TimerNode::stop(); }
  Instant until_;
};

// Waits on the context's clock. A deadline in the past still gives the others a turn.
Task<> sleep_until(Instant until);
Task<> sleep_for(Duration duration);

namespace detail {

template <typename T>
struct AwaitIn {
  CancelScope* scope;
  typename Task<T>::Handle handle;
  bool await_ready() const noexcept { return false; }
  template <typename P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
    handle.promise().context = {parent.promise().context.clock, scope};
    handle.promise().continuation = parent;
    return handle;
  }
  T await_resume() { return handle.promise().take(); }
};

}  // namespace detail

// Runs the task under a scope of its own, so that a stop of the caller's scope does not reach it: for teardown.
template <typename T>
Task<T> run_in(CancelScope& scope, Task<T> task);

// Runs the task under a scope below the caller's and cancels it when the time is over.
// Throws TimeoutError("… took longer than …") then; a stop of the caller still throws Cancelled.
Task<> with_time_limit(Duration limit, std::string what, Task<> task);

// Coroutines side by side. Leaving the scope of a group destroys those that have not ended.
class TaskGroup {
 public:
  TaskGroup(Clock& clock, CancelScope* scope);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts the task at the next free turn. `scope`: another than the group's.
  void spawn(Task<> task, CancelScope* scope = nullptr);
  // Waits for all; then throws the first error, in order of spawning.
  Task<> join();
  bool done() const noexcept { return running_ == 0; }

 private:
  struct Member;
  class Join;
  void ended();
  Context context_;
  std::vector<std::unique_ptr<Member>> members_;
  std::size_t running_ = 0;
  Join* join_ = nullptr;
};

// Takes turns of the clock until the task is done, and gives its result. For main and for tests.
template <typename T>
T run(Clock& clock, CancelScope& scope, Task<T> task) {
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
  auto store = [](Task<T>& inner, auto& into) -> Task<> {
    if constexpr (std::is_void_v<T>) {
      co_await inner;
      into = true;
    } else {
      into.emplace(co_await inner);
    }
  };
  TaskGroup group(clock, &scope);
  group.spawn(store(task, result));
  clock.run_until([&] { return group.done(); });
  auto collect = group.join();
  collect.handle().promise().context = {&clock, &scope};
  collect.handle().resume();
  collect.handle().promise().take();
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

template <typename T>
T run(Clock& clock, Task<T> task) {
  CancelScope scope;
  return run(clock, scope, std::move(task));
}

template <typename T>
Task<T> run_in(CancelScope& scope, Task<T> task) {
  detail::AwaitIn<T> in_scope{&scope, task.handle()};
  co_return co_await in_scope;
}

}  // namespace meterrig
