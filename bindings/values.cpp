#include "bindings/values.hpp"

#include <cmath>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/caller.hpp"
#include "core/errors.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::python {
namespace {

constexpr double longest_s = 100 * 365.25 * 86400;

// An exception of the engine inside a Python one, so that it arrives as it was when a procedure lets it through.
struct NativeError {
  std::exception_ptr error;
};

// What lives as long as the interpreter: looked up once.
py::object cached(const char* module, const char* name, py::handle& slot) {
  if (!slot) slot = py::object(py::module_::import(module).attr(name)).release();
  return py::reinterpret_borrow<py::object>(slot);
}

py::object reading_class() {
  static py::handle slot;
  return cached("meterrig.quantity", "Reading", slot);
}

const char* class_of(const Error& error) {
  static constexpr std::pair<std::string_view, const char*> names[] = {{"link", "LinkError"},
                                                                       {"timeout", "TimeoutError"},
                                                                       {"closed", "ClosedError"},
                                                                       {"protocol", "ProtocolError"},
                                                                       {"instrument", "InstrumentError"},
                                                                       {"no_reading", "NoReading"},
                                                                       {"over_range", "OverRange"},
                                                                       {"read_back", "ReadBackError"},
                                                                       {"meter_refused", "MeterRefused"},
                                                                       {"foreign_reply", "ForeignReply"},
                                                                       {"user", "UserError"}};
  for (const auto& [kind, name] : names)
    if (kind == error.kind()) return name;
  return "Error";
}

// What an instrument or a user wrote may be no UTF-8.
py::object text_of(const std::string& bytes) {
  return py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "backslashreplace"));
}

void set_error(const char* name, const std::string& text, const Exchange& exchange, const std::exception_ptr& native) {
  const py::object type = error_class(name);
  py::object error = type(text_of(text));
  error.attr("instrument") = text_of(exchange.of);
  error.attr("command") = text_of(exchange.asked);
  error.attr("got") = text_of(exchange.got);
  error.attr("after_s") = to_seconds(exchange.after);
  error.attr("_native") = py::cast(NativeError{native});
  PyErr_SetObject(type.ptr(), error.ptr());
}

}  // namespace

Duration duration_of(double value, const char* name) {
  if (!std::isfinite(value) || value < 0 || value > longest_s)
    throw py::value_error(fmt::format("{} is {}; expected seconds, 0 or more", name, value));
  return seconds(value);
}

double finite(double value, const char* name) {
  if (std::isfinite(value)) return value;
  throw py::value_error(fmt::format("{} is {}; expected a finite number", name, value));
}

py::object datetime_of(Utc utc) {
  static py::handle from_nanoseconds;
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(utc.time_since_epoch());
  return cached("meterrig.quantity", "utc_time", from_nanoseconds)(since.count());
}

py::object reading_of(const Reading& reading, const char* unit) {
  return reading_class()(reading.value, unit, py::cast(reading));
}

py::object reading_of(double value, const Budget& budget) {
  return reading_class()(value, budget.unit(), py::cast(budget));
}

py::object error_class(const char* name) { return py::module_::import("meterrig.errors").attr(name); }

void set_python_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& failed) {
    set_error(class_of(failed), failed.what(), failed.exchange(), error);
  } catch (const Cancelled& stopped) {
    set_error("Stopped", stopped.reason(), {}, error);
  } catch (const WrongThread& wrong) {
    set_error("WrongThread", wrong.what(), {}, error);
  } catch (const RigClosed& closed) {
    set_error("RigClosed", closed.what(), {}, error);
  } catch (const rig::TrialEnded& ended) {
    set_error("Ended", ended.cause.text, {}, error);
  } catch (const std::invalid_argument& wrong) {
    PyErr_SetObject(PyExc_ValueError, text_of(wrong.what()).ptr());
  }
}

std::exception_ptr native_error(const py::error_already_set& error) {
  const py::object value = error.value();
  if (!value || !py::hasattr(value, "_native")) return nullptr;
  const py::object native = value.attr("_native");
  return py::isinstance<NativeError>(native) ? native.cast<NativeError>().error : nullptr;
}

void bind_values(py::module_& module) {
  py::class_<NativeError>(module, "NativeError");
  py::register_exception_translator([](std::exception_ptr error) {
    if (!error) return;
    set_python_error(error);
  });
  py::class_<Budget>(
      module, "Budget",
      "The uncertainty of one quantity: independent terms, combined as GUM 5.1.2 says, expanded with k = 2.")
      .def_property_readonly("unit", &Budget::unit, "Of the quantity, UCUM.")
      .def_property_readonly("expanded", &Budget::expanded, "U with k = 2, in `unit`.")
      .def_property_readonly("combined", &Budget::combined, "Combined standard uncertainty, in `unit`.")
      .def_property_readonly("exact", &Budget::exact, "Whether it has no terms: the quantity is counted, or exact.")
      .def(
          "scaled",
          [](const Budget& budget, const std::string& unit, double factor) {
            return budget.in(unit, finite(factor, "factor"));
          },
          "That of the same quantity in another unit, whose numbers are `factor` times those of this one.")
      .def_property_readonly(
          "terms",
          [](const Budget& budget) {
            py::list all;
            for (const BudgetTerm& term : budget.terms())
              all.append(py::make_tuple(term.name, word(term.distribution), term.spread, term.unit, term.sensitivity));
            return all;
          },
          "(name, \"rectangular\" or \"normal\", spread, unit of the spread, sensitivity) each. The spread is the half "
          "width of a rectangle, or the standard deviation of a normal distribution.");
  py::class_<Reading>(module, "NativeReading").def("budget", &Reading::budget);
}

}  // namespace meterrig::python
