#include "bindings/run.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include <filesystem>

#include "bindings/values.hpp"
#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/program.hpp"
#include "rig/cli/signals.hpp"
#include "rig/cli/version.hpp"
#include "rig/plan/program_file.hpp"

namespace meterrig::python {

// Gives on what the journal has made durable.
class PlanRun::Watcher final : public rig::Observer {
 public:
  explicit Watcher(PlanRun& of) : of_(of) {}
  void of(const rig::Run& run) { run_ = &run; }
  void run_started(const std::string&, double) override { take(); }
  void clause_started(const rig::Station&, const plan::Clause&, int, double) override { take(); }
  void clause_ended(const rig::Station&, const plan::Clause&, record::Verdict, const std::string&) override { take(); }
  void run_ended(record::RunState, record::Verdict) override { take(); }

 private:
  void take() {
    const record::Journal& journal = run_->journal();
    const auto durable = static_cast<std::size_t>(journal.acknowledged());
    const std::lock_guard lock(of_.mutex_);
    for (; given_ < durable; ++given_) of_.events_.push_back(journal.events()[given_].dump());
    of_.id_ = run_->id();
    of_.changed_.notify_all();
  }
  PlanRun& of_;
  const rig::Run* run_ = nullptr;
  std::size_t given_ = 0;
};

PlanRun::PlanRun(cli::RunOptions options, std::vector<std::shared_ptr<PythonProcedure>> procedures)
    : options_(std::move(options)),
      procedures_(std::move(procedures), [this] { return stops_.load(); }),
      files_(cli::read_run_files(options_, procedures_.own())) {
  const cli::DryRun held_against_each_other(files_, options_);
}

PlanRun::~PlanRun() {
  stop();
  const py::gil_scoped_release free;
  if (thread_.joinable()) thread_.join();
}

void PlanRun::start() {
  if (thread_.joinable()) throw RigClosed("this run was started already; make another one to run the plan again");
  over_ = false;
  thread_ = std::thread([this] { execute(); });
}

void PlanRun::execute() {
  std::exception_ptr error;
  std::string id;
  try {
    cli::Session session(files_, options_);
    // However it is left: nobody stops a session that is gone.
    const auto forget = [this](cli::Session*) {
      const std::lock_guard lock(mutex_);
      session_ = nullptr;
    };
    const std::unique_ptr<cli::Session, decltype(forget)> known(&session, forget);
    {
      const std::lock_guard lock(mutex_);
      session_ = &session;
      for (int i = 0; i < stops_.load(); ++i) session.request_stop();
    }
    Watcher watcher(*this);
    id = session.execute(watcher, [&](const rig::Run& run) { watcher.of(run); });
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  error_ = error;
  if (!id.empty()) id_ = id;
  over_ = true;
  changed_.notify_all();
}

void PlanRun::stop() {
  const std::lock_guard lock(mutex_);
  ++stops_;
  if (session_) session_->request_stop();
}

std::vector<std::string> PlanRun::next_events(double timeout_s) {
  const Duration timeout = duration_of(timeout_s, "timeout_s");
  const py::gil_scoped_release free;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [this] { return over_ || !events_.empty(); });
  std::vector<std::string> events(events_.begin(), events_.end());
  events_.clear();
  return events;
}

bool PlanRun::wait(double timeout_s) {
  const Duration timeout = duration_of(timeout_s, "timeout_s");
  const py::gil_scoped_release free;
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [this] { return over_; });
}

void PlanRun::rethrow() const {
  std::exception_ptr error;
  {
    const std::lock_guard lock(mutex_);
    error = error_;
  }
  if (error) std::rethrow_exception(error);
}

std::string PlanRun::id() const {
  const std::lock_guard lock(mutex_);
  return id_;
}

std::string PlanRun::record() {
  {
    const std::lock_guard lock(mutex_);
    if (!over_ || id_.empty()) throw RigClosed("the run has no record yet; wait for its end");
  }
  const py::gil_scoped_release free;
  record::SqliteStore store(options_.data, record::SqliteStore::Missing::refuse);
  const auto record = cli::verified_record(store, id_, cli::Language::en);
  if (!record)
    throw Error(fmt::format("the stored record of run {} is broken; `meterrig results show {}` says how", id_, id_));
  (void)cli::keep_record(store, options_.data, id_, *record);
  return record->dump();
}

namespace {

// The program itself, with procedures that Python reads.
class Host final : public cli::ProcedureHost {
 public:
  explicit Host(py::function load) : load_(std::move(load)) {}
  cli::OwnProcedures read(const std::vector<std::string>& files) override {
    const py::gil_scoped_acquire python;
    try {
      auto all = load_(files).cast<std::vector<std::shared_ptr<PythonProcedure>>>();
      procedures_ = std::make_unique<PythonProcedures>(std::move(all), [] { return cli::StopSignals::count(); });
    } catch (const py::error_already_set& wrong) {
      if (!wrong.matches(error_class("UserError"))) throw;
      throw UserError(py::str(wrong.value()).cast<std::string>());
    }
    return procedures_->own();
  }

 private:
  py::function load_;
  std::unique_ptr<PythonProcedures> procedures_;
};

int main_program(const std::vector<std::string>& words, const py::function& load) {
  std::vector<std::string> own = words;
  std::vector<char*> argv;
  for (std::string& word : own) argv.push_back(word.data());
  Host host(load);
  const py::gil_scoped_release free;
  return cli::program(static_cast<int>(argv.size()), argv.data(), &host);
}

template <typename T>
T word_of(const py::dict& words, const char* key, const char* expected) {
  const py::object value = words[key];
  try {
    return value.cast<T>();
  } catch (const py::cast_error&) {
    throw py::type_error(
        fmt::format("found {} for {}; expected {}", py::repr(value).cast<std::string>(), key, expected));
  }
}

std::shared_ptr<PlanRun> make_run(const py::dict& words, const std::vector<std::shared_ptr<PythonProcedure>>& own) {
  cli::RunOptions options;
  const auto text = [&](const char* key) { return word_of<std::string>(words, key, "text"); };
  const auto texts = [&](const char* key) { return word_of<std::vector<std::string>>(words, key, "a list of texts"); };
  options.plan = text("plan");
  options.rig = text("rig");
  options.duts = texts("duts");
  options.only = texts("only");
  options.job = text("job");
  options.answers = text("answers");
  options.data = text("data");
  options.clock = text("clock");
  options.seed = word_of<std::uint64_t>(words, "seed", "a whole number, 0 or more");
  options.defects = texts("defects");
  options.faults = texts("faults");
  options.override_by = text("override");
  return std::make_shared<PlanRun>(std::move(options), own);
}

// Of a clause of the standards that are installed, as their files have it.
std::string clause_document(const std::string& id) {
  const plan::ConfigPath path = plan::ConfigPath::find();
  std::vector<std::string> known;
  for (const std::string& name : path.names("standards"))
    for (const json::Node& clause : json::parse_file(path.resolve("standards", name)).at("clauses").elements()) {
      known.push_back(clause.at("id").string());
      if (known.back() == id) return json::to_json(clause).dump();
    }
  throw UserError(fmt::format("found clause {}; expected the id of a clause{}", json::in_quotes(id),
                              json::did_you_mean(id, known)));
}

}  // namespace

void bind_runs(py::module_& module) {
  py::class_<PlanRun, std::shared_ptr<PlanRun>>(module, "NativeRun")
      .def(py::init(&make_run), py::arg("words"), py::arg("procedures"))
      .def("start", &PlanRun::start)
      .def("stop", &PlanRun::stop)
      .def("next_events", &PlanRun::next_events, py::arg("timeout_s"))
      .def("wait", &PlanRun::wait, py::arg("timeout_s"))
      .def("rethrow", &PlanRun::rethrow)
      .def("record", &PlanRun::record)
      .def_property_readonly("id", &PlanRun::id);
  module.def("main", &main_program, py::arg("words"), py::arg("load"));
  module.def(
      "set_program_file", [](const std::string& file) { plan::set_program_file(std::filesystem::path(file)); },
      py::arg("file"));
  module.def("clause_document", &clause_document, py::arg("id"));
  module.def("config_folders", [] {
    std::vector<std::string> folders;
    const plan::ConfigPath path = plan::ConfigPath::find();
    for (const auto& folder : path.folders()) folders.push_back(folder.string());
    return folders;
  });
  module.def("version", [] { return std::string(cli::version()); });
}

}  // namespace meterrig::python
