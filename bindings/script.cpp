#include "bindings/script.hpp"

#include <unistd.h>

#include <filesystem>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/roles.hpp"
#include "bindings/values.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/run/run_facts.hpp"

namespace meterrig::python {
namespace {

// How often a call that waits looks whether Ctrl-C was pressed, real time.
constexpr Duration look_interval = 50ms;

}  // namespace

// Lets Python see its signals while a call waits on the wall clock; its handler's exception ends the call.
class Script::SignalWatch {
 public:
  SignalWatch(Script& script, CancelScope& scope)
      : script_(script), scope_(scope), timer_(*script.clock_, [this] { look(); }) {
    if (script_.wall_) again();
  }

 private:
  void again() { timer_.at(script_.clock_->now() + seconds(to_seconds(look_interval) * script_.wall_->time_scale())); }
  void look() {
    const py::gil_scoped_acquire python;
    if (PyErr_CheckSignals() == 0) return again();
    script_.interrupted_ = std::make_unique<py::error_already_set>();
    scope_.cancel("interrupted");
  }
  Script& script_;
  CancelScope& scope_;
  Timer timer_;
};

Script::Script(const ScriptWords& words)
    : owner_(std::this_thread::get_id()), loader_(plan::ConfigPath::find()), rig_(loader_.rig(words.rig)) {
  if (words.duts.empty() && rig_.bench_stations == 0)
    throw UserError(
        fmt::format("{}: found no samples; expected `duts`, one for each station of a real rig", rig_.file));
  duts_ = cli::samples_for(loader_, rig_, words.duts);
  if (words.clock == "virtual" && !rig_.all_virtual())
    throw UserError(
        fmt::format("{}: found real addresses; expected only virtual: ones with clock=\"virtual\"", rig_.file));
  if (!words.clock.empty() && words.clock != "virtual" && words.clock != "wall")
    throw UserError(fmt::format("found clock {:?}; expected \"virtual\" or \"wall\"", words.clock));
  const bool is_virtual = words.clock.empty() ? rig_.all_virtual() : words.clock == "virtual";
  const cli::Choices choices = cli::read_choices(words.defects, words.faults, duts_, rig_);
  if (choices.own.any()) throw UserError("this fault is one of whole runs; use meterrig.run()");
  cli::declare_for(duts_, choices.defects);
  if (is_virtual) {
    clock_ = std::make_unique<VirtualClock>(loader_.plan("cjt503-auto").epoch);
  } else {
    auto wall = std::make_unique<WallClock>(rig_.time_scale);
    wall_ = wall.get();
    clock_ = std::move(wall);
  }
  bench_ = cli::make_bench(*clock_, loader_.path(), rig_, duts_, choices, words.seed);
  connector_ = std::make_unique<cli::BenchConnector>(*clock_, bench_.get(), wall_);
  workbench_ = std::make_unique<rig::Workbench>(*clock_, loader_, rig_, duts_, *connector_);
}

Script::~Script() = default;

// A program that dies leaves the outputs to a second process. A script computes between two calls, as long as it likes:
// only its death counts, not its silence.
void Script::start_watchdog() {
  if (!wall_ || rig_.all_virtual()) return;
  const auto log = std::filesystem::temp_directory_path() / fmt::format("meterrig-script-{}.log", getpid());
  watchdog_ = std::make_unique<cli::Watchdog>(
      *wall_, cli::watchdog_words(rig_, duts_, "script", log),
      cli::Watchdog::Listener{[](const std::string&, const std::string&) {},
                              [this](const std::string&, const std::string& en) { stop(en); }});
}

void Script::open() {
  if (open_ || !workbench_) throw RigClosed("a rig is opened once; make another one to open it again");
  {
    const py::gil_scoped_release free;
    start_watchdog();
  }
  open_ = true;
  try {
    run([this]() -> Task<> { co_await workbench_->open(); });
  } catch (...) {
    close();
    throw;
  }
}

void Script::expect_usable() const {
  if (!open_) throw RigClosed("the rig is closed; open it again with meterrig.open_rig()");
  if (std::this_thread::get_id() != owner_)
    throw WrongThread("this rig belongs to the thread that opened it; call it there, or open one rig for each thread");
  if (running_) throw WrongThread("the rig is at work already; a call can't be made from within another one");
}

void Script::run(const Job& job) {
  expect_usable();
  if (stopped_.load()) throw Cancelled(stop_reason());
  take_turns(job, true);
}

void Script::take_turns(const Job& job, bool stoppable) {
  std::exception_ptr failed;
  running_ = true;
  {
    const py::gil_scoped_release free;
    CancelScope scope;
    scope_ = stoppable ? &scope : nullptr;
    try {
      std::optional<SignalWatch> watch;
      if (stoppable) watch.emplace(*this, scope);
      meterrig::run(*clock_, scope, job());
    } catch (...) {
      failed = std::current_exception();
    }
    scope_ = nullptr;
  }
  running_ = false;
  if (const auto interrupted = std::exchange(interrupted_, nullptr)) throw py::error_already_set(*interrupted);
  if (failed) std::rethrow_exception(failed);
}

std::string Script::stop_reason() const {
  const std::lock_guard lock(mutex_);
  return stop_reason_;
}

void Script::stop(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    stop_reason_ = reason;
  }
  stopped_.store(true);
  if (wall_)
    wall_->post([this] {
      if (scope_) scope_->cancel(stop_reason());
    });
}

py::list Script::make_safe() {
  expect_usable();
  std::vector<OutputState> states;
  take_turns([&]() -> Task<> { states = co_await workbench_->make_safe(); }, false);
  py::list result;
  for (const OutputState& s : states)
    result.append(py::make_tuple(s.instrument, s.role, s.setting, rig::printable(s.read_back), s.ok));
  return result;
}

py::list Script::close() {
  if (!open_) return py::list();
  py::list states = make_safe();
  take_turns([this]() -> Task<> { co_await workbench_->take_leave(); }, false);
  open_ = false;
  if (watchdog_) watchdog_->goodbye();
  workbench_.reset();
  connector_.reset();
  return states;
}

rig::Station& Script::station(std::size_t index) {
  auto& stations = workbench_->stations();
  if (index >= stations.size())
    throw UserError(fmt::format("found station {}; the rig has {}", index, stations.size()));
  return *stations[index];
}

namespace {

void bind_station(StationClass& station) {
  station
      .def_property_readonly("name",
                             [](const StationHandle& s) { return s.look([](rig::Station& at) { return at.name(); }); })
      .def_property_readonly(
          "number", [](const StationHandle& s) { return s.look([](rig::Station& at) { return at.number(); }); })
      .def_property_readonly("dut",
                             [](const StationHandle& s) { return s.look([](rig::Station& at) { return at.dut(); }); })
      .def(
          "has",
          [](const StationHandle& s, const std::string& role) {
            return s.look([&](rig::Station& at) { return at.has(role); });
          },
          py::arg("role"))
      .def(
          "instrument_of",
          [](const StationHandle& s, const std::string& role) {
            return s.look([&](rig::Station& at) { return at.instrument_of(role); });
          },
          py::arg("role"))
      .def(
          "sleep",
          [](const StationHandle& s, double duration_s) {
            const Duration duration = duration_of(duration_s, "seconds");
            s.caller->run([&]() -> Task<> { co_await sleep_for(duration); });
          },
          py::arg("seconds"));
}

}  // namespace

void bind_script(py::module_& module) {
  StationClass station(module, "NativeStation");
  bind_roles(module, station);
  bind_station(station);
  bind_air_roles(module, station);
  bind_meter(module, station);
  py::class_<Script, std::shared_ptr<Script>>(module, "NativeRig")
      .def(py::init([](const std::string& rig, const std::vector<std::string>& duts, const std::string& clock,
                       std::uint64_t seed, const std::vector<std::string>& defects,
                       const std::vector<std::string>& faults) {
             return std::make_shared<Script>(ScriptWords{rig, duts, clock, seed, defects, faults});
           }),
           py::arg("rig"), py::arg("duts"), py::arg("clock"), py::arg("seed"), py::arg("defects"), py::arg("faults"))
      .def("open", &Script::open)
      .def("close", &Script::close)
      .def("make_safe", &Script::make_safe)
      .def("stop", &Script::stop, py::arg("reason"))
      .def_property_readonly("is_open", &Script::is_open)
      .def_property_readonly("is_virtual", [](const Script& s) { return s.is_virtual(); })
      .def_property_readonly("now", [](const Script& s) { return datetime_of(s.utc()); })
      .def_property_readonly("station_count", &Script::station_count)
      .def("station", [](const std::shared_ptr<Script>& self, std::size_t index) {
        return StationHandle{self, index};
      });
}

}  // namespace meterrig::python
