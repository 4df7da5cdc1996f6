#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

namespace meterrig {

// One thread for calls that block. Jobs run in the order given; those not yet begun are dropped at the end.
class Worker {
 public:
  Worker() : state_(std::make_shared<State>()), thread_([state = state_] { work(*state); }) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    if (!thread_.joinable()) return;
    end({});
    thread_.join();
  }

  void submit(std::function<void()> job) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->jobs.push_back(std::move(job));
    }
    state_->wake.notify_one();
  }
  // Does not wait for the call under way: `last` runs when it has come back, if ever, and then the thread ends. The
  // jobs own what they use.
  void abandon(std::function<void()> last) {
    end(std::move(last));
    thread_.detach();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::function<void()>> jobs;
    bool ending = false;
  };

  void end(std::function<void()> last) {
    {
      const std::lock_guard lock(state_->mutex);
      state_->jobs.clear();
      if (last) state_->jobs.push_back(std::move(last));
      state_->ending = true;
    }
    state_->wake.notify_one();
  }
  static void work(State& state) {
    std::unique_lock lock(state.mutex);
    while (true) {
      state.wake.wait(lock, [&] { return state.ending || !state.jobs.empty(); });
      if (state.jobs.empty()) return;
      std::function<void()> job = std::move(state.jobs.front());
      state.jobs.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace meterrig
