#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rig/plan/interlock_rule.hpp"
#include "rig/run/run.hpp"
#include "rig/run/stops.hpp"

namespace meterrig::rig {

// Watches what the rig file's interlocks name, from before the first clause until the last safe state, beside
// everything else that the rig does (docs/interlocks.md). What trips ends the work of its station, or of the run, and
// brings the outputs to their safe state at once.
class Interlocks {
 public:
  // Brings a station's outputs to their safe state and journals it.
  using MakeSafe = std::function<Task<>(Station& station, std::string reason)>;

  // References outlive it.
  Interlocks(const RunSetup& setup, record::Journal& journal, Stops& stops, Observer& observer,
             Instruments& instruments, const std::vector<std::unique_ptr<Station>>& stations, MakeSafe make_safe);
  ~Interlocks();

  // Opens the contacts and looks at each once. Throws UserError that says what to do: a contact is tripped, or one that
  // all stations rely on can't be read. A station whose own contact can't be read is blocked.
  Task<> check_contacts();
  // Begins to watch, in a scope of its own: no stop of the run reaches it.
  void start();
  // After the last safe state.
  Task<> end();

 private:
  struct Point;
  struct Finding;
  void add_points(const plan::InterlockRule& rule);
  Task<double> read(Point& point);
  Task<> look(Point& point, Finding& finding);
  Task<> watch(Point& point);
  Task<> follow(Point& point);
  void trip(const Point& point, const Finding& finding);

  const RunSetup& setup_;
  record::Journal& journal_;
  Stops& stops_;
  Observer& observer_;
  Instruments& instruments_;
  const std::vector<std::unique_ptr<Station>>& stations_;
  MakeSafe make_safe_;
  std::vector<std::unique_ptr<Point>> points_;
  CancelScope scope_;
  TaskGroup group_;
};

// What only the files say: every role is there, every instrument quick enough, every threshold within its range.
// Throws UserError with file and line.
void check_interlocks(const RunSetup& setup);

}  // namespace meterrig::rig
