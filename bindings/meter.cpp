#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/roles.hpp"
#include "bindings/values.hpp"
#include "meters/telegram.hpp"

// The sample's own meter, over its UART.
namespace meterrig::python {
namespace {

using MeterHandle = RoleHandle<Cjt188Meter, &rig::Station::meter>;

// (name, value as text or empty, unit, departures) of each item.
py::list read(const MeterHandle& handle, const std::vector<std::string>& items) {
  const std::vector<MeterReading> all = handle.ask([&](Cjt188Meter& m) { return m.readings(items); });
  py::list result;
  for (const MeterReading& one : all) result.append(py::make_tuple(one.name, one.value, one.unit, one.departures));
  return result;
}

py::dict status_of(const MeterStatus& status) {
  const char* const valve = status.valve == MeterStatus::Valve::open     ? "open"
                            : status.valve == MeterStatus::Valve::closed ? "closed"
                                                                         : "faulty";
  py::dict result;
  result["valve"] = valve;
  result["undervoltage"] = status.undervoltage;
  result["awaiting_manual_action"] = status.awaiting_manual_action;
  return result;
}

}  // namespace

void bind_meter(py::module_& module, StationClass& station) {
  py::class_<MeterHandle>(module, "NativeMeter")
      .def("readings", &read, py::arg("items"))
      .def(
          "write_now",
          [](const MeterHandle& handle, const std::string& item, const std::string& value) {
            handle.ask([&](Cjt188Meter& m) { return m.write(item, value); });
          },
          py::arg("item"), py::arg("value"))
      .def("status",
           [](const MeterHandle& handle) { return status_of(handle.ask([](Cjt188Meter& m) { return m.status(); })); })
      .def("authorise_opening",
           [](const MeterHandle& handle) {
             return status_of(handle.ask([](Cjt188Meter& m) { return m.authorise_opening(); }));
           })
      .def("close_valve",
           [](const MeterHandle& handle) {
             return status_of(handle.ask([](Cjt188Meter& m) { return m.close_valve(); }));
           })
      .def(
          "answers",
          [](const MeterHandle& handle, double timeout_s) {
            const Duration timeout = duration_of(timeout_s, "timeout_s");
            return handle.ask([&](Cjt188Meter& m) { return m.answers(timeout); });
          },
          py::arg("timeout_s") = 2.0)
      .def("find_address",
           [](const MeterHandle& handle) { return handle.ask([](Cjt188Meter& m) { return m.find_address(); }); })
      .def_property_readonly("items", [](const MeterHandle& handle) {
        return handle.look([](Cjt188Meter& m) {
          std::vector<std::string> names;
          for (const auto& [name, item] : m.profile().items()) names.push_back(name);
          return names;
        });
      });
  station.def_property_readonly("native_meter", [](const StationHandle& handle) { return MeterHandle(handle); });
}

}  // namespace meterrig::python
