#include "bindings/roles.hpp"

#include <cmath>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/values.hpp"
#include "bindings/waveform.hpp"
#include "core/errors.hpp"

namespace meterrig::python {
namespace {

using SupplyHandle = RoleHandle<PowerSupply, &rig::Station::supply>;
using VoltmeterHandle = RoleHandle<Voltmeter, &rig::Station::voltmeter>;
using MicroammeterHandle = RoleHandle<CurrentMeter, &rig::Station::microammeter>;
using AmmeterHandle = RoleHandle<CurrentMeter, &rig::Station::ammeter>;
using PathHandle = RoleHandle<PathSwitch, &rig::Station::path>;
using UartHandle = RoleHandle<UartIsolation, &rig::Station::uart>;
using OpenerHandle = RoleHandle<Opener, &rig::Station::opener>;

constexpr double usual_interval_s = 0.001;
// A battery meter draws less; more must be asked for.
constexpr double usual_limit_a = 0.5;
// Rounded up to what a source can be set to.
constexpr double interval_step_s = 0.0001;

Task<> apply(PowerSupply& supply, double volts, double amperes) {
  co_await supply.set(volts, amperes);
  co_await supply.output(true);
}

void apply_supply(const SupplyHandle& handle, double volts, const std::optional<double>& current_limit) {
  finite(volts, "volts");
  if (current_limit) finite(*current_limit, "current_limit");
  handle.ask([&](PowerSupply& supply) {
    return apply(supply, volts, current_limit.value_or(std::min(usual_limit_a, supply.current_max())));
  });
}

std::string protection_word(PowerSupply::Protection protection) {
  switch (protection) {
    case PowerSupply::Protection::over_voltage:
      return "over_voltage";
    case PowerSupply::Protection::over_current:
      return "over_current";
    case PowerSupply::Protection::none:
      break;
  }
  return "none";
}

void bind_supply(py::module_& module) {
  py::class_<SupplyHandle>(module, "PowerSupply")
      .def("apply", &apply_supply, py::arg("volts"), py::arg("current_limit") = py::none())
      .def(
          "set_voltage",
          [](const SupplyHandle& handle, double volts) {
            finite(volts, "volts");
            handle.ask([&](PowerSupply& supply) { return supply.set_voltage(volts); });
          },
          py::arg("volts"))
      .def("off", [](const SupplyHandle& handle) { handle.ask([](PowerSupply& s) { return s.output(false); }); })
      .def("voltage",
           [](const SupplyHandle& handle) {
             return reading_of(handle.ask([](PowerSupply& s) { return s.voltage(); }), "V");
           })
      .def("current",
           [](const SupplyHandle& handle) {
             return reading_of(handle.ask([](PowerSupply& s) { return s.current(); }), "A");
           })
      .def(
          "protect",
          [](const SupplyHandle& handle, double over_voltage, double over_current) {
            finite(over_voltage, "over_voltage");
            finite(over_current, "over_current");
            handle.ask([&](PowerSupply& s) { return s.protect(over_voltage, over_current); });
          },
          py::arg("over_voltage"), py::arg("over_current"))
      .def_property_readonly("tripped",
                             [](const SupplyHandle& handle) {
                               return protection_word(handle.ask([](PowerSupply& s) { return s.tripped(); }));
                             })
      .def_property_readonly(
          "in_current_limit",
          [](const SupplyHandle& handle) { return handle.ask([](PowerSupply& s) { return s.in_current_limit(); }); })
      .def_property_readonly(
          "voltage_max",
          [](const SupplyHandle& handle) { return handle.look([](PowerSupply& s) { return s.voltage_max(); }); })
      .def_property_readonly("current_max", [](const SupplyHandle& handle) {
        return handle.look([](PowerSupply& s) { return s.current_max(); });
      });
}

void bind_voltmeter(py::module_& module) {
  py::class_<VoltmeterHandle>(module, "Voltmeter")
      .def("read",
           [](const VoltmeterHandle& handle) {
             return reading_of(handle.ask([](Voltmeter& v) { return v.voltage(); }), "V");
           })
      .def(
          "start_watch",
          [](const VoltmeterHandle& handle, double interval_s, double longest_s) {
            const Duration interval = duration_of(interval_s, "interval_s");
            const Duration longest = duration_of(longest_s, "longest_s");
            handle.ask([&](Voltmeter& v) { return v.start_watch(interval, longest); });
          },
          py::arg("interval_s"), py::arg("longest_s"))
      .def("stop_watch", [](const VoltmeterHandle& handle) {
        const Voltmeter::Watched seen = handle.ask([](Voltmeter& v) { return v.stop_watch(); });
        return py::module_::import("meterrig.station").attr("Watched")(seen.minimum, seen.mean, seen.maximum);
      });
}

struct Series {
  Duration interval;
  std::size_t points;
};

Series series_for(double length_s, const std::optional<double>& interval_s, std::size_t points_max) {
  const Duration length = duration_of(length_s, "seconds");
  double step_s = usual_interval_s;
  if (interval_s)
    step_s = to_seconds(duration_of(*interval_s, "interval_s"));
  else if (length_s / step_s > static_cast<double>(points_max))
    step_s = std::ceil(length_s / static_cast<double>(points_max) / interval_step_s) * interval_step_s;
  const Duration interval = seconds(step_s);
  if (interval <= Duration::zero() || length < interval)
    throw py::value_error("expected seconds of at least one interval, and an interval above 0");
  const auto points = static_cast<std::uint64_t>((length + interval / 2) / interval);
  if (points > points_max)
    throw UserError(
        fmt::format("{} samples of {:g} s each were asked for, and the instrument takes {} at most; take a "
                    "longer interval_s or fewer seconds",
                    points, to_seconds(interval), points_max));
  return {interval, static_cast<std::size_t>(points)};
}

Task<Waveform> take(CurrentMeter& meter, Series series, bool exact) {
  co_await meter.start(series.interval, series.points);
  co_return co_await meter.fetch(exact);
}

template <typename Handle>
RecordingPtr acquire(const Handle& handle, double length_s, const std::optional<double>& interval_s, bool exact) {
  auto recording = std::make_shared<Recording>();
  std::size_t points_max = 0;
  handle.look([&](CurrentMeter& meter) {
    points_max = meter.points_max();
    recording->accuracy = meter.accuracy();
    return true;
  });
  const Series series = series_for(length_s, interval_s, points_max);
  handle.station().caller->run([&]() -> Task<> {
    const Context context = co_await current_context{};
    recording->start = context.clock->utc();
    co_return;
  });
  recording->waveform = handle.ask([&](CurrentMeter& meter) { return take(meter, series, exact); });
  return recording;
}

template <typename Handle>
void bind_current_meter(py::module_& module, const char* name) {
  py::class_<Handle>(module, name)
      .def(
          "read",
          [](const Handle& handle) { return reading_of(handle.ask([](CurrentMeter& m) { return m.current(); }), "A"); })
      .def("acquire", &acquire<Handle>, py::arg("seconds"), py::kw_only(), py::arg("interval_s") = py::none(),
           py::arg("exact") = false)
      .def_property_readonly(
          "range_max", [](const Handle& handle) { return handle.look([](CurrentMeter& m) { return m.range_max(); }); })
      .def_property_readonly("points_max", [](const Handle& handle) {
        return handle.look([](CurrentMeter& m) { return m.points_max(); });
      });
}

PathSwitch::Position position_of(const std::string& word) {
  if (word == "off") return PathSwitch::Position::off;
  if (word == "microammeter") return PathSwitch::Position::microammeter;
  if (word == "ammeter") return PathSwitch::Position::ammeter;
  throw py::value_error(fmt::format("found path {:?}; expected \"off\", \"microammeter\" or \"ammeter\"", word));
}

std::string word_of(PathSwitch::Position position) {
  switch (position) {
    case PathSwitch::Position::microammeter:
      return "microammeter";
    case PathSwitch::Position::ammeter:
      return "ammeter";
    case PathSwitch::Position::off:
      break;
  }
  return "off";
}

void bind_switches(py::module_& module) {
  py::class_<PathHandle>(module, "PathSwitch")
      .def(
          "select",
          [](const PathHandle& handle, const std::string& path) {
            const auto position = position_of(path);
            handle.ask([&](PathSwitch& p) { return p.select(position); });
          },
          py::arg("path"))
      .def(
          "change_over",
          [](const PathHandle& handle, const std::string& path, double overlap_s) {
            const auto position = position_of(path);
            const Duration overlap = duration_of(overlap_s, "overlap_s");
            handle.ask([&](PathSwitch& p) { return p.change_over(position, overlap); });
          },
          py::arg("path"), py::arg("overlap_s") = 0.05)
      .def(
          "dummy",
          [](const PathHandle& handle, const std::string& path, bool connected) {
            const auto position = position_of(path);
            handle.ask([&](PathSwitch& p) { return p.dummy(position, connected); });
          },
          py::arg("path"), py::arg("connected"))
      .def_property_readonly("position", [](const PathHandle& handle) {
        return word_of(handle.look([](PathSwitch& p) { return p.position(); }));
      });
  py::class_<UartHandle>(module, "UartLink")
      .def("connect", [](const UartHandle& handle) { handle.ask([](UartIsolation& u) { return u.connect(true); }); })
      .def("release", [](const UartHandle& handle) { handle.ask([](UartIsolation& u) { return u.connect(false); }); })
      .def(
          "loopback",
          [](const UartHandle& handle, bool joined) {
            handle.ask([&](UartIsolation& u) { return u.loopback(joined); });
          },
          py::arg("joined"));
  py::class_<OpenerHandle>(module, "Opener").def("work", [](const OpenerHandle& handle) {
    handle.ask([](Opener& o) { return o.work(); });
  });
}

void bind_dut(py::module_& module) {
  using plan::DutFile;
  py::class_<DutFile>(module, "Dut")
      .def_readonly("model", &DutFile::model)
      .def_readonly("maker", &DutFile::maker)
      .def_readonly("serial", &DutFile::serial)
      .def_readonly("sample", &DutFile::sample)
      .def_readonly("meter", &DutFile::meter)
      .def_readonly("profile", &DutFile::profile)
      .def_readonly("address", &DutFile::address)
      .def_readonly("communication", &DutFile::communication)
      .def_readonly("nominal_voltage_v", &DutFile::nominal_voltage_v)
      .def_readonly("undervoltage_v", &DutFile::undervoltage_v)
      .def_readonly("minimum_voltage_v", &DutFile::minimum_voltage_v)
      .def_readonly("maximum_voltage_v", &DutFile::maximum_voltage_v)
      .def_readonly("wake_period_s", &DutFile::wake_period_s)
      .def_readonly("detection_latency_s", &DutFile::detection_latency_s)
      .def_readonly("valve_close_time_s", &DutFile::valve_close_time_s)
      .def_readonly("conversion", &DutFile::conversion)
      .def_property_readonly("pulse_volume_m3",
                             [](const DutFile& dut) -> py::object {
                               return dut.pulse_volume_m3.empty()
                                          ? py::none()
                                          : py::module_::import("decimal").attr("Decimal")(dut.pulse_volume_m3);
                             })
      .def_readonly("boot_time_s", &DutFile::boot_time_s)
      .def_readonly("file", &DutFile::file);
}

}  // namespace

void bind_roles(py::module_& module, StationClass& station) {
  bind_supply(module);
  bind_voltmeter(module);
  bind_current_meter<MicroammeterHandle>(module, "Microammeter");
  bind_current_meter<AmmeterHandle>(module, "Ammeter");
  bind_switches(module);
  bind_dut(module);
  add_role<SupplyHandle>(station, "power_supply");
  add_role<VoltmeterHandle>(station, "voltmeter");
  add_role<MicroammeterHandle>(station, "microammeter");
  add_role<AmmeterHandle>(station, "ammeter");
  add_role<PathHandle>(station, "path_switch");
  add_role<UartHandle>(station, "uart_link");
  add_role<OpenerHandle>(station, "opener");
}

}  // namespace meterrig::python
