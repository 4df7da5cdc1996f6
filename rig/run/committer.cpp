#include "rig/run/committer.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace meterrig::rig {

struct Committer::Worker {
  Worker(Clock& rig_clock, record::JournalStore& rig_store)
      : clock(rig_clock), store(rig_store), thread([this] { serve(); }) {}
  ~Worker() {
    {
      const std::lock_guard lock(mutex);
      over = true;
    }
    wake.notify_one();
    thread.join();
  }

  struct Job {
    std::shared_ptr<const record::Batch> batch;    // all that was pending: an earlier job's as well
    std::function<void(std::exception_ptr)> done;  // on the clock's thread
  };

  void give(Job job) {
    {
      const std::lock_guard lock(mutex);
      jobs.push_back(std::move(job));
    }
    wake.notify_one();
  }

  // Group commit: those that came while the last one was written are one transaction, that of the latest.
  void serve() {
    for (;;) {
      std::vector<Job> group;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return over || !jobs.empty(); });
        if (jobs.empty()) return;
        group.swap(jobs);
      }
      std::exception_ptr error;
      try {
        store.write(*group.back().batch);
      } catch (...) {
        error = std::current_exception();
      }
      for (Job& job : group) clock.post([done = std::move(job.done), error] { done(error); });
    }
  }

  Clock& clock;
  record::JournalStore& store;
  std::mutex mutex;
  std::condition_variable wake;
  std::vector<Job> jobs;
  bool over = false;
  std::thread thread;
};

// The wait for one batch. The state outlives the waiting coroutine, which may be destroyed while the worker writes.
class Committer::Written final : public Waiter {
 public:
  struct State {
    Written* waiter = nullptr;
    std::exception_ptr error;
  };
  explicit Written(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Written() { detach(); }
  bool await_ready() const noexcept { return false; }
  template <typename P>
  void await_suspend(std::coroutine_handle<P> handle) {
    suspend(handle);
    state_->waiter = this;
  }
  void await_resume() const {
    check();
    if (state_->error) std::rethrow_exception(state_->error);
  }
  void arrived() { complete(); }

 private:
  void detach() noexcept override { state_->waiter = nullptr; }
  std::shared_ptr<State> state_;
};

Committer::Committer(Clock& clock, record::Journal& journal, record::JournalStore& store, OnFailure on_failure)
    : journal_(journal), on_failure_(std::move(on_failure)) {
  if (!clock.is_virtual()) worker_ = std::make_unique<Worker>(clock, store);
}

Committer::~Committer() = default;

Task<> Committer::commit() {
  try {
    co_await write();
  } catch (const record::StoreError& error) {
    if (on_failure_) on_failure_(error.what());
    throw;
  }
}

Task<> Committer::write() {
  if (!worker_) {
    journal_.commit();
    co_return;
  }
  const auto batch = std::make_shared<const record::Batch>(journal_.pending());
  if (batch->empty()) co_return;
  const auto state = std::make_shared<Written::State>();
  worker_->give({batch, [state](std::exception_ptr error) {
                   state->error = std::move(error);
                   if (state->waiter) state->waiter->arrived();
                 }});
  CancelScope shield;
  auto written = [](std::shared_ptr<Written::State> shared) -> Task<> { co_await Written{std::move(shared)}; };
  co_await run_in(shield, written(state));
  journal_.acknowledge(*batch);
}

}  // namespace meterrig::rig
