#include "bindings/procedure.hpp"

#include <map>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/values.hpp"
#include "bindings/waveform.hpp"
#include "core/errors.hpp"
#include "rig/plan/limit.hpp"
#include "testcases/steps/steps.hpp"

namespace meterrig::python {
namespace {

using nlohmann::json;

rig::Radio radio_of(const std::string& word) {
  if (word == "quiet") return rig::Radio::quiet;
  return word == "talking" ? rig::Radio::talking : rig::Radio::none;
}

// A station, and the one attempt of one clause that a procedure makes there.
struct TrialHandle : StationHandle {
  explicit TrialHandle(std::shared_ptr<Link> its) : StationHandle{its, 0}, link(std::move(its)) {}
  std::shared_ptr<Link> link;

  template <typename Do>
  void act(Do what) const {
    link->run([&]() -> Task<> {
      what(link->trial());
      co_return;
    });
  }
};

// What ended a procedure, as the sequencer knows it. Errors of instruments stay what they are; a person's own verdict
// is one; every other exception voids the clause, with its traceback in the journal.
std::exception_ptr ending_of(py::error_already_set& error, const std::shared_ptr<Link>& link) {
  const std::exception_ptr native = native_error(error);
  if (error.matches(error_class("Stopped")))
    return native ? native : std::make_exception_ptr(Cancelled("the procedure was stopped"));
  if (error.matches(error_class("Ended"))) {
    const auto word = error.value().attr("verdict").cast<std::string>();
    const auto text = py::str(error.value()).cast<std::string>();
    const auto verdict = record::verdict_from(word).value_or(record::Verdict::void_);
    return std::make_exception_ptr(rig::TrialEnded{verdict, rig::Cause{"", "", "", 0, text}});
  }
  const py::object value = error.value();
  if (error.trace()) PyException_SetTraceback(value.ptr(), error.trace().ptr());
  const py::object lines = py::module_::import("meterrig.procedures").attr("traceback_lines")(value);
  const auto traceback = lines.attr("__getitem__")(0).cast<std::string>();
  const auto summary = lines.attr("__getitem__")(1).cast<std::string>();
  try {
    link->run([&]() -> Task<> {
      link->trial().note("程序异常\n" + traceback, "the procedure raised\n" + traceback);
      co_return;
    });
  } catch (const Cancelled&) {
  }
  if (native) return native;
  return std::make_exception_ptr(
      rig::TrialEnded{record::Verdict::void_, rig::Cause{"", "", "", 0, "the procedure raised " + summary}});
}

// On the procedure's own thread.
std::exception_ptr call(const PythonProcedure& procedure, const std::shared_ptr<Link>& link) {
  const py::gil_scoped_acquire python;
  try {
    py::module_::import("meterrig.procedures").attr("call")(procedure.function, py::cast(TrialHandle(link)));
    return nullptr;
  } catch (py::error_already_set& error) {
    try {
      return ending_of(error, link);
    } catch (const py::error_already_set&) {
      return std::make_exception_ptr(Cancelled("the procedure was stopped"));
    } catch (const std::exception&) {
      return std::current_exception();
    }
  }
}

Task<> run_on_its_thread(const PythonProcedure& procedure, std::shared_ptr<Link> link) {
  std::function<std::exception_ptr()> body = [&procedure, link] { return call(procedure, link); };
  co_await link->serve(std::move(body));
}

void check_bounds(const PythonProcedure& its, const plan::Clause& clause) {
  for (const auto& [name, low, high] : its.bounds) {
    const double value = clause.number(name);
    if (!(value >= low && value <= high)) clause.refuse(name, fmt::format("a number from {:g} to {:g}", low, high));
  }
}

plan::Limit limit_of(const std::string& name, const std::string& unit, const std::string& kind, double low,
                     double high) {
  plan::Limit limit;
  limit.name = name;
  limit.unit = unit;
  limit.source = plan::Source::procedure;
  limit.low = finite(low, "the limit");
  limit.high = finite(high, "the limit");
  limit.kind = kind == "at_most"     ? plan::LimitKind::at_most
               : kind == "less_than" ? plan::LimitKind::less_than
               : kind == "at_least"  ? plan::LimitKind::at_least
               : kind == "between"   ? plan::LimitKind::between
                                     : plan::LimitKind::equals;
  return limit;
}

std::string measure_own(const TrialHandle& handle, const std::string& name, double value, const std::string& unit,
                        const std::optional<Budget>& budget, const std::string& kind, double low, double high) {
  const plan::Limit limit = limit_of(name, unit, kind, low, high);
  finite(value, "value");
  record::Verdict verdict{};
  handle.act([&](rig::Trial& trial) { verdict = trial.measure(limit, value, budget.value_or(Budget(unit))); });
  return std::string(record::word(verdict));
}

std::string measure(const TrialHandle& handle, const std::string& name, double value, const std::string& unit,
                    const std::optional<Budget>& budget) {
  finite(value, "value");
  record::Verdict verdict{};
  handle.act([&](rig::Trial& trial) {
    const Budget its = budget.value_or(Budget(unit));
    verdict = trial.clause().limits.contains(name) ? trial.measure(name, value, its) : trial.observe(name, value, its);
  });
  return std::string(record::word(verdict));
}

// The unit of the clause's limit of that name; none: the clause has no such limit for this sample.
std::optional<std::string> unit_of_limit(const TrialHandle& handle, const std::string& name) {
  std::optional<std::string> unit;
  handle.act([&](rig::Trial& trial) {
    if (!trial.clause().limits.contains(name)) return;
    if (const auto limit = trial.clause().limit(name, trial.dut())) unit = limit->unit;
  });
  return unit;
}

py::dict parameters(const TrialHandle& handle) {
  std::map<std::string, plan::Parameter> all;
  handle.act([&](rig::Trial& trial) {
    for (const auto& [name, parameter] : trial.clause().parameters) all.emplace(name, parameter.for_dut(trial.dut()));
  });
  py::dict result;
  for (const auto& [name, parameter] : all) {
    using Kind = plan::Parameter::Kind;
    if (parameter.kind == Kind::number)
      result[name.c_str()] = parameter.value;
    else if (parameter.kind == Kind::list)
      result[name.c_str()] = parameter.values;
    else if (parameter.kind == Kind::texts)
      result[name.c_str()] = parameter.texts;
    else
      result[name.c_str()] = parameter.text;
  }
  return result;
}

using TrialClass = py::class_<TrialHandle, StationHandle>;

void bind_findings(TrialClass& type) {
  type.def("measure_own", &measure_own, py::arg("name"), py::arg("value"), py::arg("unit"), py::arg("budget"),
           py::arg("kind"), py::arg("low"), py::arg("high"))
      .def("measure", &measure, py::arg("name"), py::arg("value"), py::arg("unit"), py::arg("budget"))
      .def("unit_of_limit", &unit_of_limit, py::arg("name"))
      .def(
          "count",
          [](const TrialHandle& handle, const std::string& name, std::int64_t value) {
            record::Verdict verdict{};
            handle.act([&](rig::Trial& trial) {
              verdict = trial.clause().limits.contains(name)
                            ? trial.count(name, value)
                            : trial.observe(name, static_cast<double>(value), Budget("1"));
            });
            return std::string(record::word(verdict));
          },
          py::arg("name"), py::arg("value"))
      .def(
          "record",
          [](const TrialHandle& handle, const std::string& name, double value, const std::string& unit,
             const std::optional<Budget>& budget) {
            finite(value, "value");
            handle.act([&](rig::Trial& trial) { trial.record(name, value, budget.value_or(Budget(unit))); });
          },
          py::arg("name"), py::arg("value"), py::arg("unit"), py::arg("budget"))
      .def(
          "record_text",
          [](const TrialHandle& handle, const std::string& name, const std::string& value, const std::string& unit) {
            handle.act([&](rig::Trial& trial) { trial.record_text(name, value, unit); });
          },
          py::arg("name"), py::arg("value"), py::arg("unit") = "1")
      .def(
          "note",
          [](const TrialHandle& handle, const std::string& zh, const std::string& en) {
            handle.act([&](rig::Trial& trial) { trial.note(zh, en); });
          },
          py::arg("zh"), py::arg("en"))
      .def(
          "deviation",
          [](const TrialHandle& handle, const std::string& zh, const std::string& en) {
            handle.act([&](rig::Trial& trial) { trial.deviation(zh, en); });
          },
          py::arg("zh"), py::arg("en"))
      .def(
          "evidence",
          [](const TrialHandle& handle, const std::string& name, const RecordingPtr& recording) {
            handle.act([&](rig::Trial& trial) { trial.evidence(name, recording->start, recording->waveform); });
          },
          py::arg("name"), py::arg("waveform"));
}

void bind_deeds(TrialClass& type) {
  type.def(
          "write_item",
          [](const TrialHandle& handle, const std::string& item, const std::string& value) {
            handle.link->run([&]() -> Task<> { co_await handle.link->trial().write_item(item, value); });
          },
          py::arg("item"), py::arg("value"))
      .def("power_up",
           [](const TrialHandle& handle) {
             handle.link->run([&]() -> Task<> { co_await testcases::power_up(handle.link->trial()); });
           })
      .def("commit",
           [](const TrialHandle& handle) {
             handle.link->run([&]() -> Task<> { co_await handle.link->trial().commit(); });
           })
      .def("parameters", &parameters)
      .def_property_readonly("now",
                             [](const TrialHandle& handle) {
                               Utc now{};
                               handle.act([&](rig::Trial& trial) { now = trial.clock().utc(); });
                               return datetime_of(now);
                             })
      .def_property_readonly("clause",
                             [](const TrialHandle& handle) {
                               std::string id;
                               handle.act([&](rig::Trial& trial) { id = trial.clause().id; });
                               return id;
                             })
      .def_property_readonly("attempt", [](const TrialHandle& handle) {
        int attempt = 0;
        handle.act([&](rig::Trial& trial) { attempt = trial.attempt(); });
        return attempt;
      });
}

}  // namespace

PythonProcedures::PythonProcedures(std::vector<std::shared_ptr<PythonProcedure>> all, Link::Stops stops)
    : all_(std::move(all)) {
  for (const auto& its : all_) {
    procedures_.push_back(std::make_unique<rig::Procedure>(procedure_of(its, stops)));
    own_.list.push_back(procedures_.back().get());
    own_.digests.push_back(its->digest);
  }
  add_standards();
}

rig::Procedure PythonProcedures::procedure_of(const std::shared_ptr<PythonProcedure>& its, const Link::Stops& stops) {
  const PythonProcedure* const procedure = its.get();
  rig::Procedure result;
  result.name = its->name;
  result.title_zh = its->title_zh;
  result.title_en = its->title_en;
  result.needs = its->needs;
  result.radio = radio_of(its->radio);
  result.run = [procedure, stops](rig::Trial& trial) {
    return run_on_its_thread(*procedure, std::make_shared<Link>(trial, stops));
  };
  result.estimate_s = [procedure](const plan::Clause&, const plan::DutFile&) { return procedure->estimate_s; };
  result.check = [procedure](const plan::Clause& clause, const plan::DutFile*) { check_bounds(*procedure, clause); };
  return result;
}

// One standard for each beginning of their ids: LAB-7 and LAB-8 are clauses of `lab`.
void PythonProcedures::add_standards() {
  std::map<std::string, json> standards;
  for (const auto& its : all_) {
    const json clause = json::parse(its->clause);
    std::string id = clause.at("id").get<std::string>();
    const std::string prefix = id.substr(0, id.find('-'));
    id = prefix;
    for (char& c : id) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    json& standard = standards[id];
    if (standard.is_null())
      standard = {{"id", id},
                  {"title", {{"zh", "实验室自定程序"}, {"en", "the laboratory's own procedures"}}},
                  {"edition", prefix + " (自定程序 own procedures)"},
                  {"status", "published"},
                  {"clauses", json::array()}};
    standard["clauses"].push_back(clause);
  }
  for (const auto& [id, document] : standards)
    own_.standards.push_back(meterrig::json::parse(document.dump(1), "procedures of " + id));
}

void bind_procedures(py::module_& module) {
  TrialClass type(module, "NativeTrial");
  bind_findings(type);
  bind_deeds(type);
  py::class_<PythonProcedure, std::shared_ptr<PythonProcedure>>(module, "NativeProcedure")
      .def(py::init([](const std::string& name, const std::string& title_zh, const std::string& title_en,
                       const std::vector<std::string>& needs, const std::string& radio, double estimate_s,
                       const std::vector<std::tuple<std::string, double, double>>& bounds, const std::string& clause,
                       const std::string& digest, const py::object& function) {
             return std::make_shared<PythonProcedure>(
                 PythonProcedure{name, title_zh, title_en, needs, radio, estimate_s, bounds, clause, digest, function});
           }),
           py::arg("name"), py::arg("title_zh"), py::arg("title_en"), py::arg("needs"), py::arg("radio"),
           py::arg("estimate_s"), py::arg("bounds"), py::arg("clause"), py::arg("digest"), py::arg("function"));
}

}  // namespace meterrig::python
