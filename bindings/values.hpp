#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "instruments/reading.hpp"
#include "instruments/waveform_uncertainty.hpp"

// Between C++ and Python: quantities with their units, times, errors.
namespace meterrig::python {

struct StationHandle;
namespace py = pybind11;

// A duration in seconds, from Python. ValueError for what is negative, no number, or beyond 100 years.
Duration duration_of(double seconds, const char* name);
// An instant as an aware datetime in UTC.
py::object datetime_of(Utc utc);
// A finite number; ValueError that names it else.
double finite(double value, const char* name);

// meterrig.Reading: a float that knows its unit (UCUM) and its uncertainty.
py::object reading_of(const Reading& reading, const char* unit);
py::object reading_of(double value, const Budget& budget);

// The class of meterrig.errors by its name.
py::object error_class(const char* name);
// Sets Python's error from the exception, as a class of meterrig.errors; the native one travels inside.
void set_python_error(const std::exception_ptr& error);
// The native exception that a Python error carries; null when it is none of ours.
std::exception_ptr native_error(const py::error_already_set& error);

void bind_values(py::module_& module);
void bind_waveforms(py::module_& module);
void bind_roles(py::module_& module, py::class_<StationHandle>& station);
void bind_air_roles(py::module_& module, py::class_<StationHandle>& station);
void bind_meter(py::module_& module, py::class_<StationHandle>& station);
void bind_script(py::module_& module);
void bind_procedures(py::module_& module);
void bind_runs(py::module_& module);
void bind_frames(py::module_& module);
void bind_tariffs(py::module_& module);

}  // namespace meterrig::python
