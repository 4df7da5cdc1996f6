#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "bindings/caller.hpp"

// What every role of a station has in common in Python.
namespace meterrig::python {

// A role of a station. `get` finds its driver, within a job.
template <typename Role, Role& (rig::Station::*get)()>
class RoleHandle {
 public:
  explicit RoleHandle(StationHandle station) : station_(std::move(station)) {}

  template <typename Make>
  auto ask(Make make) const {
    return station_.ask([&](rig::Station& station) { return make((station.*get)()); });
  }
  template <typename Look>
  auto look(Look look) const {
    return station_.look([&](rig::Station& station) { return look((station.*get)()); });
  }
  const StationHandle& station() const noexcept { return station_; }

 private:
  StationHandle station_;
};

using StationClass = pybind11::class_<StationHandle>;

// Adds the roles to a station's class, each as a property with the name that rig files have for it.
template <typename Handle>
void add_role(StationClass& station, const char* role) {
  station.def_property_readonly(role, [](const StationHandle& handle) { return Handle(handle); });
}

}  // namespace meterrig::python
