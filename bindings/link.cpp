#include "bindings/link.hpp"

#include <pybind11/pybind11.h>

#include <utility>

#include "bindings/values.hpp"

namespace meterrig::python {
namespace {

// Real time. A procedure that is stopped is given so long to come to its end.
constexpr double grace_s = 2;
constexpr std::chrono::milliseconds look_interval{20};
constexpr int looks_after_stop = 100;
constexpr int refusals_max = 1000;
constexpr const char* stopped_error = "Stopped";

// On the virtual clock it is waited for in real time, and no other passes.
Duration grace_on(const WallClock* wall) { return wall ? seconds(grace_s * wall->time_scale()) : 1h; }

}  // namespace

// On the wall clock: waits until Python asks, or has ended.
class Link::Asked final : public Waiter {
 public:
  explicit Asked(Link& link) : link_(link) {}
  bool await_ready() {
    const std::lock_guard lock(link_.mutex_);
    return link_.state_ != State::computing;
  }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    if (pending()) link_.waiter_ = this;
  }
  void await_resume() const { check(); }
  void wake() {
    link_.waiter_ = nullptr;
    complete();
  }

 private:
  void detach() noexcept override { link_.waiter_ = nullptr; }
  Link& link_;
};

// However serve() is left, nobody waits for an answer that does not come.
class Link::Serving {
 public:
  explicit Serving(Link& link) : link_(link) {
    if (link.wall_) expectation_.emplace(link.wall_->expect_post());
  }
  ~Serving() {
    link_.give_up();
    // It may be in the midst of computing: it ends by itself, and keeps the link alive till then.
    if (link_.thread_.joinable()) link_.thread_.detach();
  }

 private:
  Link& link_;
  std::optional<WallClock::Expectation> expectation_;
};

Link::Link(rig::Trial& trial, Stops stops)
    : trial_(trial),
      stops_(std::move(stops)),
      stops_before_(stops_()),
      wall_(dynamic_cast<WallClock*>(&trial.clock())) {}

rig::Station& Link::station(std::size_t) { return trial_.station(); }

void Link::run(const Job& job) {
  const py::gil_scoped_release free;
  std::unique_lock lock(mutex_);
  if (state_ == State::given_up || state_ == State::ended)
    throw RigClosed("the procedure that this station belonged to is over");
  if (std::this_thread::get_id() != thread_.get_id())
    throw WrongThread("a procedure calls its station from its own thread only");
  if (!stopped_.empty()) throw Cancelled(stopped_);
  job_ = &job;
  answered_ = false;
  error_ = nullptr;
  state_ = State::asking;
  if (wall_)
    wall_->post([self = shared_from_this()] {
      if (self->waiter_) self->waiter_->wake();
    });
  else
    for_rig_.notify_one();
  for_python_.wait(lock, [this] { return answered_; });
  if (const auto error = std::exchange(error_, nullptr)) std::rethrow_exception(error);
}

void Link::tell(State state) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::given_up) return;
  state_ = state;
  if (wall_)
    wall_->post([self = shared_from_this()] {
      if (self->waiter_) self->waiter_->wake();
    });
  else
    for_rig_.notify_one();
}

void Link::start(std::function<std::exception_ptr()> body) {
  const std::lock_guard lock(mutex_);
  thread_ = std::thread([self = shared_from_this(), body = std::move(body)] {
    { const std::lock_guard started(self->mutex_); }
    {
      const py::gil_scoped_acquire python;
      self->python_thread_ = PyThread_get_thread_ident();
    }
    const std::exception_ptr result = body();
    {
      const std::lock_guard done(self->mutex_);
      self->result_ = result;
    }
    self->tell(State::ended);
  });
}

// False: it was stopped and does not come to its end.
bool Link::wait_for_python() {
  std::unique_lock lock(mutex_);
  int looks_left = 0;  // once it was stopped
  while (!for_rig_.wait_for(lock, look_interval, [this] { return state_ != State::computing; })) {
    if (looks_left > 0 && --looks_left == 0) return false;
    if (looks_left > 0 || stops_() == stops_before_) continue;
    looks_left = looks_after_stop;
    stopped_ = "stopped by operator";
    lock.unlock();
    interrupt_python(stopped_error);
    lock.lock();
  }
  return true;
}

// Its next instruction raises the exception; one that waits in a job gets it there.
void Link::interrupt_python(const char* exception) {
  const py::gil_scoped_acquire python;
  const py::object type =
      exception == nullptr ? py::reinterpret_borrow<py::object>(PyExc_SystemExit) : error_class(exception);
  if (python_thread_ != 0) PyThreadState_SetAsyncExc(python_thread_, type.ptr());
}

void Link::answer(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  job_ = nullptr;
  answered_ = true;
  state_ = State::computing;
  for_python_.notify_one();
}

void Link::give_up() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::asking) {
    error_ = std::make_exception_ptr(Cancelled("the run is over"));
    answered_ = true;
    for_python_.notify_one();
  }
  if (state_ != State::ended) state_ = State::given_up;
  stopped_ = "the run is over";
}

// Waits until Python asks for something or has ended.
Task<> Link::next(bool stopped) {
  if (wall_) {
    Asked asked(*this);
    co_await asked;
    co_return;
  }
  if (!wait_for_python()) give_up();
  // A stop that came while Python computed.
  if (!stopped && stops_() != stops_before_) co_await sleep_for(Duration::zero());
}

Task<> Link::do_job() {
  std::exception_ptr error;
  try {
    if (stopped_.empty())
      co_await (*job_)();
    else
      throw Cancelled(stopped_);
  } catch (...) {
    error = std::current_exception();
  }
  const bool refused = !stopped_.empty();
  answer(error);
  if (refused && ++refused_ > refusals_max) give_up();
}

Link::State Link::state() {
  const std::lock_guard lock(mutex_);
  return state_;
}

Task<> Link::serve(std::function<std::exception_ptr()> body) {
  const Serving serving(*this);
  start(std::move(body));
  CancelScope ending;  // a stop does not reach it
  const Duration grace = grace_on(wall_);
  std::string reason;
  while (state() != State::ended && state() != State::given_up) {
    bool late = false;
    try {
      if (reason.empty()) {
        co_await next(false);
      } else {
        Task<> last_words = with_time_limit(grace, "the procedure, which was stopped,", next(true));
        co_await run_in(ending, std::move(last_words));
      }
    } catch (const Cancelled& stopped) {
      reason = stopped.reason();
    } catch (const TimeoutError&) {
      late = true;
    }
    if (late) give_up();
    if (!reason.empty() && stopped_.empty()) {
      {
        const std::lock_guard lock(mutex_);
        stopped_ = reason;
      }
      interrupt_python(stopped_error);
    }
    if (state() == State::asking) co_await do_job();
  }
  // It lets no Stopped end it; what ends the interpreter does.
  if (state() == State::given_up) interrupt_python(nullptr);
  if (!reason.empty() || !stopped_.empty()) throw Cancelled(reason.empty() ? stopped_ : reason);
  if (result_) std::rethrow_exception(result_);
}

}  // namespace meterrig::python
