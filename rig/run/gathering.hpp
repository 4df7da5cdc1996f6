#pragma once

#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/task.hpp"

namespace meterrig::rig {

// Where stations meet for what is done once for all of them: a chamber that goes to a temperature and soaks. A round
// begins when all who are expected are there, or when the first to come has waited long enough; it goes to the next
// setting in ascending order that anybody who is there still wants, so that the thing passes through each once.
class Gathering {
 public:
  explicit Gathering(Clock& clock) : clock_(clock), patience_(clock, [this] { begin(); }) {}

  // The members, in the order in which one of them is chosen to do what is done for all.
  void expect(const std::string& member) { expected_.push_back(member); }
  // Comes no more: done, blocked, stopped. The others don't wait for it.
  void leave(const std::string& member);
  bool empty() const noexcept { return expected_.empty(); }
  // Expected, and not there.
  std::vector<std::string> missing() const;

  struct Turn {
    double setting = 0;
    bool brings = false;  // this member brings the thing there, and says so with brought()
  };
  // Waits for the others, at most `at_most`, and for a setting that is among `wanted`. Throws what bringing it there
  // threw; a stop of the one who brings passes the task on to another.
  Task<Turn> meet(std::string member, std::vector<double> wanted, Duration at_most);
  // `failed`: null, or why the setting was not reached.
  void brought(std::exception_ptr failed);
  // The one who brings was stopped: another does it.
  void passed_on();

 private:
  class Wait;
  void consider();
  void begin();
  std::vector<Wait*> in_order() const;

  Clock& clock_;
  std::vector<std::string> expected_;
  std::vector<Wait*> waiting_;      // by arrival
  std::optional<double> bringing_;  // a round is under way
  std::optional<double> at_;        // the last setting
  Timer patience_;
};

}  // namespace meterrig::rig
