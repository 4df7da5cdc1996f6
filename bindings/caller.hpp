#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "core/task.hpp"
#include "rig/run/station.hpp"

namespace meterrig::python {

// A call from another thread than the one that the rig or the procedure belongs to.
class WrongThread : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// A call of a rig that was closed, or of a procedure that is over.
class RigClosed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Job = std::function<Task<>()>;

// Does on the rig's thread what a Python call asks for. Two kinds: a script that owns its rig takes the clock's turns
// itself, on its own thread; a procedure hands each job to the rig's thread and waits.
class Caller {
 public:
  virtual ~Caller() = default;
  // Runs the job to its end and throws what it throws. Python's lock is free meanwhile; the job may not touch Python.
  virtual void run(const Job& job) = 0;
  // Within a job only.
  virtual rig::Station& station(std::size_t index) = 0;
};

// One station as Python sees it.
struct StationHandle {
  std::shared_ptr<Caller> caller;
  std::size_t index = 0;

  // Runs `make(station)`, which gives a task, and gives its result.
  template <typename Make>
  auto ask(Make make) const {
    using Result = decltype(std::declval<decltype(make(std::declval<rig::Station&>()))>().handle().promise().take());
    if constexpr (std::is_void_v<Result>) {
      caller->run([&]() -> Task<> { co_await make(caller->station(index)); });
    } else {
      std::optional<Result> result;
      caller->run([&]() -> Task<> { result.emplace(co_await make(caller->station(index))); });
      return std::move(*result);
    }
  }
  // The same for what needs no wait.
  template <typename Look>
  auto look(Look look) const {
    using Result = decltype(look(std::declval<rig::Station&>()));
    std::optional<Result> result;
    caller->run([&]() -> Task<> {
      result.emplace(look(caller->station(index)));
      co_return;
    });
    return std::move(*result);
  }
};

}  // namespace meterrig::python
